"""[pure] Which problems an operation can answer with, and the answers that tell of them."""

from collections import Counter
from collections.abc import Callable, Iterable

from apidocs.headers import header_references
from apidocs.json_schema import Schema, ref
from apidocs.type_schemas import pascal
from contract import headers, problems
from contract.documents import EXAMPLE_API_URL
from contract.operations import Operation
from contract.problem_docs import example_body
from contract.problems import PROBLEMS, Problem
from contract.size_and_time_limits import PROBLEM_MEDIA_TYPE
from contract.vocabulary import (
    BATCH_KINDS,
    KINDS_WITH_BODY,
    KINDS_WITH_IF_MATCH,
    READ_KINDS,
    Kind,
    Method,
    reason_phrase,
)

When = Callable[[Operation], bool]


def _always(_: Operation) -> bool:
    return True


def _with_token(row: Operation) -> bool:
    return not row.is_public


def _with_scope(row: Operation) -> bool:
    return row.scope is not None


def _with_body(row: Operation) -> bool:
    return row.kind in KINDS_WITH_BODY


def _on_one(row: Operation) -> bool:
    return "{" in row.path


def _on_a_record(row: Operation) -> bool:
    return _on_one(row) and row.resource_row is not None


def _paged(row: Operation) -> bool:
    return row.kind in (Kind.LIST, Kind.SEARCH)


def _upsert(row: Operation) -> bool:
    return row.kind is Kind.UPSERT


def _writes_one(row: Operation) -> bool:
    return row.kind not in READ_KINDS and row.kind not in BATCH_KINDS


def _on_live(row: Operation) -> bool:
    """A deleted record is in the way: not of a restore, and what cannot be deleted never is."""
    if "{" not in row.path or row.kind not in (Kind.GET, *KINDS_WITH_IF_MATCH):
        return False
    return Kind.DELETE in row.resource.kinds and not row.resource.ends_permanently


def _sets_values(row: Operation) -> bool:
    return row.kind in (Kind.CREATE, Kind.UPDATE, Kind.UPSERT, Kind.RESTORE)


def _frees_a_place(row: Operation) -> bool:
    """Configuration: other records stand in it."""
    return row.kind is Kind.DELETE and row.resource.deletable and "owner_id" not in row.resource.by_name


def _meets_others(row: Operation) -> bool:
    return row.kind in (Kind.UPDATE, Kind.UPSERT, Kind.RESTORE) and row.resource.money is not None


def _keyed(row: Operation) -> bool:
    return row.takes_idempotency_key


def _needs_store(row: Operation) -> bool:
    return row.takes_idempotency_key or row.kind is Kind.REQUESTS


def _conditional(row: Operation) -> bool:
    return row.kind in KINDS_WITH_IF_MATCH


def _asks_a_service(row: Operation) -> bool:
    """Whether it needs an internal service, which may lack the operation, the resource, dry runs or a filter."""
    return row.resource_row is not None


RAISED_BY: dict[Problem, When] = {
    problems.AUTHENTICATION_REQUIRED: _with_token,
    problems.INVALID_TOKEN: _with_token,
    problems.INSUFFICIENT_SCOPE: _with_scope,
    problems.INSUFFICIENT_PERMISSION: _with_scope,
    problems.BUSINESS_SUSPENDED: _with_token,
    problems.RESOURCE_NOT_FOUND: _on_one,
    problems.RESOURCE_DELETED: _on_live,
    problems.VERSION_REQUIRED: _with_token,
    problems.VERSION_INVALID: _with_token,
    problems.VERSION_UNSUPPORTED: _with_token,
    problems.VERSION_RETIRED: _with_token,
    problems.MALFORMED_REQUEST: _always,
    problems.INVALID_PARAMETER: _always,
    problems.INVALID_ID: _on_a_record,
    problems.INVALID_CURSOR: _paged,
    problems.REQUEST_TIMEOUT: _always,
    problems.NOT_SUPPORTED: _asks_a_service,
    problems.HEADERS_TOO_LARGE: _always,
    problems.PAYLOAD_TOO_LARGE: _with_body,
    problems.UNSUPPORTED_MEDIA_TYPE: _with_body,
    problems.NOT_ACCEPTABLE: _with_token,
    problems.VALIDATION_FAILED: _with_body,
    problems.BUSINESS_RULE_VIOLATED: _writes_one,
    problems.DUPLICATE_RESOURCE: _sets_values,
    problems.AMBIGUOUS_MATCH: _upsert,
    problems.RESOURCE_IN_USE: _frees_a_place,
    problems.CONFLICT: _meets_others,
    problems.IDEMPOTENCY_IN_PROGRESS: _keyed,
    problems.IDEMPOTENCY_OUTCOME_UNKNOWN: _keyed,
    problems.IDEMPOTENCY_KEY_REUSED: _keyed,
    problems.IDEMPOTENCY_UNAVAILABLE: _needs_store,
    problems.PRECONDITION_FAILED: _conditional,
    problems.RATE_LIMITED: _always,
    problems.INTERNAL_ERROR: _always,
    problems.UPSTREAM_INVALID: _always,
    problems.UPSTREAM_UNAVAILABLE: _always,
    problems.UPSTREAM_TIMEOUT: _always,
    problems.OVERLOADED: _always,
}
"""When an operation can answer so."""

