"""What Envoy is told, byte for byte where it matters."""

import pytest

from authz import check_response
from authz.decide import Admitted, Permitted, Refused, Spent, Throttled, refuse_token
from authz.ext_authz_pb2 import CheckResponse
from contract.claims import TokenError
from contract.headers import COMMON_RESPONSE_HEADERS, IDENTITY, PRIVATE_RESPONSE_HEADERS, RATE_HEADERS
from contract.problems import INSUFFICIENT_SCOPE, OVERLOADED, PROBLEMS
from contract.rate_plans import GROWTH, Budget
from tests.unit.authz.asking import API_URL, TRACE_ID, answer, as_bytes, claims

SPENT = Spent(1, (Budget(GROWTH.burst, 100_000), Budget(GROWTH.daily, 86_400_000_000 // 2)))
EMPTY = Spent(2, (Budget(GROWTH.burst, 9_950_000), Budget(GROWTH.daily, 432_000)))


def told(verdict):
    return answer(as_bytes(verdict))


def test_an_admitted_caller_is_introduced_by_every_identity_header():
    caller = claims(role="manager")
    admitted = told(Admitted(Permitted(caller, frozenset({"b:read", "a:write"})), SPENT))
    assert admitted.status == 200
    assert admitted.upstream == {
        "x-gw-business-id": caller.business,
        "x-gw-subject": caller.subject,
        "x-gw-permissions": "a:write b:read",
        "x-gw-role": "manager",
        "x-gw-client-id": "a-client",
        "x-gw-scopes": "contacts:read contacts:write",
        "x-gw-plan": "growth",
        "x-gw-token-kind": "pat",
        "x-gw-expires-at": "1700000900",
    }
    assert set(admitted.upstream) == {header.name for header in IDENTITY}


def test_the_rate_headers_tell_both_budgets_twice():
    assert told(Admitted(Permitted(claims(), frozenset()), SPENT)).headers == {
        "x-ratelimit-limit": "100",
        "x-ratelimit-remaining": "99",
        "x-ratelimit-reset": "1",
        "x-ratelimit-daily-limit": "200000",
        "x-ratelimit-daily-remaining": "100000",
        "x-ratelimit-daily-reset": "43200",
        "x-ratelimit-cost": "1",
        "ratelimit-policy": '"burst";q=100;w=10, "daily";q=200000;w=86400',
        "ratelimit": '"burst";r=99;t=1, "daily";r=100000;t=1',
    }


def test_a_full_bucket_has_nothing_more_to_come():
    full = Spent(1, (Budget(GROWTH.burst, 0), Budget(GROWTH.daily, 0)))
    assert told(Throttled(claims(), full)).headers["ratelimit"] == '"burst";r=100;t=0, "daily";r=200000;t=0'


def test_a_throttled_caller_is_told_when_to_come_again():
    throttled = told(Throttled(claims(), EMPTY))
    assert throttled.status == 429
    assert throttled.headers["retry-after"] == "1"
    assert throttled.headers["x-ratelimit-remaining"] == "0"
    assert throttled.headers["x-ratelimit-cost"] == "2"
    assert throttled.body["code"] == "rate-limited"
    assert (throttled.body["policy"], throttled.body["retry_after_seconds"]) == ("burst", 1)
    assert (throttled.body["retryable"], throttled.body["outcome"]) == (True, "not-applied")


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.code)
def test_every_refusal_after_the_charge_carries_the_rate_headers_and_a_receipt(problem):
    refused = told(Refused(problem, claims(), SPENT))
    assert refused.status == problem.status
    assert set(RATE_HEADERS) <= set(refused.headers)
    assert refused.headers["content-type"] == "application/problem+json"
    assert {*COMMON_RESPONSE_HEADERS, *PRIVATE_RESPONSE_HEADERS} <= set(refused.headers.items())
    assert refused.body["type"] == f"{API_URL}/problems/{problem.code}"
    assert refused.body["trace_id"] == TRACE_ID
    assert refused.body["instance"] == f"/v1/requests/{TRACE_ID}"


def test_members_and_headers_of_a_refusal_are_passed_on():
    refused = told(
        Refused(INSUFFICIENT_SCOPE, claims(), SPENT, {"required_scopes": ["a"]}, (("www-authenticate", "x"),))
    )
    assert refused.body["required_scopes"] == ["a"]
    assert refused.headers["www-authenticate"] == "x"


def test_a_token_that_was_not_accepted_has_no_receipt_and_no_budget():
    refused = told(refuse_token(TokenError.MALFORMED))
    assert refused.status == 401
    assert "instance" not in refused.body
    assert not set(RATE_HEADERS) & set(refused.headers)
    assert refused.body["reason"] == "malformed"
    assert refused.headers["www-authenticate"].startswith('Bearer realm="api", error="invalid_token"')


def test_where_nothing_was_counted_nothing_is_claimed_about_budgets():
    refused = told(Refused(OVERLOADED, claims()))
    assert (refused.status, refused.headers["retry-after"]) == (503, "1")
    assert not set(RATE_HEADERS) & set(refused.headers)
    assert "instance" in refused.body


def test_what_is_ready_goes_on_as_nobody():
    ready = answer(check_response.ready_response())
    assert (ready.status, ready.headers, ready.upstream) == (200, {}, {})


def test_an_internal_error_tells_nothing():
    failed = answer(check_response.internal_error_response(TRACE_ID, API_URL))
    assert failed.status == 500
    assert set(failed.body) == {"type", "title", "status", "detail", "code", "trace_id", "retryable", "outcome"}


def test_no_answer_of_ours_is_empty_since_an_empty_one_is_an_allow():
    assert CheckResponse().SerializeToString() == b""
    assert check_response.ready_response() != b""
