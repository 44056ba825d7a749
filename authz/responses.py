"""Verdicts as bytes of a CheckResponse. Pure.

What does not change from one request of a caller to the next is put into bytes once: identity, policies, what stands on
every answer. Made from objects each time, an answer cost more than the decision that it tells.
"""

from functools import lru_cache
from typing import assert_never

from authz.decide import Admitted, Refused, Spent, Throttled, Verdict
from authz.wire import IN_DENIAL, TO_CALLER, TO_UPSTREAM, Headers, allow, deny, options
from contract.bounds import PROBLEM_MEDIA_TYPE
from contract.claims import Claims
from contract.headers import (
    BUSINESS,
    CLIENT,
    CONTENT_TYPE,
    DAILY_LIMIT,
    DAILY_REMAINING,
    DAILY_RESET,
    EVERY_ANSWER,
    EXPIRES_AT,
    PERMISSIONS,
    PLAN,
    PRIVATE_ANSWER,
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
)
from contract.limits import Budget, Policy
from contract.problems import INTERNAL_ERROR, RATE_LIMITED, Problem, render
from contract.vocabulary import Json, TraceId

_CALLERS = 4_096
"""Whose identity is kept as bytes, a few hundred of them each."""

_OFFERS = 64
"""Pairs of a plan and a cost, in allows and in denials."""

_ON_EVERY_DENIAL = options(((CONTENT_TYPE.name, PROBLEM_MEDIA_TYPE), *EVERY_ANSWER, *PRIVATE_ANSWER), IN_DENIAL)


def _deny(problem: Problem, body: bytes, spent: Spent | None, headers: Headers) -> bytes:
    return deny(problem.status, _ON_EVERY_DENIAL + _rate_options(spent, IN_DENIAL) + options(headers, IN_DENIAL), body)


def ready() -> bytes:
    """Go on, as nobody."""
    return allow(b"", b"")


def internal_error(trace_id: TraceId, api_url: str) -> bytes:
    """For what should not have happened: nothing of it is told."""
    return _deny(
        INTERNAL_ERROR, render(INTERNAL_ERROR, api_url=api_url, trace_id=trace_id, with_instance=False), None, ()
    )


def to_check_response(verdict: Verdict, trace_id: TraceId, api_url: str) -> bytes:
    """What the edge is told."""

    def body(problem: Problem, *, accepted: bool = True, **members: Json) -> bytes:
        return render(problem, api_url=api_url, trace_id=trace_id, with_instance=accepted, **members)

    match verdict:
        case Admitted(caller, permissions, spent):
            return allow(_identity_options(caller, permissions), _rate_options(spent, TO_CALLER))
        case Throttled(_, spent):
            wait_s = verdict.retry_after_s
            told = body(RATE_LIMITED, policy=verdict.budget.policy.name, retry_after_seconds=wait_s)
            return _deny(RATE_LIMITED, told, spent, ((RETRY_AFTER, str(wait_s)),))
        case Refused(problem, caller, spent, members, headers):
            told = body(problem, accepted=caller is not None, **members)
            return _deny(problem, told, spent, (*retry_headers(problem), *headers))
    assert_never(verdict)


def identity_headers(caller: Claims, permissions: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """Who is calling, for the transcoder."""
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


@lru_cache(maxsize=_CALLERS)
def _identity_options(caller: Claims, permissions: frozenset[str]) -> bytes:
    return options(identity_headers(caller, permissions), TO_UPSTREAM)


def retry_headers(problem: Problem) -> tuple[tuple[str, str], ...]:
    """`Retry-After`, where the row says when."""
    return () if problem.retry_after_s is None else ((RETRY_AFTER, str(problem.retry_after_s)),)


def _rate_options(spent: Spent | None, field: bytes) -> bytes:
    """The budgets, twice: plain integers, as clients know them, and as draft-ietf-httpapi-ratelimit-headers has it."""
    if spent is None:
        return b""
    return _offer_options(*_policies(spent), spent.cost, field) + options(_state(spent), field)


@lru_cache(maxsize=_OFFERS)
def _offer_options(burst: Policy, daily: Policy, cost: int, field: bytes) -> bytes:
    return options(_offer(burst, daily, cost), field)


def _policies(spent: Spent) -> tuple[Policy, Policy]:
    burst, daily = spent.budgets
    return burst.policy, daily.policy


def _offer(burst: Policy, daily: Policy, cost: int) -> Headers:
    """What is told of a plan and an operation, whatever is left."""
    return (
        (RATE_LIMIT, str(burst.limit)),
        (DAILY_LIMIT, str(daily.limit)),
        (RATE_COST, str(cost)),
        (RATE_POLICY, ", ".join(f'"{policy.name}";q={policy.limit};w={policy.window_s}' for policy in (burst, daily))),
    )


def _state(spent: Spent) -> Headers:
    """What is left.

    `X-RateLimit-Reset` counts seconds until the bucket is full, the draft's `t` (since -10) until there is more quota
    than `r`.
    """
    burst, daily = spent.budgets
    left, left_today = burst.remaining, daily.remaining
    return (
        (RATE_REMAINING, str(left)),
        (RATE_RESET, str(burst.reset_s)),
        (DAILY_REMAINING, str(left_today)),
        (DAILY_RESET, str(daily.reset_s)),
        (RATE_STATE, f"{_state_item(burst, left)}, {_state_item(daily, left_today)}"),
    )


def _state_item(budget: Budget, left: int) -> str:
    more_s = budget.wait_s(left + 1) if left < budget.policy.limit else 0
    return f'"{budget.policy.name}";r={left};t={more_s}'