UNROUTED_PROBLEMS = (problems.ROUTE_NOT_FOUND, problems.METHOD_NOT_ALLOWED, problems.UPGRADE_REQUIRED)
"""What is said of requests that are for none."""

_BEFORE_THE_DECISION = {400, 401, 408, 431}
"""Statuses that can be told before anything is counted: their answers promise no rate headers."""


BEFORE_THE_BUDGET = (
    "Only the answers that counted the request against your plan carry all rate headers. Two limits stop a flood "
    "earlier: one for your address, whose 429 carries `Retry-After` alone, and one for your token at twice the largest "
    "plan, whose 429 carries `Retry-After` and `X-RateLimit-Remaining: 0`."
)
"""What a 429 by the edge lacks. It has no request's budget at hand."""


def problems_of(row: Operation) -> dict[int, tuple[Problem, ...]]:
    """The problems of an operation by status, ascending."""
    found: dict[int, tuple[Problem, ...]] = {}
    for problem, when in RAISED_BY.items():
        if when(row):
            found[problem.status] = (*found.get(problem.status, ()), problem)
    return dict(sorted(found.items()))


Set = tuple[int, tuple[Problem, ...], str]
"""A status, the problems that can be told with it, and the header that says more of the media types."""


class ProblemResponses:
    """The answers that tell of problems: a component for each set of them.

    The commonest set of a status has its plain name; each other one is named for the first operation that has it.
    """

    def __init__(self, rows: Iterable[Operation]) -> None:
        firsts: dict[Set, str] = {}
        counted: Counter[Set] = Counter()
        for row in rows:
            for key in _sets(row):
                firsts.setdefault(key, row.id)
                counted[key] += 1
        commonest = {key[0]: key for key, _ in reversed(counted.most_common())}
        self._names = {
            key: _phrase(key[0]) + ("" if commonest[key[0]] == key else pascal(first)) for key, first in firsts.items()
        }
        self.components = {name: _answer(*key) for key, name in self._names.items()}

    def of(self, row: Operation) -> dict[str, Schema]:
        """The refusals of an operation, by status."""
        return {str(key[0]): ref(self._names[key], "responses") for key in _sets(row)}


def _sets(row: Operation) -> list[Set]:
    return [(status, told_of, _media(row, status)) for status, told_of in problems_of(row).items()]


def _media(row: Operation, status: int) -> str:
    """What a 415 says of the body's type besides."""
    return headers.ACCEPT_PATCH if status == 415 and row.method is Method.PATCH else ""


def _phrase(status: int) -> str:
    return pascal(reason_phrase(status).lower().replace(" ", "_"))


def _answer(status: int, told_of: tuple[Problem, ...], media: str) -> Schema:
    names = [headers.REQUEST_ID.name]
    if status not in _BEFORE_THE_DECISION:
        names += headers.RATE_HEADERS
    if status in (401, 403):
        names.append(headers.WWW_AUTHENTICATE)
    if media:
        names.append(media)
    if status == 415:
        names.append(headers.ACCEPT_ENCODING)
    if any(problem.retry_after_s or problem is problems.RATE_LIMITED for problem in told_of):
        names.append(headers.RETRY_AFTER)
    return {
        "description": "\n".join(f"- `{problem.code}`: {problem.title}. {problem.detail}" for problem in told_of)
        + (f"\n\n{BEFORE_THE_BUDGET}" if status == problems.RATE_LIMITED.status else ""),
        "headers": header_references(*names),
        "content": {
            PROBLEM_MEDIA_TYPE: {
                "schema": ref("Problem"),
                "examples": {problem.code: ref(problem.code, "examples") for problem in told_of},
            }
        },
    }


def example_components() -> dict[str, Schema]:
    """An example of every problem."""
    return {
        problem.code: {"summary": problem.title, "value": example_body(problem, EXAMPLE_API_URL)}
        for problem in PROBLEMS
    }
