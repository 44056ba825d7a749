"""Verdicts as bytes of a CheckResponse. Pure.

What does not change from one request of a caller to the next is put into bytes once: identity, policies, what stands on
every answer. Made from objects each time, an answer cost more than the decision that it tells.
"""

from functools import lru_cache
from typing import assert_never

from authz.decide import Permitted, Refused, Spent, Throttled
from authz.response_encoding import (
    END,
    IN_DENIAL,
    TO_CALLER,
    TO_UPSTREAM,
    Headers,
    denied_response,
    header_options,
    ok_response,
    variable_options,
)
from contract.claims import Claims
from contract.headers import (
    BUSINESS,
    CLIENT,
    CONTENT_TYPE,
    DAILY_LIMIT,
    DAILY_REMAINING,
    DAILY_RESET,
    EXPIRES_AT,
    PERMISSIONS,
    PLAN,
    PRIVATE_RESPONSE_HEADERS,
    RATE_COST,
    RATE_LIMIT,
    RATE_POLICY,
    RATE_REMAINING,
    RATE_RESET,
    RATE_STATE,
    RETRY_AFTER,
    ROLE,
    SCOPES,
    SUBJECT,
    TOKEN_KIND,
    common_response_headers,
)
from contract.problems import INTERNAL_ERROR, RATE_LIMITED, Problem, render
from contract.rate_plans import Policy
from contract.size_and_time_limits import PROBLEM_MEDIA_TYPE
from contract.vocabulary import Json, TraceId

_OFFERS = 64
"""Pairs of a plan and a cost, in allows and in denials."""

_LONGEST = 160
"""A value that tells what is left: two names, four numbers."""
_STATE = {
    field: variable_options((RATE_REMAINING, RATE_RESET, DAILY_REMAINING, DAILY_RESET, RATE_STATE), field, _LONGEST)
    for field in (TO_CALLER, IN_DENIAL)
}
"""What is left, after each answer anew."""


@lru_cache(maxsize=1)
def _common_denial_headers(api_url: str) -> bytes:
    same = ((CONTENT_TYPE.name, PROBLEM_MEDIA_TYPE), *common_response_headers(api_url), *PRIVATE_RESPONSE_HEADERS)
    return header_options(same, IN_DENIAL)


def _deny(api_url: str, problem: Problem, body: bytes, spent: Spent | None, headers: Headers) -> bytes:
    same = _common_denial_headers(api_url)
    return denied_response(
        problem.status, same + _rate_options(spent, IN_DENIAL) + header_options(headers, IN_DENIAL), body
    )


def ready_response() -> bytes:
    """Go on, as nobody."""
    return ok_response(b"", b"")


def internal_error_response(trace_id: TraceId, api_url: str) -> bytes:
    """For what should not have happened: nothing of it is told."""
    told = render(INTERNAL_ERROR, api_url=api_url, trace_id=trace_id, with_instance=False)
    return _deny(api_url, INTERNAL_ERROR, told, None, ())


def allow_response(identity: bytes, spent: Spent) -> bytes:
    """Let it through, with an `introduction` of who is calling."""
    return ok_response(identity, _rate_options(spent, TO_CALLER))


def identity_headers(may: Permitted) -> bytes:
    """Who is calling, for the transcoder: the same in each of its requests."""
    return header_options(_identity_headers(may.caller, may.permissions), TO_UPSTREAM)


def deny_response(verdict: Throttled | Refused, trace_id: TraceId, api_url: str) -> bytes:
    """What the edge is told of a verdict that lets nobody through."""

    def body(problem: Problem, *, accepted: bool = True, **members: Json) -> bytes:
        return render(problem, api_url=api_url, trace_id=trace_id, with_instance=accepted, **members)

    match verdict:
        case Throttled(_, spent):
            wait_s = verdict.retry_after_s
            told = body(RATE_LIMITED, policy=verdict.budget.policy.name, retry_after_seconds=wait_s)
            return _deny(api_url, RATE_LIMITED, told, spent, ((RETRY_AFTER, str(wait_s)),))
        case Refused(problem, caller, spent, members, headers):
            told = body(problem, accepted=caller is not None, **members)
            return _deny(api_url, problem, told, spent, (*retry_headers(problem), *headers))
    assert_never(verdict)


def _identity_headers(caller: Claims, permissions: frozenset[str]) -> Headers:
    return (
        (BUSINESS.name, caller.business),
        (SUBJECT.name, caller.subject),
        (PERMISSIONS.name, " ".join(sorted(permissions))),
        (ROLE.name, caller.role.word),
        (CLIENT.name, caller.client),
        (SCOPES.name, " ".join(sorted(caller.scopes))),
        (PLAN.name, caller.plan.name),
        (TOKEN_KIND.name, caller.kind),
        (EXPIRES_AT.name, str(caller.expires_at_s)),
    )


def retry_headers(problem: Problem) -> tuple[tuple[str, str], ...]:
    """`Retry-After`, where the row says when."""
    return () if problem.retry_after_s is None else ((RETRY_AFTER, str(problem.retry_after_s)),)


def _rate_options(spent: Spent | None, field: bytes) -> bytes:
    """The budgets, twice: plain integers, as clients know them, and as draft-ietf-httpapi-ratelimit-headers has it.

    `X-RateLimit-Reset` counts seconds until the bucket is full, the draft's `t` (since -10) until there is more quota
    than `r`.
    """
    if spent is None:
        return b""
    burst, daily = spent.budgets
    left, full_s, more_s = burst.header_values
    left_today, full_today_s, more_today_s = daily.header_values
    remaining, reset, remaining_today, reset_today = (
        b"%d" % left,
        b"%d" % full_s,
        b"%d" % left_today,
        b"%d" % full_today_s,
    )
    state = b'"%b";r=%b;t=%d, "%b";r=%b;t=%d' % (
        *(burst.policy.label, remaining, more_s),
        *(daily.policy.label, remaining_today, more_today_s),
    )
    first, second, third, fourth, fifth = _STATE[field]
    parts = (
        _offer_options(burst.policy, daily.policy, spent.cost, field),
        *(first[len(remaining)], remaining),
        *(second[len(reset)], reset),
        *(third[len(remaining_today)], remaining_today),
        *(fourth[len(reset_today)], reset_today),
        *(fifth[len(state)], state),
        END,
    )
    return b"".join(parts)


@lru_cache(maxsize=_OFFERS)
def _offer_options(burst: Policy, daily: Policy, cost: int, field: bytes) -> bytes:
    return header_options(_offer(burst, daily, cost), field)


def _offer(burst: Policy, daily: Policy, cost: int) -> Headers:
    """What is told of a plan and an operation, whatever is left."""
    return (
        (RATE_LIMIT, str(burst.limit)),
        (DAILY_LIMIT, str(daily.limit)),
        (RATE_COST, str(cost)),
        (RATE_POLICY, ", ".join(f'"{policy.name}";q={policy.limit};w={policy.window_s}' for policy in (burst, daily))),
    )
