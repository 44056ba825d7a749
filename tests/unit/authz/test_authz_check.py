"""The seam: bytes of a CheckRequest in, bytes of a CheckResponse out, whatever happens between."""

import json
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from authz.decision_log import DecisionLog
from authz.ext_authz_pb2 import CheckResponse
from authz.limiter import Limiter
from authz.service import Authorizer
from contract.operations import READINESS, UNKNOWN_PATH, WRONG_METHOD
from infra.stores.rate_limits import MemoryBuckets
from infra.stores.revocations.events import Event, EventKind
from infra.stores.revocations.revocation_set import RevocationSet
from infra.stores.valkey import StoreUnavailable
from tests.unit.authz.asking import (
    API_URL,
    CLAIMS,
    JWT_HEADER,
    NOTHING_REVOKED,
    TRACE_ID,
    Known,
    a_check,
    alone,
    answer,
    without,
)

NOW_US = 1_800_000_000_000_000


class Away:
    def partition(self, _):
        return ""

    async def charge(self, asks):
        return [StoreUnavailable("away") for _ in asks]


class Broken:
    def partition(self, _):
        return ""

    async def charge(self, asks):
        raise KeyError("a secret")


class Answers:
    """One authoriser, asked in words."""

    def __init__(self, buckets, log, processes=1, held=NOTHING_REVOKED):
        limiter = Limiter(buckets, log, processes=processes)
        authorizer = Authorizer(limiter, Known(held), DecisionLog(log), api_url=API_URL, clock=lambda: NOW_US * 1000)
        self._check = alone(authorizer.check_all)

    async def __call__(self, operation="contacts.list", **parts):
        return answer(await self._check(a_check(operation, **parts)))

    async def to(self, message):
        return await self._check(message)


@pytest.fixture
def ask(log):
    return Answers(MemoryBuckets(lambda: NOW_US), log)


async def test_a_caller_with_scope_and_role_is_admitted(ask):
    admitted = await ask("contacts.list")
    assert (admitted.status, admitted.upstream["x-gw-business-id"]) == (200, CLAIMS["business_id"])


async def test_a_caller_cannot_choose_its_business_role_or_plan_by_other_claims(ask):
    admitted = await ask(payload=CLAIMS | {"x-gw-business-id": "biz_x", "tenant": "2", "business": "biz_y"})
    assert admitted.upstream["x-gw-business-id"] == CLAIMS["business_id"]


REFUSED_BEFORE_THE_CHARGE = {
    "of another type": {"header": JWT_HEADER | {"typ": "JWT"}},
    "without a jti": {"payload": without(CLAIMS, "jti")},
}


@pytest.mark.parametrize("parts", REFUSED_BEFORE_THE_CHARGE.values(), ids=REFUSED_BEFORE_THE_CHARGE.keys())
async def test_a_token_is_401_and_costs_nothing_when_it_is(ask, parts):
    assert (await ask(**parts)).status == 401
    assert (await ask()).headers["x-ratelimit-remaining"] == "99"


CHARGED_AND_REFUSED = {
    "without the scope": (403, "contacts.delete", {}),
    "without the permission": (403, "contacts.create", {"payload": CLAIMS | {"role": "viewer"}}),
    "for an unknown path": (404, UNKNOWN_PATH.id, {}),
    "with a wrong method": (405, WRONG_METHOD.id, {"context": {"allowed_methods": "GET, HEAD, OPTIONS"}}),
}


@pytest.mark.parametrize(("status", "operation", "parts"), CHARGED_AND_REFUSED.values(), ids=CHARGED_AND_REFUSED.keys())
async def test_a_request_costs_once_when_it_comes(ask, status, operation, parts):
    refused = await ask(operation, **parts)
    assert (refused.status, refused.headers["x-ratelimit-remaining"]) == (status, "99")
    assert (await ask()).headers["x-ratelimit-remaining"] == "98"


