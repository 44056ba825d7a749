"""Every denial is one line and, once the token was accepted, one receipt; of allows a share has a line."""

import uuid

import pytest

from authz.decision_log import DecisionLog, is_sampled
from authz.limiter import Limiter
from authz.service import Authorizer
from authz.settings import load
from contract.operations import READINESS, UNKNOWN_PATH, WRONG_METHOD
from infra.process.settings import SettingsError
from infra.stores.rate_limits import MemoryBuckets
from infra.stores.receipts import MemoryReceipts, ReceiptQueue
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


class House:
    """An authoriser, its log and its receipts."""

    def __init__(self, log, share=0.0):
        self.store = MemoryReceipts(lambda: 0)
        self.outbox = ReceiptQueue(self.store, log)
        teller = DecisionLog(log, self.outbox, allowed_share=share)
        limiter = Limiter(MemoryBuckets(lambda: NOW_US), log)
        authorizer = Authorizer(limiter, Known(NOTHING_REVOKED), teller, api_url=API_URL)

        self.check = alone(authorizer.check_all)

    async def ask(self, operation="contacts.list", **parts):
        return answer(await self.check(a_check(operation, **parts)))

    async def receipt(self, trace_id=TRACE_ID):
        async with self.outbox.deliver_in_background():
            pass
        return await self.store.find(CLAIMS["business_id"], trace_id)


DENIALS = {
    "contacts.delete": ({}, "insufficient-scope", "The token lacks contacts:delete."),
    "contacts.create": (
        {"payload": CLAIMS | {"role": "viewer"}},
        "insufficient-permission",
        "The role viewer lacks contacts:write.",
    ),
    "contacts.search": (
        {"payload": CLAIMS | {"permissions": "deals:read"}},
        "insufficient-permission",
        "The permissions claim lacks contacts:read.",
    ),
}


@pytest.mark.parametrize("operation", DENIALS)
async def test_a_denial_is_told_with_its_rule_its_reason_and_whose_it_is(log, logged, operation):
    parts, rule, reason = DENIALS[operation]
    house = House(log)
    await house.ask(operation, **parts)
    [line] = logged.calls
    told = {name: line.kwargs[name] for name in ("event", "decision", "rule", "reason", "operation", "trace_id")}
    assert told == {
        "event": "denied",
        "decision": "deny",
        "rule": rule,
        "reason": reason,
        "operation": operation,
        "trace_id": TRACE_ID,
    }
    receipt = await house.receipt()
    assert (receipt.operation, receipt.problem, receipt.status) == (operation, rule, 403)
    assert (receipt.subject, receipt.replayed, receipt.record) == (CLAIMS["sub"], False, None)
    assert receipt.received_at_ms > 1_700_000_000_000
    assert 0 <= receipt.duration_ms < 60_000


async def test_who_has_spent_all_is_told_which_policy_has_no_room(log, logged):
    house = House(log)
    for _ in range(101):
        await house.ask()
    [line] = logged.calls
    assert (line.kwargs["rule"], line.kwargs["policy"]) == ("rate-limited", "burst")
    assert line.kwargs["reason"] == "The policy burst has no room."
    assert (await house.receipt()).status == 429


@pytest.mark.parametrize(
    ("operation", "context", "status"),
    [(UNKNOWN_PATH.id, {}, 404), (WRONG_METHOD.id, {"allowed_methods": "GET, HEAD, OPTIONS"}, 405)],
)
async def test_a_request_of_no_operation_has_a_receipt_that_names_none(log, operation, context, status):
    house = House(log)
    await house.ask(operation, context=context)
    receipt = await house.receipt()
    assert (receipt.operation, receipt.status) == (None, status)


WITHOUT_A_RECEIPT = {
    "a token that was not accepted": ("contacts.list", {"header": JWT_HEADER | {"typ": "JWT"}}),
    "a question that cannot be read": ("no.such.operation", {}),
    "readiness": (READINESS, {}),
    "who is let through, of whom the transcoder tells": ("contacts.list", {}),
}


@pytest.mark.parametrize(("operation", "parts"), WITHOUT_A_RECEIPT.values(), ids=WITHOUT_A_RECEIPT)
async def test_no_receipt_is_made_here_of(log, operation, parts):
    house = House(log)
    await house.ask(operation, **parts)
    assert await house.receipt() is None


