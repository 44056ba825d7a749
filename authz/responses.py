"""Verdicts as bytes of a CheckResponse. Pure.

An empty CheckResponse is an allow, and so is one whose status is left out: exactly one function here writes an allow,
and every denial carries a status of its own.
"""

from collections.abc import Iterable
from typing import assert_never

from authz.decide import Admitted, Refused, Spent, Throttled, Verdict
from authz.ext_authz_pb2 import (
    CheckResponse,
    DeniedHttpResponse,
    HeaderValue,
    HeaderValueOption,
    HttpStatus,
    OkHttpResponse,
    Status,
)
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
from contract.limits import Budget
from contract.problems import INTERNAL_ERROR, RATE_LIMITED, Problem, render
from contract.vocabulary import Json, TraceId

_OK = 0
_PERMISSION_DENIED = 7
"""google.rpc.Code; which one it is does not matter to Envoy, as long as it is not OK."""

Headers = Iterable[tuple[str, str]]


def _options(headers: Headers) -> list[HeaderValueOption]:
    # Overwriting: by default Envoy appends, and a header would be told twice.
    return [
        HeaderValueOption(
            header=HeaderValue(key=name, value=value), append_action=HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD
        )
        for name, value in headers
    ]


def _allow(upstream: Headers, downstream: Headers) -> bytes:
    ok = OkHttpResponse(headers=_options(upstream), response_headers_to_add=_options(downstream))
    return CheckResponse(status=Status(code=_OK), ok_response=ok).SerializeToString()


def _deny(problem: Problem, body: bytes, headers: Headers) -> bytes:
    always = ((CONTENT_TYPE.name, PROBLEM_MEDIA_TYPE), *EVERY_ANSWER, *PRIVATE_ANSWER)
    denied = DeniedHttpResponse(
        status=HttpStatus(code=problem.status), headers=_options((*always, *headers)), body=body.decode()
    )
    return CheckResponse(status=Status(code=_PERMISSION_DENIED), denied_response=denied).SerializeToString()


def ready() -> bytes:
    """Go on, as nobody."""
    return _allow((), ())


def internal_error(trace_id: TraceId, api_url: str) -> bytes:
    """For what should not have happened: nothing of it is told."""
    return _deny(INTERNAL_ERROR, render(INTERNAL_ERROR, api_url=api_url, trace_id=trace_id, with_instance=False), ())


def to_check_response(verdict: Verdict, trace_id: TraceId, api_url: str) -> bytes:
    """What the edge is told."""

    def body(problem: Problem, *, accepted: bool = True, **members: Json) -> bytes:
        return render(problem, api_url=api_url, trace_id=trace_id, with_instance=accepted, **members)

    match verdict:
        case Admitted(caller, permissions, spent):
            return _allow(identity_headers(caller, permissions), rate_headers(spent))
        case Throttled(_, spent):
            wait_s = verdict.retry_after_s
            told = body(RATE_LIMITED, policy=verdict.budget.policy.name, retry_after_seconds=wait_s)
            return _deny(RATE_LIMITED, told, (*rate_headers(spent), (RETRY_AFTER, str(wait_s))))
        case Refused(problem, caller, spent, members, headers):
            told = body(problem, accepted=caller is not None, **members)
            return _deny(problem, told, (*rate_headers(spent), *retry_headers(problem), *headers))
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


def retry_headers(problem: Problem) -> tuple[tuple[str, str], ...]:
    """`Retry-After`, where the row says when."""
    return () if problem.retry_after_s is None else ((RETRY_AFTER, str(problem.retry_after_s)),)


def rate_headers(spent: Spent | None) -> tuple[tuple[str, str], ...]:
    """The budgets, twice: as the plain integers that clients know, and as draft-ietf-httpapi-ratelimit-headers has it.

    `X-RateLimit-Reset` counts seconds until the bucket is full, the draft's `t` (since -10) until there is more quota
    than `r`.
    """
    if spent is None:
        return ()
    burst, daily = spent.budgets
    return (
        (RATE_LIMIT, str(burst.policy.limit)),
        (RATE_REMAINING, str(burst.remaining)),
        (RATE_RESET, str(burst.reset_s)),
        (DAILY_LIMIT, str(daily.policy.limit)),
        (DAILY_REMAINING, str(daily.remaining)),
        (DAILY_RESET, str(daily.reset_s)),
        (RATE_COST, str(spent.cost)),
        (RATE_POLICY, ", ".join(_policy_item(budget) for budget in spent.budgets)),
        (RATE_STATE, ", ".join(_state_item(budget) for budget in spent.budgets)),
    )


def _policy_item(budget: Budget) -> str:
    return f'"{budget.policy.name}";q={budget.policy.limit};w={budget.policy.window_s}'


def _state_item(budget: Budget) -> str:
    more_s = budget.wait_s(budget.remaining + 1) if budget.remaining < budget.policy.limit else 0
    return f'"{budget.policy.name}";r={budget.remaining};t={more_s}'
