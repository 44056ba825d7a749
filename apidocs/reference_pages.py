"""[pure] The pages of facts that people look things up in, made of the contract's rows: a function each."""

from collections.abc import Callable, Mapping
from typing import assert_never

from apidocs.headers import RESPONSE_HEADERS, title
from apidocs.markdown import code, codes, mark, page, table
from apidocs.permissions import permissions_page
from apidocs.problem_responses import BEFORE_THE_BUDGET
from apidocs.sync_durations import format_duration, sync_seconds
from apidocs.texts import summary
from contract import headers, size_and_time_limits
from contract.documents import DOCUMENTS
from contract.failure_modes import FAILURES, FailClosed, FailOpen
from contract.headers import HEADERS, RATE_HEADERS, REQUEST_ID, Header, Writer
from contract.operations import OPERATIONS, PERMISSIONS, SCOPES, Operation
from contract.problem_docs import PROBLEM_DOCS, ClientAction, client_action
from contract.problems import PROBLEMS, Problem
from contract.rate_plans import PLANS
from contract.roles import Role

SYNCED = 2_000_000
"""Records of the sync that `limits.md` reckons with."""

_TREATMENTS: Mapping[ClientAction, str] = {
    ClientAction.RETRY: "Send the same request again, after `Retry-After` seconds where there is one, else after "
    "a pause that grows. Where `outcome` is `unknown`, a write may have happened: send it again only with its "
    "`Idempotency-Key`.",
    ClientAction.AUTHENTICATE: "Get a new token and send the request again, once.",
    ClientAction.FIX: "The request has to change: by your program, by its author, or by whoever typed the values.",
    ClientAction.STOP: "No request of this program would do better: somebody has to grant, decide or look. Tell them.",
}


def problems() -> str:
    """Every problem, with what a client does about it."""
    return page(
        "Problems",
        "Every refusal is `application/problem+json` (RFC 9457). Switch on `code`; new codes may come: then go by "
        "`retryable` and by the status. The same is served at `/problems`, as pages and as JSON. How to write a client "
        "that does all this: [the guide](../guides/problems.md).",
        table(("do", "what that means"), ((f"**{each}**", _TREATMENTS[each]) for each in ClientAction)),
        table(
            ("code", "status", "do", "outcome", "what happened", "how to right it"),
            (_problem(row) for row in sorted(PROBLEMS, key=lambda row: row.status)),
        ),
    )


def _problem(row: Problem) -> tuple[object, ...]:
    told = PROBLEM_DOCS[row]
    outcome = code(row.outcome) if row.outcome else ""
    return code(row.code), row.status, client_action(row), outcome, told.cause, told.remedy


def header_page() -> str:
    """Every header, with who writes it."""
    return page(
        "Headers",
        "The edge removes from what a caller sends every header that is not the caller's to write, and whatever begins "
        f"with {' or '.join(map(code, headers.INTERNAL_PREFIXES))}.",
        "## In requests",
        table(("header", "written by", "what it says"), map(_sent, HEADERS)),
        "## In answers",
        "`Retry-After` and the `X-RateLimit-…-Reset` are in **seconds from now**, never instants.",
        table(("header", "written by", "what it says", "such as"), (_answered(name) for name in RESPONSE_HEADERS)),
        "Besides, the edge writes on every answer:",
        table(("header", "value"), ((title(name), code(value)) for name, value in headers.COMMON_RESPONSE_HEADERS)),
        "and on every answer under `/v1`:",
        table(("header", "value"), ((title(name), code(value)) for name, value in headers.PRIVATE_RESPONSE_HEADERS)),
    )


def _sent(row: Header) -> tuple[object, ...]:
    spelled = title(row.name) if row.writer is Writer.CALLER or row is REQUEST_ID else row.name
    return code(spelled), row.writer.value, row.about


def _answered(name: str) -> tuple[object, ...]:
    told = RESPONSE_HEADERS[name]
    writer = "whoever answers"
    if name in RATE_HEADERS:
        writer = "authz"
    if name == REQUEST_ID.name:
        writer = "edge"
    return code(title(name)), writer, told["description"], code(told["schema"]["examples"][0])


