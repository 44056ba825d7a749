"""Requests that a fuzzer found worth keeping, and the ones that it began with: each is read as it must be."""

from pathlib import Path

import pytest

from infra.httpserver.arriving import Counted
from tests.fuzz.asks import Caller, judge
from tests.fuzz.corpus import known
from tests.servers.asked import FIVE, GET, POST

KEPT = known(Path(__file__).with_name("http_request.corpus"))


def test_those_that_were_kept_are_read_as_they_must_be() -> None:
    outcomes = [judge(data) for data in KEPT]
    assert {gave_up for _, gave_up in outcomes} == {True, False}
    assert {0, 1, 2} <= {answered for answered, _ in outcomes}


def test_the_judge_sees_a_reading_that_depends_on_the_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Counted, "feed", lambda self, data: setattr(self, "ended", True) or data)
    with pytest.raises(AssertionError):
        judge(b"\x03" + POST + FIVE)


def test_head_and_body_leave_in_one_write() -> None:
    caller = Caller(leaves_body=False).feed(GET + b"\r\n", POST + FIVE)
    assert caller.writes == len(caller.seen) == 2
