"""What is held of the log, after any events, is what a plain reading of the log says."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.claims import Claims, read_claims
from contract.limits import PLANS
from stores.revocations.events import START, Event, Kind, Page, read_page, read_position, write_page
from stores.revocations.held import RevocationSet
from tests.unit.authz.asking import CLAIMS

NOW_S = 1_000
CALLER = read_claims(CLAIMS)
assert isinstance(CALLER, Claims)
TARGETS = ("a", "b")


def caller(target: str = "a", issued_at_s: int = 0) -> Claims:
    """Everything of it has the same name, so that each kind of event can meet it."""
    assert isinstance(CALLER, Claims)
    return replace(CALLER, jti=target, subject=target, business=target, issued_at_s=issued_at_s)


def events(*kinds: tuple[Kind, str | None, int | None]) -> list[Event]:
    return [Event(n, "m", kind, "a", NOW_S, value, end) for n, (kind, value, end) in enumerate(kinds, 1)]


def held(given: list[Event], now_s: int = NOW_S) -> RevocationSet:
    found = RevocationSet()
    for event in given:
        found.apply(event)
        found.forget(now_s)
    return found


def test_a_token_is_revoked_by_its_jti_and_no_other_is() -> None:
    after = held(events((Kind.TOKEN, None, None)))
    assert after.revokes(replace(caller(), subject="b"))
    assert not after.revokes(replace(caller(), jti="b"))


@pytest.mark.parametrize(("issued_at_s", "revoked"), [(NOW_S - 1, True), (NOW_S, True), (NOW_S + 1, False)])
def test_a_subjects_tokens_are_revoked_up_to_the_second_of_the_revocation(issued_at_s: int, revoked: bool) -> None:
    after = held(events((Kind.SUBJECT, None, None)))
    assert after.revokes(replace(caller(issued_at_s=issued_at_s), jti="b")) is revoked


def test_a_later_revocation_of_a_subject_never_gives_back_what_an_earlier_one_took() -> None:
    later, earlier = (Event(n, "m", Kind.SUBJECT, "a", at_s) for n, at_s in ((1, 50), (2, 40)))
    assert held([later, earlier]).revokes(replace(caller(issued_at_s=50), jti="b"))


def test_a_keys_tokens_are_withdrawn_whatever_they_say_and_no_others() -> None:
    after = held(events((Kind.KEY, None, None)))
    assert (after.withdraws("a"), after.withdraws("b")) == (True, False)
    assert not after.revokes(caller())


def test_a_suspension_lasts_until_it_is_taken_back() -> None:
    suspended = (Kind.SUSPEND, None, None)
    assert held(events(suspended)).suspends("a")
    assert not held(events(suspended)).suspends("b")
    assert not held(events(suspended, (Kind.RESUME, None, None))).suspends("a")
    assert held(events(suspended, (Kind.RESUME, None, None), suspended)).suspends("a")


def test_the_last_override_holds_until_it_is_taken_back() -> None:
    starter, scale = (Kind.PLAN, "starter", None), (Kind.PLAN, "scale", None)
    assert held(events(starter, scale)).plan_of("a") is PLANS["scale"]
    assert held(events(starter)).plan_of("b") is None
    assert held(events(starter, (Kind.PLAN, None, None))).plan_of("a") is None


@pytest.mark.parametrize("kind", [Kind.TOKEN, Kind.SUBJECT, Kind.KEY, Kind.SUSPEND])
def test_what_has_expired_is_forgotten_and_not_before(kind: Kind) -> None:
    given = events((kind, None, NOW_S + 10))
    assert len(held(given, NOW_S + 9)) == 1
    assert len(held(given, NOW_S + 10)) == 0


def test_an_end_that_was_replaced_ends_nothing() -> None:
    given = events((Kind.PLAN, "starter", NOW_S + 10), (Kind.PLAN, "scale", None))
    assert held(given, NOW_S).plan_of("a") is PLANS["scale"]
    after = held(given)
    after.forget(NOW_S + 11)
    assert after.plan_of("a") is PLANS["scale"]


def test_of_another_log_tokens_stay_revoked_and_businesses_begin_anew() -> None:
    ends = ((Kind.TOKEN, None, None), (Kind.KEY, None, None))
    before = held(events(*ends, (Kind.SUSPEND, None, None), (Kind.PLAN, "scale", None)))
    kept = before.kept_for_another_log()
    assert (kept.revokes(caller()), kept.withdraws("a")) == (True, True)
    assert (kept.suspends("a"), kept.plan_of("a")) == (False, None)
    kept.apply(Event(1, "m", Kind.TOKEN, "b", NOW_S))
    assert not before.revokes(caller("b"))


KINDS = st.sampled_from(list(Kind))
STEPS = st.tuples(KINDS, st.sampled_from(TARGETS), st.sampled_from([None, *PLANS]), st.none() | st.integers(1, 40))


@given(st.lists(STEPS, max_size=30), st.integers(0, 45))
def test_after_any_events_it_says_what_a_plain_reading_of_the_log_says(steps: list, now_s: int) -> None:
    log = [
        Event(n, "m", kind, target, at_s=n, value=plan if kind is Kind.PLAN else None, expires_at_s=end)
        for n, (kind, target, plan, end) in enumerate(steps, 1)
    ]
    found = held(log, now_s)

    def last(target: str, *kinds: Kind) -> Event | None:
        named = [event for event in log if event.target == target and event.kind in kinds]
        return named[-1] if named and (named[-1].expires_at_s or now_s + 1) > now_s else None

    for target in TARGETS:
        suspension, plan = last(target, Kind.SUSPEND, Kind.RESUME), last(target, Kind.PLAN)
        assert found.suspends(target) is (suspension is not None and suspension.kind is Kind.SUSPEND)
        assert found.plan_of(target) is (PLANS[plan.value] if plan and plan.value else None)
        assert found.withdraws(target) is (last(target, Kind.KEY) is not None)
        subject = last(target, Kind.SUBJECT)
        revoked = last(target, Kind.TOKEN) is not None or (subject is not None and subject.at_s >= 10)
        assert found.revokes(caller(target, issued_at_s=10)) is revoked


def test_a_page_survives_the_wire() -> None:
    page = Page(tuple(events((Kind.PLAN, "scale", None), (Kind.TOKEN, None, 7))), at_head=True)
    assert read_page(write_page(page)) == page


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
    assert read_page(a_page()).at_head
    with pytest.raises(ValueError):
        read_page(body)


def test_a_position_is_a_number_and_a_mark() -> None:
    [event] = events((Kind.TOKEN, None, None))
    assert read_position(event.position) == (1, "m")
    assert read_position(START) == (0, "")
    for text in ("", "x", "-1", "1x-m", "٣-m", "9" * 19):
        with pytest.raises(ValueError):
            read_position(text)