def scopes() -> str:
    """Scopes, permissions, and which role has which."""
    return page(
        "Scopes and roles",
        "A call may do what the token's scopes **and** its user's role both allow. `write` implies neither `read` nor "
        "`delete`. A `permissions` claim (a business's own role) replaces the role's column.",
        "## Scopes",
        table(
            ("scope", "on the consent page", "operations"),
            (
                (code(scope.name), scope.description, codes(row.id for row in OPERATIONS if row.scope is scope))
                for scope in SCOPES
            ),
        ),
        "## Permissions by role",
        "A scope needs the permission of its name. `…:write_all` and `…:delete_all` are for records of other owners, "
        "`records:assign` for naming another owner; no token asks for these three.",
        table(
            ("permission", *(role.word for role in Role)),
            (
                (code(held.name), *(mark(role >= held.lowest) for role in Role))
                for held in sorted(PERMISSIONS, key=lambda held: held.name)
            ),
        ),
    )


def limits() -> str:
    """Plans, costs, and how long a large sync takes."""
    return page(
        "Limits and costs",
        "Limits count **cost units**, not calls, per token family: a rotated or refreshed token has no new budget. "
        "Both policies must have room, and both refill continuously: no window begins at midnight. A 429 costs "
        "nothing; after `Retry-After` seconds the request does pass. `X-RateLimit-Reset` is in **seconds from now** "
        "until the budget is full.",
        BEFORE_THE_BUDGET,
        "## Plans",
        table(
            ("plan", "burst", "that is", "daily"),
            (
                (
                    code(plan.name),
                    f"{plan.burst.limit} in {plan.burst.window_s} s",
                    f"{plan.burst.limit / plan.burst.window_s:g} a second, once the first {plan.burst.limit} are spent",
                    f"{plan.daily.limit:,} in {plan.daily.window_s:,} s",
                )
                for plan in PLANS.values()
            ),
        ),
        f"## How long {SYNCED:,} records take",
        "By arithmetic, on a budget that is full at the beginning and that nobody else spends: the longest of "
        "`(units − limit) × window ÷ limit` over both policies. A dry run costs what the write costs.",
        _durations(),
        "## Costs",
        "An unknown path and a wrong method cost 1 too; `HEAD` costs what its `GET` costs, `OPTIONS` nothing.",
        table(
            ("operation", "call", "units", "scope", "`Idempotency-Key`", "what it does"),
            map(_operation, OPERATIONS),
        ),
        "Without a token, and free: " + codes(row.path for row in DOCUMENTS) + ".",
    )


def _operation(row: Operation) -> tuple[object, ...]:
    scope = code(row.scope.name) if row.scope else ""
    return (
        code(row.id),
        code(f"{row.method} {row.path}"),
        row.cost,
        scope,
        mark(row.takes_idempotency_key),
        summary(row),
    )


