"""What is revoked, suspended or put on another plan, through TLS, Envoy and authz, as a client sees it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from infra.stores.revocations.events import EventKind
from tests.faults.conftest import Parts
from tests.revocations.conftest import Caller, Log, until_all
from tests.support.problems import assert_problem
from tests.support.stack import Stack
from tests.support.waiting import waited

REACH_S = 1.0
"""The contract's bound; `python -m benchmarks.revocation_latency` tells what it takes."""
ADMITTED = (200, "")
REVOKED = (401, "invalid-token")
SUSPENDED = (403, "business-suspended")

NewCaller = Callable[..., Caller]


def denied_by(stack: Stack, jti: str) -> set[str]:
    """Which authz have written that they refused that token."""
    return {name for name in ("authz-1", "authz-2") if jti in stack.log(name)}


@contextmanager
def spare_asked(by: Caller) -> Iterator[None]:
    """The first authz hangs; it is asked again, by that caller, before this is over."""
    stack = by.stack
    with Parts(stack).hung("authz", 1):
        yield
    told = stack.log("authz-1").count(by.jti)
    waited(lambda: bool(by.answer()) and stack.log("authz-1").count(by.jti) > told, "the first authz to be asked again")


KINDS = {
    "a token by its jti": (EventKind.TOKEN, "jti", REVOKED),
    "all of a subject's": (EventKind.SUBJECT, "sub", REVOKED),
    "a business": (EventKind.SUSPEND, "business_id", SUSPENDED),
}


@pytest.mark.parametrize(("kind", "claim", "refused"), KINDS.values(), ids=KINDS.keys())
def test_a_revocation_reaches_both_authz_of(
    aging: Stack, log: Log, new_caller: NewCaller, kind: EventKind, claim: str, refused: tuple[int, str]
) -> None:
    caller = new_caller()
    neighbour = new_caller(sub=caller.claims["sub"])
    assert (caller.answer(), neighbour.answer()) == (ADMITTED, ADMITTED)
    target = caller.claims[claim]
    try:
        told_s = log.tell(kind, target)
        assert caller.until(refused, within_s=REACH_S) - told_s < REACH_S
        with spare_asked(caller):
            assert caller.decided() == refused
        assert denied_by(aging, caller.jti) == {"authz-1", "authz-2"}
        assert neighbour.answer() == (ADMITTED if kind is EventKind.TOKEN else refused)
    finally:
        if kind is EventKind.SUSPEND:
            log.tell(EventKind.RESUME, target)
            new_caller().until(ADMITTED, within_s=REACH_S)


def test_the_answers_say_what_happened_and_cost_nothing(aging: Stack, log: Log, new_caller: NewCaller) -> None:
    revoked, suspended = new_caller(), new_caller(tenant=78)
    log.tell(EventKind.TOKEN, revoked.jti)
    log.tell(EventKind.SUSPEND, suspended.claims["business_id"])
    revoked.until(REVOKED, within_s=REACH_S)
    suspended.until(SUSPENDED, within_s=REACH_S)
    answer = revoked.ask()
    body = assert_problem(answer, "invalid-token", decided=False, api_url=aging.api_url)
    assert body["reason"] == "revoked"
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    assert "x-ratelimit-limit" not in answer.headers
    answer = suspended.ask()
    assert answer.json()["instance"] == f"/v1/requests/{answer.headers['X-Request-Id']}"
    assert "x-ratelimit-limit" not in answer.headers


def test_a_subjects_next_token_is_good_once_the_second_of_the_revocation_is_over(
    aging: Stack, log: Log, new_caller: NewCaller
) -> None:
    before = new_caller()
    now_s = int(time.time())
    log.tell(EventKind.SUBJECT, before.claims["sub"])
    before.until(REVOKED, within_s=REACH_S)
    assert new_caller(sub=before.claims["sub"], iat=now_s).answer() == REVOKED
    assert new_caller(sub=before.claims["sub"], iat=now_s + 2).answer() == ADMITTED


def test_a_business_that_is_resumed_is_served_again(log: Log, new_caller: NewCaller) -> None:
    caller = new_caller()
    business = caller.claims["business_id"]
    log.tell(EventKind.SUSPEND, business)
    caller.until(SUSPENDED, within_s=REACH_S)
    log.tell(EventKind.RESUME, business)
    caller.until(ADMITTED, within_s=REACH_S)


def test_an_override_acts_on_limits_and_is_told_until_it_is_taken_back(log: Log, new_caller: NewCaller) -> None:
    caller = new_caller(tenant=2, user=21)
    business = caller.claims["business_id"]

    def limit() -> str:
        return caller.ask().headers["X-RateLimit-Limit"]

    assert limit() == "200"
    log.tell(EventKind.PLAN, business, "starter")
    until_all(limit, "50", within_s=REACH_S)
    assert caller.client.get("/v1/me").json()["data"]["business"]["plan"] == "starter"
    log.tell(EventKind.PLAN, business)
    until_all(limit, "200", within_s=REACH_S)


_BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def respelled(token: str) -> list[str]:
    """Other texts of one JWT: the last character of an ES256 signature has four bits that mean nothing."""
    head, payload, signature = token.split(".")
    place = _BASE64URL.index(signature[-1])
    return [f"{head}.{payload}.{signature[:-1]}{_BASE64URL[place ^ flipped]}" for flipped in (1, 2, 4, 8)]


def test_a_revoked_token_stays_revoked_however_it_is_spelled(log: Log, new_caller: NewCaller, aging: Stack) -> None:
    caller = new_caller()
    spellings = respelled(caller.client.headers["Authorization"].removeprefix("Bearer "))

    def answers() -> list[int]:
        found = []
        for text in spellings:
            with aging.client(text) as client:
                found += [client.get("/v1/requests?idempotency_key=none").status_code for _ in range(3)]
        return found

    accepted = [text for text, status in zip(spellings, answers()[::3], strict=True) if status == 200]
    assert accepted, "the edge takes no other spelling any more: this test shows nothing"
    log.tell(EventKind.TOKEN, caller.jti)
    caller.until(REVOKED, within_s=REACH_S)
    assert set(answers()) == {401}


def test_the_runners_commands_do_all_of_it(aging: Stack, new_caller: NewCaller) -> None:
    caller = new_caller(tenant=2)
    business = caller.claims["business_id"]
    assert aging.local("suspend", "--business", "2") == f"suspend {business} (business 2): event {_last(aging)}\n"
    caller.until(SUSPENDED, within_s=REACH_S)
    aging.local("resume", "--business", business)
    caller.until(ADMITTED, within_s=REACH_S)
    aging.local("plan", "--business", "2", "--plan", "starter")
    until_all(lambda: caller.ask().headers["X-RateLimit-Limit"], "50", within_s=REACH_S)
    aging.local("plan", "--business", "2")
    aging.local("revoke", "--jti", caller.jti)
    caller.until(REVOKED, within_s=REACH_S)
    shown = aging.local("revocations")
    assert caller.jti in shown
    assert f"suspend  {business}" not in shown
    assert f"suspend  {business}" in aging.local("revocations", "--all", "1")


def _last(stack: Stack) -> int:
    """The number of the last event, as the log says it itself."""
    return int(stack.local("revocations", "--all", "1").splitlines()[-1].split()[-1])