async def test_who_has_spent_all_is_told_429_for_whatever_it_asks(ask):
    answers = [await ask() for _ in range(101)]
    assert Counter(each.status for each in answers) == {200: 100, 429: 1}
    assert (await ask(UNKNOWN_PATH.id)).status == 429
    assert (await ask("contacts.delete")).status == 429


async def test_after_retry_after_one_request_does_pass(log):
    now = [NOW_US]
    ask = Answers(MemoryBuckets(lambda: now[0]), log)
    for _ in range(100):
        await ask()
    refused = await ask()
    now[0] += int(refused.headers["retry-after"]) * 1_000_000
    assert (await ask()).status == 200


async def test_readiness_needs_no_token_and_counts_nothing(ask):
    for _ in range(200):
        ready = await ask(READINESS, header=None, payload=None)
        assert (ready.status, ready.upstream, ready.headers) == (200, {}, {})
    # Not even when someone sends one along.
    assert (await ask(READINESS)).upstream == {}
    assert (await ask()).headers["x-ratelimit-remaining"] == "99"


async def test_without_the_shared_count_its_own_admits_and_throttles_and_says_so_in_every_header(log):
    ask = Answers(Away(), log, processes=2)
    answers = [await ask() for _ in range(51)]
    assert Counter(each.status for each in answers) == {200: 50, 429: 1}
    assert (answers[0].headers["x-ratelimit-limit"], answers[0].headers["x-ratelimit-remaining"]) == ("50", "49")
    assert answers[0].headers["ratelimit-policy"] == '"burst";q=50;w=10, "daily";q=100000;w=86400'
    assert (await ask("contacts.delete", payload=CLAIMS | {"rate_key": "other"})).status == 403
    assert (await ask(READINESS)).status == 200
    assert (await ask(header=JWT_HEADER | {"typ": "JWT"})).status == 401


async def test_a_bug_is_a_500_that_tells_nothing_and_is_logged_with_its_trace(log, logged):
    failed = answer(await Answers(Broken(), log).to(a_check()))
    assert (failed.status, failed.body["code"], failed.body["trace_id"]) == (500, "internal-error", TRACE_ID)
    assert "secret" not in json.dumps(failed.body)
    [line] = logged.calls
    assert line.method_name == "error"
    assert (line.kwargs["trace_id"], line.kwargs["exc_info"]) == (TRACE_ID, True)


async def test_a_question_that_cannot_be_read_is_a_500_and_logged(ask, logged):
    assert (await ask("no.such.operation")).status == 500
    [line] = logged.calls
    assert (line.method_name, line.kwargs["trace_id"]) == ("error", TRACE_ID)
    assert "no.such.operation" in line.kwargs["reason"]


async def test_a_denial_is_one_line_that_can_be_searched(ask, logged):
    await ask("contacts.delete")
    [line] = logged.calls
    assert line.kwargs.pop("duration_ms") >= 0
    assert line.kwargs == {
        "event": "denied",
        "operation": "contacts.delete",
        "status": 403,
        "decision": "deny",
        "rule": "insufficient-scope",
        "reason": "The token lacks contacts:delete.",
        "trace_id": TRACE_ID,
        "business": CLAIMS["business_id"],
        "subject": CLAIMS["sub"],
        "role": "member",
    }


async def test_a_token_that_is_refused_is_logged_by_what_is_wrong_with_it_and_not_by_what_it_says(ask, logged):
    await ask(payload=CLAIMS | {"sub": "usr_forged"})
    [line] = logged.calls
    assert line.kwargs["member"] == "sub"
    assert "forged" not in str(line.kwargs)


async def test_who_is_admitted_leaves_no_line_unless_asked_for(ask, logged):
    await ask()
    assert logged.calls == []