BAD_QUESTIONS = {
    "without an operation": a_check(None),
    "with an empty operation": a_check(""),
    "with an unknown operation": a_check("contacts.burn"),
    "with an operation in capitals": a_check("CONTACTS.LIST"),
    "without metadata": a_check(header=None, payload=None),
    "without a token's header": a_check(header=None),
    "without claims": a_check(payload=None),
    "with claims that are text": a_check(payload="admin"),
    "with claims that are a list": a_check(payload=[CLAIMS]),
    "with its token twice": a_check() + a_check(),
    "with a second, better token": a_check(payload=CLAIMS) + a_check(payload=CLAIMS | {"role": "admin"}),
    "with a wrong method that names no right one": a_check(WRONG_METHOD.id),
    "without a request id": a_check(trace_id=None),
    "of no bytes": b"",
    "of bytes that are no CheckRequest": b"\xff" * 40,
}


@pytest.mark.parametrize("message", BAD_QUESTIONS.values(), ids=BAD_QUESTIONS)
async def test_a_question_is_denied_logged_and_a_problem_when_it_comes(log, logged, message):
    house = House(log, share=1.0)
    refused = answer(await house.check(message))
    assert (refused.status, refused.body["code"]) == (500, "internal-error")
    assert set(refused.body) == {"type", "title", "status", "detail", "code", "trace_id", "retryable", "outcome"}
    [line] = logged.calls
    assert (line.method_name, line.kwargs["event"], line.kwargs["rule"]) == ("error", "denied", "internal-error")
    assert line.kwargs["reason"]
    assert "exc_info" not in line.kwargs


ABSURD = (
    None,
    True,
    -1,
    1e308,
    float("nan"),
    "",
    "\0",
    "x" * 100_000,
    "\U0010ffff",
    [],
    {},
    {"a": {"b": [1]}},
    [["a"]],
)
NAMES = [name for name in CLAIMS if name != "iss"]


@pytest.mark.parametrize("name", NAMES)
async def test_an_absurd_claim_is_a_token_that_is_not_valid_and_nothing_of_it_is_told(log, logged, name):
    house = House(log, share=1.0)
    for absurd in ABSURD:
        if (name, absurd) == ("scope", ""):
            continue
        logged.calls.clear()
        refused = await house.ask(payload=CLAIMS | {name: absurd})
        assert (refused.status, refused.body["code"]) == (401, "invalid-token"), absurd
        [line] = logged.calls
        assert (line.kwargs["rule"], line.kwargs["member"]) == ("invalid-token", name)
        assert "exc_info" not in line.kwargs
        assert len(str(line.kwargs)) < 400


async def test_no_line_holds_anything_of_the_token_but_whose_it_is(log, logged):
    house = House(log, share=1.0)
    for operation in ("contacts.list", "contacts.delete"):
        await house.ask(operation)
    await house.ask(payload=without(CLAIMS, "jti"))
    text = str(logged.calls)
    for name in ("client_id", "jti", "rate_key", "aud", "iss"):
        assert CLAIMS[name] not in text, name


async def test_an_allow_is_told_when_all_are(log, logged):
    await House(log, share=1.0).ask()
    [line] = logged.calls
    assert line.kwargs.pop("duration_ms") >= 0
    assert line.kwargs == {
        "event": "allowed",
        "decision": "allow",
        "reason": "The token has contacts:read, and the role member grants it.",
        "operation": "contacts.list",
        "trace_id": TRACE_ID,
        "business": CLAIMS["business_id"],
        "subject": CLAIMS["sub"],
        "role": "member",
    }


async def test_of_allows_a_share_is_told_and_every_process_takes_the_same(log, logged):
    asked = [str(uuid.UUID(int=number * 2**90)) for number in range(400)]
    house = House(log, share=0.25)
    for trace_id in asked:
        await house.ask(trace_id=trace_id, payload=CLAIMS | {"rate_key": trace_id})
    told = [line.kwargs["trace_id"] for line in logged.calls]
    assert told == [trace_id for trace_id in asked if is_sampled(trace_id, 0.25)]
    assert 60 < len(told) < 140
    assert not any(is_sampled(trace_id, 0.0) for trace_id in asked)
    assert all(is_sampled(trace_id, 1.0) for trace_id in asked)


SETTINGS = {
    "LISTEN": "unix:/x",
    "VALKEY_URL": "unix:///x",
    "PUBLIC_API_URL": API_URL,
    "REVOCATIONS_FEED": "unix:/y",
    "REVOCATIONS_FILE": "/tmp/revocations.json",
}


def test_the_share_is_a_setting():
    assert load(SETTINGS).log_allowed_share == 0.01
    assert load(SETTINGS | {"LOG_ALLOWED_SHARE": "1"}).log_allowed_share == 1
    for nonsense in ("-0.1", "1.5", "nan", "half"):
        with pytest.raises(SettingsError, match="LOG_ALLOWED_SHARE"):
            load(SETTINGS | {"LOG_ALLOWED_SHARE": nonsense})
