"""A token's end that was told ahead: it comes at its second, by itself, once, and survives a restart."""

from pathlib import Path

import pytest

from infra.stores.revocations import snapshot
from infra.stores.revocations.events import Event, EventKind, parse_page
from infra.stores.revocations.revocation_set import Entries, RevocationSet
from tests.unit.stores.test_revocation_set import caller

TOLD_S, FROM_S, EXPIRES_S = 1_000, 1_060, 5_000
AHEAD = Event(1, "m", EventKind.TOKEN, "a", TOLD_S, str(FROM_S), EXPIRES_S)
AT_ONCE = Event(2, "m", EventKind.TOKEN, "a", TOLD_S, None, EXPIRES_S)


@pytest.mark.parametrize(("now_s", "ended"), [(TOLD_S, False), (FROM_S - 1, False), (FROM_S, True), (FROM_S + 9, True)])
def test_it_comes_at_its_second(now_s: int, ended: bool) -> None:
    held = RevocationSet()
    held.apply(AHEAD)
    held.expire(now_s)
    assert held.is_revoked(caller()) is ended


def test_one_that_came_is_forgotten_when_the_token_has_expired() -> None:
    held = RevocationSet()
    for _ in range(2):  # what follows a position may come again
        held.apply(AHEAD)
    for now_s in (FROM_S, EXPIRES_S - 1):
        held.expire(now_s)
        assert held.is_revoked(caller())
    held.expire(EXPIRES_S)
    assert held.entries == Entries()


def test_an_end_at_once_is_not_put_off_by_one_that_was_told_ahead() -> None:
    held = RevocationSet()
    held.apply(AHEAD)
    held.apply(AT_ONCE)
    held.expire(TOLD_S)
    assert held.is_revoked(caller())
    held.expire(FROM_S)
    assert held.is_revoked(caller())


def test_it_outlives_a_restart_and_another_log(tmp_path: Path) -> None:
    held = RevocationSet()
    held.apply(AHEAD)
    file = tmp_path / "held.json"
    snapshot.save(file, snapshot.encode(snapshot.Snapshot("1-m", held.entries)), float(TOLD_S))
    found = snapshot.load(file)
    assert found is not None
    for again in (RevocationSet(found[0].entries), held.carry_over()):
        again.expire(FROM_S - 1)
        assert not again.is_revoked(caller())
        again.expire(FROM_S)
        assert again.is_revoked(caller())


def test_an_end_at_no_instant_is_not_understood() -> None:
    garbled = (
        b'{"events":[{"sequence":1,"mark":"m","kind":"token","target":"a","at_s":1,"value":"soon"}],"at_head":true}'
    )
    with pytest.raises(ValueError, match="no instant"):
        parse_page(garbled)
