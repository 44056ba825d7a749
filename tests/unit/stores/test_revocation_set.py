"""What is held of the log, after any events, is what a plain reading of the log says."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.claims import Claims, parse_claims
from contract.rate_plans import PLANS
from infra.stores.revocations.events import START, Event, EventKind, EventPage, encode_page, parse_page, parse_position
from infra.stores.revocations.revocation_set import RevocationSet
from tests.unit.authz.asking import CLAIMS

NOW_S = 1_000
CALLER = parse_claims(CLAIMS)
assert isinstance(CALLER, Claims)
TARGETS = ("a", "b")


def caller(target: str = "a", issued_at_s: int = 0) -> Claims:
    """Everything of it has the same name, so that each kind of event can meet it."""
    assert isinstance(CALLER, Claims)
    return replace(CALLER, jti=target, subject=target, business=target, issued_at_s=issued_at_s)


def events(*kinds: tuple[EventKind, str | None, int | None]) -> list[Event]:
    return [Event(n, "m", kind, "a", NOW_S, value, end) for n, (kind, value, end) in enumerate(kinds, 1)]


def held(given: list[Event], now_s: int = NOW_S) -> RevocationSet:
    found = RevocationSet()
    for event in given:
        found.apply(event)
        found.expire(now_s)
    return found


def test_a_token_is_revoked_by_its_jti_and_no_other_is() -> None:
    after = held(events((EventKind.TOKEN, None, None)))
    assert after.is_revoked(replace(caller(), subject="b"))
    assert not after.is_revoked(replace(caller(), jti="b"))


@pytest.mark.parametrize(("issued_at_s", "revoked"), [(NOW_S - 1, True), (NOW_S, True), (NOW_S + 1, False)])
def test_a_subjects_tokens_are_revoked_up_to_the_second_of_the_revocation(issued_at_s: int, revoked: bool) -> None:
    after = held(events((EventKind.SUBJECT, None, None)))
    assert after.is_revoked(replace(caller(issued_at_s=issued_at_s), jti="b")) is revoked


def test_a_later_revocation_of_a_subject_never_gives_back_what_an_earlier_one_took() -> None:
    later, earlier = (Event(n, "m", EventKind.SUBJECT, "a", at_s) for n, at_s in ((1, 50), (2, 40)))
    assert held([later, earlier]).is_revoked(replace(caller(issued_at_s=50), jti="b"))


def test_a_keys_tokens_are_withdrawn_whatever_they_say_and_no_others() -> None:
    after = held(events((EventKind.KEY, None, None)))
    assert (after.is_key_revoked("a"), after.is_key_revoked("b")) == (True, False)
    assert not after.is_revoked(caller())


def test_a_suspension_lasts_until_it_is_taken_back() -> None:
    suspended = (EventKind.SUSPEND, None, None)
    assert held(events(suspended)).is_suspended("a")
    assert not held(events(suspended)).is_suspended("b")
    assert not held(events(suspended, (EventKind.RESUME, None, None))).is_suspended("a")
    assert held(events(suspended, (EventKind.RESUME, None, None), suspended)).is_suspended("a")


def test_the_last_override_holds_until_it_is_taken_back() -> None:
    starter, scale = (EventKind.PLAN, "starter", None), (EventKind.PLAN, "scale", None)
    assert held(events(starter, scale)).plan_of("a") is PLANS["scale"]
    assert held(events(starter)).plan_of("b") is None
    assert held(events(starter, (EventKind.PLAN, None, None))).plan_of("a") is None


@pytest.mark.parametrize("kind", [EventKind.TOKEN, EventKind.SUBJECT, EventKind.KEY, EventKind.SUSPEND])
def test_what_has_expired_is_forgotten_and_not_before(kind: EventKind) -> None:
    given = events((kind, None, NOW_S + 10))
    assert len(held(given, NOW_S + 9)) == 1
    assert len(held(given, NOW_S + 10)) == 0


def test_an_end_that_was_replaced_ends_nothing() -> None:
    given = events((EventKind.PLAN, "starter", NOW_S + 10), (EventKind.PLAN, "scale", None))
    assert held(given, NOW_S).plan_of("a") is PLANS["scale"]
    after = held(given)
    after.expire(NOW_S + 11)
    assert after.plan_of("a") is PLANS["scale"]


def test_of_another_log_tokens_stay_revoked_and_businesses_begin_anew() -> None:
    ends = ((EventKind.TOKEN, None, None), (EventKind.KEY, None, None))
    before = held(events(*ends, (EventKind.SUSPEND, None, None), (EventKind.PLAN, "scale", None)))
    kept = before.carry_over()
    assert (kept.is_revoked(caller()), kept.is_key_revoked("a")) == (True, True)
    assert (kept.is_suspended("a"), kept.plan_of("a")) == (False, None)
    kept.apply(Event(1, "m", EventKind.TOKEN, "b", NOW_S))
    assert not before.is_revoked(caller("b"))


KINDS = st.sampled_from(list(EventKind))
STEPS = st.tuples(KINDS, st.sampled_from(TARGETS), st.sampled_from([None, *PLANS]), st.none() | st.integers(1, 40))


@given(st.lists(STEPS, max_size=30), st.integers(0, 45))
def test_after_any_events_it_says_what_a_plain_reading_of_the_log_says(steps: list, now_s: int) -> None:
    log = [
        Event(n, "m", kind, target, at_s=n, value=plan if kind is EventKind.PLAN else None, expires_at_s=end)
        for n, (kind, target, plan, end) in enumerate(steps, 1)
    ]
    found = held(log, now_s)

    def last(target: str, *kinds: EventKind) -> Event | None:
        named = [event for event in log if event.target == target and event.kind in kinds]
        return named[-1] if named and (named[-1].expires_at_s or now_s + 1) > now_s else None

    for target in TARGETS:
        suspension, plan = last(target, EventKind.SUSPEND, EventKind.RESUME), last(target, EventKind.PLAN)
        assert found.is_suspended(target) is (suspension is not None and suspension.kind is EventKind.SUSPEND)
        assert found.plan_of(target) is (PLANS[plan.value] if plan and plan.value else None)
        assert found.is_key_revoked(target) is (last(target, EventKind.KEY) is not None)
        subject = last(target, EventKind.SUBJECT)
        revoked = last(target, EventKind.TOKEN) is not None or (subject is not None and subject.at_s >= 10)
        assert found.is_revoked(caller(target, issued_at_s=10)) is revoked


def test_a_page_survives_the_wire() -> None:
    page = EventPage(tuple(events((EventKind.PLAN, "scale", None), (EventKind.TOKEN, None, 7))), at_head=True)
    assert parse_page(encode_page(page)) == page


GOOD_EVENT = {"sequence": 1, "mark": "m", "kind": "token", "target": "a", "at_s": 1}


def a_page(**changes: object) -> bytes:
    return json.dumps({"at_head": True, "events": [GOOD_EVENT | changes]}).encode()


NO_PAGES = {
    "nothing": b"",
    "no object": b"[]",
    "a page that leads nowhere": b"{}",
    "a kind of event that is not known": a_page(kind="grant"),
    "a plan that is not known": a_page(kind="plan", value="free"),
    "an event with a member that is not known": a_page(unless=1),
    "a number that is none": a_page(sequence="1"),
}


@pytest.mark.parametrize("body", NO_PAGES.values(), ids=NO_PAGES.keys())
def test_is_no_page(body: bytes) -> None:
    assert parse_page(a_page()).at_head
    with pytest.raises(ValueError):
        parse_page(body)


def test_a_position_is_a_number_and_a_mark() -> None:
    [event] = events((EventKind.TOKEN, None, None))
    assert parse_position(event.position) == (1, "m")
    assert parse_position(START) == (0, "")
    for text in ("", "x", "-1", "1x-m", "٣-m", "9" * 19):
        with pytest.raises(ValueError):
            parse_position(text)