def _durations() -> str:
    by_id = {row.id: row for row in OPERATIONS}
    ways = {
        f"by batches of {size_and_time_limits.MAX_BATCH_ITEMS}": (
            by_id["contacts.batch_upsert"],
            size_and_time_limits.MAX_BATCH_ITEMS,
        ),
        "one at a time": (by_id["contacts.upsert"], 1),
        f"read, {size_and_time_limits.MAX_LIMIT} a page": (by_id["contacts.list"], size_and_time_limits.MAX_LIMIT),
    }
    units = {way: -(-SYNCED // records) * row.cost for way, (row, records) in ways.items()}
    return table(
        ("plan", *(f"{way}: {cost:,} units" for way, cost in units.items())),
        (
            (code(plan.name), *(format_duration(sync_seconds(plan, cost)) for cost in units.values()))
            for plan in PLANS.values()
        ),
    )


_BOUNDS: Mapping[str, str] = {
    "MAX_BODY_BYTES": "Bytes of a request body",
    "MAX_BATCH_BODY_BYTES": "Bytes of a batch's body",
    "MAX_HEADER_BYTES": "Bytes of all request headers together, as the edge counts them",
    "MAX_HEADERS": "Request headers, the parts of the request line among them",
    "MAX_NESTING": "Depth of JSON",
    "MAX_JSON_TOKENS": "Strings, numbers, objects and arrays in a batch of more bytes than other bodies have",
    "MAX_INTEGER": "The largest integer in JSON: 2⁵³ − 1 (RFC 8259 §6)",
    "MAX_ERRORS": "Entries of `errors` in one problem",
    "MAX_LIMIT": "Records a page",
    "DEFAULT_LIMIT": "Records a page, unless `limit` says otherwise",
    "MAX_IDS": "Ids in the parameter `ids`",
    "MAX_BATCH_ITEMS": "Items in a batch",
    "MAX_SEARCH_TEXT": "Characters of `search_text`",
    "MAX_FILTER_DEPTH": "Depth of groups in `filters`",
    "MAX_CONDITIONS": "Conditions in one search, and in one group of it",
    "MAX_LIST_VALUES": "Values in one condition",
    "MAX_PATTERN": "Characters of what `contains` and `starts_with` look for",
    "MAX_IDEMPOTENCY_KEY": "Characters of an `Idempotency-Key`",
    "CURSOR_LIFETIME_S": "Seconds that a cursor lives",
    "EDGE_TIMEOUT_S": "Seconds for a request, all in all",
    "REQUEST_TIMEOUT_S": "Seconds of them that the transcoder has",
    "INTERNAL_TIMEOUT_S": "Seconds of these that the internal service has",
    "DECISION_TIMEOUT_S": "Seconds for the decision whether a request may pass",
    "STORE_TIMEOUT_S": "Seconds for a question to the store of limits and keys",
    "MAX_IN_FLIGHT_PER_TRANSCODER": "Requests under way at once, for each transcoder; half of that of one resource",
    "IDEMPOTENCY_LEASE_S": "Seconds until a keyed request that was lost may be tried again",
    "IDEMPOTENCY_RETENTION_S": "Seconds that an `Idempotency-Key` is remembered",
    "RECEIPT_RETENTION_S": "Seconds that a request's receipt is kept",
    "RECEIPTS_PER_BUSINESS": "Receipts that are kept of a business: its latest",
    "MAX_STORED_RESPONSE_BYTES": "Bytes of an answer that is stored under a key; of a larger one statuses and ids are",
    "MAX_TOKEN_LIFETIME_S": "Seconds that a token can live at most",
    "DEFAULT_PAT_LIFETIME_S": "Seconds that a personal access token lives unless `expires_at` says otherwise",
    "MAX_OVERLAP_S": "Seconds that an old token or secret may go on beside the one that replaces it",
    "MAX_PATS": "Live personal access tokens of a business",
    "MAX_APPS": "Apps of a business",
    "CLOCK_SKEW_S": "Seconds that other clocks may be wrong",
}


def bound_page() -> str:
    """Sizes and times."""
    values = {
        name: value
        for name, value in vars(size_and_time_limits).items()
        if isinstance(value, int | float) and name.isupper()
    }
    return page(
        "Bounds",
        "What is larger, longer or later than this is refused, never cut. Fields have bounds of their own: see the "
        "schemas of the OpenAPI document.",
        table(("bound", "value"), ((_BOUNDS[name], f"{value:,}".removesuffix(".0")) for name, value in values.items())),
    )


def _answer(row: FailClosed | FailOpen) -> str:
    match row:
        case FailClosed(problem=answer):
            return f"{answer.status} `{answer.code}`"
        case FailOpen(instead=instead):
            return f"as ever, by {instead}"
    assert_never(row)


def failures() -> str:
    """What is answered when something that the gateway leans on is gone."""
    return page(
        "Failures",
        "What a caller gets while something is gone, and why it is so.",
        table(
            ("gone", "for", "the answer", "why"),
            ((row.dependency, row.component, _answer(row), row.reason) for row in FAILURES),
        ),
    )


PAGES: Mapping[str, Callable[[], str]] = {
    "bounds.md": bound_page,
    "decisions.md": permissions_page,
    "failures.md": failures,
    "headers.md": header_page,
    "limits.md": limits,
    "problems.md": problems,
    "scopes.md": scopes,
}
"""By the name of its file."""
