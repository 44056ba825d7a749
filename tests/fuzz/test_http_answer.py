"""Answers that a fuzzer found worth keeping, and the ones that it began with: each is read as it must be."""

from pathlib import Path

import pytest

from infra.httpclient.errors import ConnectionDropped, InvalidResponse
from infra.httpclient.response_parser import Reply, ResponseParser
from tests.fuzz.answers import judge
from tests.fuzz.corpus import known

KEPT = known(Path(__file__).with_name("http_answer.corpus"))


def test_those_that_were_kept_are_read_as_they_must_be() -> None:
    outcomes = [judge(data) for data in KEPT]
    assert {outcome if isinstance(outcome, type) else Reply for outcome in outcomes} == {
        Reply,
        ConnectionDropped,
        InvalidResponse,
    }


def test_the_judge_sees_a_reading_that_depends_on_the_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ResponseParser, "_keep", lambda self, part: self._body.__init__(part))
    with pytest.raises(AssertionError):
        judge(b"\x03HTTP/1.1 200 OK\r\n\r\nhello")
