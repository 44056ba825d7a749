"""Signing keys move on with time: published before they sign and after, and never two turns at once."""

from dataclasses import replace

import pytest

from oauth.keys.key_ring import (
    KEPT_S,
    STAGED_AT_LEAST_S,
    KeyRow,
    Purpose,
    Rows,
    State,
    published,
    rotate,
    signing,
    withdraw,
)

NOW_S = 1_900_000_000
ONLY = KeyRow("first", "signing.pem", "ES256", Purpose.ANY, created_s=0, activate_at_s=0)


def staged(kid: str, purpose: Purpose, created_s: int = NOW_S) -> KeyRow:
    return KeyRow(kid, f"{kid}.pem", "ES256", purpose, created_s=created_s)


def turned(rows: Rows | str) -> Rows:
    assert isinstance(rows, tuple), rows
    return rows


def kid_for(rows: Rows, purpose: Purpose, now_s: int) -> str | None:
    row = signing(rows, purpose, now_s)
    return row.kid if row else None


def states(rows: Rows, now_s: int) -> dict[str, State]:
    return {row.kid: row.state(now_s) for row in rows}


def test_the_first_key_signs_everything() -> None:
    assert [kid_for((ONLY,), purpose, NOW_S) for purpose in (Purpose.ACCESS, Purpose.PAT)] == ["first", "first"]


def test_a_staged_key_is_published_and_does_not_sign() -> None:
    rows = (ONLY, staged("second", Purpose.ACCESS))
    assert {row.kid for row in published(rows, NOW_S)} == {"first", "second"}
    assert kid_for(rows, Purpose.ACCESS, NOW_S + STAGED_AT_LEAST_S) == "first"


def test_a_turn_is_refused_until_everybody_has_heard_of_the_key() -> None:
    rows = (ONLY, staged("second", Purpose.ACCESS))
    early = rotate(rows, Purpose.ACCESS, now_s=NOW_S + STAGED_AT_LEAST_S - 1)
    assert isinstance(early, str) and "too late" in early
    assert isinstance(rotate(rows, Purpose.ACCESS, now_s=NOW_S + STAGED_AT_LEAST_S), tuple)


def test_a_turn_without_a_staged_key_is_refused() -> None:
    assert isinstance(rotate((ONLY,), Purpose.ACCESS, now_s=NOW_S), str)
    assert isinstance(rotate((ONLY, staged("p", Purpose.PAT, 0)), Purpose.ACCESS, now_s=NOW_S), str)


def test_a_turn_is_of_one_purpose() -> None:
    rows = turned(rotate((ONLY, staged("second", Purpose.ACCESS, 0)), Purpose.ACCESS, now_s=NOW_S))
    assert (kid_for(rows, Purpose.ACCESS, NOW_S), kid_for(rows, Purpose.PAT, NOW_S)) == ("second", "first")
    assert states(rows, NOW_S) == {"first": State.CURRENT, "second": State.CURRENT}


def test_the_key_before_stays_published_until_the_last_token_that_it_signed_has_expired() -> None:
    rows = turned(rotate((ONLY, staged("a", Purpose.ACCESS, 0)), Purpose.ACCESS, now_s=NOW_S - 1))
    rows = turned(rotate((*rows, staged("b", Purpose.ACCESS, 0)), Purpose.ACCESS, now_s=NOW_S))
    ends_s = NOW_S + KEPT_S[Purpose.ACCESS]
    assert KEPT_S[Purpose.ACCESS] >= 15 * 60
    assert states(rows, ends_s - 1)["a"] is State.RETIRED
    assert "a" in {row.kid for row in published(rows, ends_s - 1)}
    assert states(rows, ends_s)["a"] is State.REMOVED
    assert "a" not in {row.kid for row in published(rows, ends_s)}


def test_the_first_key_retires_once_both_purposes_have_their_own_and_stays_as_long_as_a_pat() -> None:
    rows = (ONLY, staged("a", Purpose.ACCESS, 0), staged("p", Purpose.PAT, 0))
    for purpose in (Purpose.ACCESS, Purpose.PAT):
        rows = turned(rotate(rows, purpose, now_s=NOW_S))
    assert states(rows, NOW_S)["first"] is State.RETIRED
    assert "first" in {row.kid for row in published(rows, NOW_S + 366 * 24 * 3600)}


def test_a_withdrawn_key_is_gone_at_once_and_a_staged_one_takes_over() -> None:
    rows = turned(rotate((ONLY, staged("a", Purpose.ACCESS, 0)), Purpose.ACCESS, now_s=NOW_S))
    left = turned(withdraw((*rows, staged("b", Purpose.ACCESS)), "a", now_s=NOW_S))
    assert "a" not in {row.kid for row in published(left, NOW_S)}
    assert kid_for(left, Purpose.ACCESS, NOW_S) == "first", "which is one for any purpose"
    alone = turned(withdraw((*left, staged("p", Purpose.PAT)), "first", now_s=NOW_S))
    assert (kid_for(alone, Purpose.ACCESS, NOW_S), kid_for(alone, Purpose.PAT, NOW_S)) == ("b", "p")


def test_nothing_is_withdrawn_that_nobody_could_stand_in_for() -> None:
    assert isinstance(withdraw((ONLY,), "first", now_s=NOW_S), str)
    assert isinstance(withdraw((ONLY, staged("a", Purpose.ACCESS)), "first", now_s=NOW_S), str)


@pytest.mark.parametrize("kid", ["unknown", ""])
def test_no_other_key_is_withdrawn(kid: str) -> None:
    assert isinstance(withdraw((ONLY,), kid, now_s=NOW_S), str)


def test_a_key_that_is_gone_is_not_withdrawn_again() -> None:
    gone = replace(ONLY, kid="gone", remove_at_s=NOW_S)
    assert isinstance(withdraw((ONLY, gone), "gone", now_s=NOW_S), str)