@settings(max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(message=st.binary(max_size=300))
async def test_no_bytes_at_random_are_let_through(ask, message):
    assert CheckResponse.FromString(await ask.to(message)).status.code != 0


GOOD = a_check("contacts.create", payload=CLAIMS | {"role": "viewer"})


@settings(max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, len(GOOD) - 1), byte=st.integers(0, 255), cut=st.integers(0, len(GOOD)))
async def test_no_damage_to_a_denied_request_lets_it_through_but_as_what_it_then_says(ask, place, byte, cut):
    damaged = bytearray(GOOD)
    damaged[place] = byte
    assert CheckResponse.FromString(await ask.to(bytes(damaged))).status.code != 0
    assert CheckResponse.FromString(await ask.to(GOOD[:cut])).status.code != 0


def after(*events):
    held = RevocationSet()
    for number, (kind, target, value) in enumerate(events, 1):
        held.apply(Event(number, "m", kind, target, CLAIMS["iat"], value))
    return held


NOT_IN_GOOD_STANDING = {
    "was revoked by its jti": (after((EventKind.TOKEN, CLAIMS["jti"], None)), 401, "invalid-token"),
    "was revoked with all of its subject's": (after((EventKind.SUBJECT, CLAIMS["sub"], None)), 401, "invalid-token"),
    "was signed by a key that has leaked": (after((EventKind.KEY, JWT_HEADER["kid"], None)), 401, "invalid-token"),
    "is of a suspended business": (after((EventKind.SUSPEND, CLAIMS["business_id"], None)), 403, "business-suspended"),
    "nobody can say this of": (None, 503, "overloaded"),
}


@pytest.mark.parametrize(("held", "status", "code"), NOT_IN_GOOD_STANDING.values(), ids=NOT_IN_GOOD_STANDING.keys())
async def test_a_token_is_refused_and_not_charged_when_it(log, held, status, code):
    buckets = MemoryBuckets(lambda: NOW_US)
    refused = await Answers(buckets, log, held=held)()
    assert (refused.status, refused.body["code"]) == (status, code)
    assert not [name for name in refused.headers if name.startswith("x-ratelimit")]
    assert (await Answers(buckets, log)()).headers["x-ratelimit-remaining"] == "99"


async def test_a_revoked_token_is_answered_as_one_that_was_not_accepted(log):
    refused = await Answers(MemoryBuckets(lambda: NOW_US), log, held=after((EventKind.TOKEN, CLAIMS["jti"], None)))()
    assert refused.body["reason"] == "revoked"
    assert "instance" not in refused.body
    assert 'error="invalid_token"' in refused.headers["www-authenticate"]


async def test_a_token_from_the_future_is_refused_since_it_would_outlive_a_revocation_of_its_subject(log):
    ask = Answers(MemoryBuckets(lambda: NOW_US), log, held=after((EventKind.SUBJECT, CLAIMS["sub"], None)))
    refused = await ask(payload=CLAIMS | {"iat": NOW_US // 1_000_000 + 3600})
    assert (refused.status, refused.body["reason"]) == (401, "not-yet-valid")
    assert "instance" not in refused.body
    assert not [name for name in refused.headers if name.startswith("x-ratelimit")]


async def test_standing_is_asked_before_the_budget_and_after_the_token(log):
    buckets = MemoryBuckets(lambda: NOW_US)
    ask = Answers(buckets, log)
    for _ in range(100):
        await ask()
    revoked = Answers(buckets, log, held=after((EventKind.TOKEN, CLAIMS["jti"], None)))
    assert ((await ask()).status, (await revoked()).status) == (429, 401)
    assert (await revoked(payload=CLAIMS | {"role": "owner"})).body["reason"] == "malformed"


async def test_an_override_is_the_plan_that_is_charged_and_told(log):
    ask = Answers(MemoryBuckets(lambda: NOW_US), log, held=after((EventKind.PLAN, CLAIMS["business_id"], "starter")))
    admitted = await ask()
    assert (admitted.headers["x-ratelimit-limit"], admitted.upstream["x-gw-plan"]) == ("50", "starter")
