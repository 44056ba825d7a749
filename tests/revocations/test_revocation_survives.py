"""Revocations while parts are away: the store, the authorization server, everything."""

import time
from collections.abc import Callable

from infra.stores.revocations.events import EventKind
from tests.faults.conftest import Parts
from tests.faults.matrix import note
from tests.revocations.conftest import MAX_AGE_S, Caller, Log, until_all
from tests.support.stack import Stack
from tests.support.waiting import waited

REACH_S = 1.0
RESTARTED_S = 30.0
ADMITTED = (200, "")
REVOKED = (401, "invalid-token")
SUSPENDED = (403, "business-suspended")
OVERLOADED = (503, "overloaded")

NewCaller = Callable[..., Caller]


def decisions_until(caller: Caller, expected: tuple[int, str]) -> set[tuple[int, str]]:
    """What was decided until every authz decides so. One whose feed is not back decides nothing, and says that."""
    seen: set[tuple[int, str]] = set()

    def look() -> tuple[int, str]:
        seen.add(told := caller.answer())
        return told

    until_all(look, expected, within_s=RESTARTED_S)
    return seen - {OVERLOADED}


def test_a_revocation_needs_no_valkey(aging: Stack, log: Log, new_caller: NewCaller) -> None:
    caller = new_caller()
    assert caller.answer() == ADMITTED
    with Parts(aging).dead("valkey"):
        log.tell(EventKind.TOKEN, caller.jti)
        caller.until(REVOKED, within_s=REACH_S)
    waited(lambda: aging.client().get("/readyz").status_code == 200, "everything to be back")


def test_what_was_revoked_and_suspended_is_so_after_a_restart_of_everything(
    aging: Stack, log: Log, new_caller: NewCaller
) -> None:
    revoked, suspended, good = new_caller(), new_caller(tenant=77), new_caller()
    log.tell(EventKind.TOKEN, revoked.jti)
    log.tell(EventKind.SUSPEND, suspended.claims["business_id"])
    revoked.until(REVOKED, within_s=REACH_S)
    suspended.until(SUSPENDED, within_s=REACH_S)
    aging.restart()
    # From the first decision on: there is no moment at which it passes.
    assert decisions_until(revoked, REVOKED) == {REVOKED}
    assert decisions_until(suspended, SUSPENDED) == {SUSPENDED}
    good.until(ADMITTED, within_s=REACH_S)


def test_without_the_authorization_server_tokens_go_on_until_the_age_and_then_503(
    aging: Stack, log: Log, new_caller: NewCaller
) -> None:
    good, revoked = new_caller(), new_caller()
    log.tell(EventKind.TOKEN, revoked.jti)
    revoked.until(REVOKED, within_s=REACH_S)
    with Parts(aging).dead("oauth"):
        gone_s = time.monotonic()
        assert (good.answer(), revoked.answer()) == (ADMITTED, REVOKED)
        good.until(OVERLOADED, within_s=2 * MAX_AGE_S)
        assert time.monotonic() - gone_s >= MAX_AGE_S / 2
        answer = good.ask()
        assert (answer.headers["Retry-After"], answer.json()["retryable"]) == ("1", True)
        assert revoked.answer() == OVERLOADED
        later = new_caller()
        log.tell(EventKind.TOKEN, later.jti)
    good.until(ADMITTED, within_s=RESTARTED_S)
    later.until(REVOKED, within_s=REACH_S)
    for name in ("authz-1", "authz-2"):
        assert '"event":"revocation feed lost"' in aging.log(name)
        assert '"event":"revocation feed is back"' in aging.log(name)
    note("authorization server", f"dead for more than {MAX_AGE_S} s", "200, then 503 overloaded, then 200 again")
