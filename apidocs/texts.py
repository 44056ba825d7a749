"""[pure] What is said in words: the introduction, and a line and a paragraph for every kind of operation."""

from contract.documents import EXAMPLE_API_URL, GUIDE_PAGE
from contract.operations import Operation
from contract.rate_plans import PLANS
from contract.size_and_time_limits import DEFAULT_LIMIT, MAX_BATCH_ITEMS, MAX_LIMIT, RECEIPTS_PER_BUSINESS
from contract.versions import VERSIONS, Version
from contract.vocabulary import Kind

TITLE = "Public API"

SUMMARIES: dict[Kind, str] = {
    Kind.LIST: "List {many}",
    Kind.CREATE: "Create {one}",
    Kind.GET: "Get {one}",
    Kind.UPDATE: "Update {one}",
    Kind.DELETE: "Delete {one}",
    Kind.RESTORE: "Restore {one}",
    Kind.SEARCH: "Search {many}",
    Kind.UPSERT: "Upsert {one}",
    Kind.BATCH_CREATE: "Create many {many}",
    Kind.BATCH_GET: "Get many {many}",
    Kind.BATCH_UPDATE: "Update many {many}",
    Kind.BATCH_DELETE: "Delete many {many}",
    Kind.BATCH_UPSERT: "Upsert many {many}",
    Kind.ME: "Who am I?",
    Kind.REQUESTS: "Did it happen?",
    Kind.RECEIPT: "Get the receipt of a request",
    Kind.EXPLAIN: "Explain a decision",
    Kind.VERSIONS: "List the versions of the API",
}
_SYNC_GUIDE = EXAMPLE_API_URL + GUIDE_PAGE.path.format(name="sync")
_ITEMS = (
    f"1 to {MAX_BATCH_ITEMS} items, each with an outcome of its own, in order: the answer is 200 although items "
    "failed. Another shape of the body fails the whole."
)
DESCRIPTIONS: dict[Kind, str] = {
    Kind.LIST: "A page of records. Follow `meta.cursor.next` while `meta.cursor.has_more`. With "
    "`order_by=updated_at` and "
    "`sort_direction=asc` the last page has a `next` too, a bookmark: poll it for what has changed since, with "
    "`deleted=include` for deletions. Records may come again, none is missed.",
    Kind.CREATE: "Send an `Idempotency-Key` so that a retry cannot make a double.",
    Kind.GET: "A deleted record is 410 unless `deleted=include` is given.",
    Kind.UPDATE: "A merge patch: absent members stay, null clears, arrays are replaced. With `If-Match` nobody else's "
    "change is overwritten. An empty patch writes nothing.",
    Kind.DELETE: "The record can be restored for 30 days; then it is purged.",
    Kind.RESTORE: "Takes a delete back, within 30 days. A live record stays as it is.",
    Kind.SEARCH: "A page of the records that all `filters` hold for, and whose members have words that begin with "
    "those of `search_text`. A record that was written before the search began is found.",
    Kind.UPSERT: "Changes the live record whose `on` member has the same value, else creates one; `meta.result` says "
    "which. The body is a whole create body; of a match, the members that are present are a merge patch.",
    Kind.BATCH_CREATE: _ITEMS,
    Kind.BATCH_GET: f"{_ITEMS} An unknown id is its item's 404, a deleted record its item's 410.",
    Kind.BATCH_UPDATE: f"{_ITEMS} An item may hold `if_match`.",
    Kind.BATCH_DELETE: _ITEMS,
    Kind.BATCH_UPSERT: f"{_ITEMS} The fastest way to sync: see [the guide]({_SYNC_GUIDE}).",
    Kind.ME: "The business, user, role, permissions, scopes, plan and limits of the token.",
    Kind.REQUESTS: "What became of the requests that were sent with an `Idempotency-Key`, without sending the body "
    "again: an entry for each operation, newest first, or a single one whose `state` is `absent`.",
    Kind.RECEIPT: "What became of a request of the last 24 hours: a problem's `instance` is its path. One's own, "
    f"and with `tokens:manage` the whole business's. A busy business keeps its latest {RECEIPTS_PER_BUSINESS:,}.",
    Kind.EXPLAIN: "Whether a token with these scopes, of a user with this role, may do an operation, and why: by what "
    "decides on every call. What a token's state, limits and the owner of a record add is no part of it.",
    Kind.VERSIONS: "Newest first, each with what changed with it. Needs no token and no `Version`.",
}


def summary(row: Operation) -> str:
    """The operation in a few words."""
    if row.action is not None:
        return row.action.summary or f"{row.action.name.replace('_', ' ').capitalize()} {noun_with_article(row)}"
    many = "" if row.resource_row is None else row.resource_row.name.replace("_", " ")
    own = "" if row.resource_row is None else row.resource_row.texts_of(row.kind).summary
    return own or SUMMARIES[row.kind].format(one=noun_with_article(row), many=many)


def noun_with_article(row: Operation) -> str:
    """`a contact`."""
    if row.resource_row is None:
        return ""
    noun = row.resource_row.noun.replace("_", " ")
    return f"{'an' if noun[0] in 'aeio' else 'a'} {noun}"  # no u: a user


def description(row: Operation) -> str:
    """What the operation does, what it needs and what it costs."""
    about = row.action.about if row.action is not None else _about(row)
    return "\n\n".join(part for part in (about, _needs(row)) if part)


def _about(row: Operation) -> str:
    own = "" if row.resource_row is None else row.resource_row.texts_of(row.kind).about
    return own or DESCRIPTIONS[row.kind]


def _needs(row: Operation) -> str:
    if row.is_public:
        return ""
    needs = "any token"
    if row.scope is not None:
        needs = f"the scope `{row.scope.name}`, and a user with the role {row.scope.permission.lowest.word} or above"
    return f"Needs {needs}. Costs {row.cost} unit{'s' if row.cost > 1 else ''}."


def introduction(version: Version) -> str:
    """What holds for every operation."""
    plans = "\n".join(
        f"| `{plan.name}` | {plan.burst.limit} in {plan.burst.window_s} s | {plan.daily.limit:,} in "
        f"{plan.daily.window_s // 3600} h |"
        for plan in PLANS.values()
    )
    return "\n\n".join((_BEGIN, _versions(version), _LIMITS.replace("<plans>", plans), _MORE))


def _versions(version: Version) -> str:
    changes = "\n".join(f"- {change.resource.name}: {change.description}" for change in version.changes)
    others = ", ".join(f"`{each.date}`" for each in VERSIONS if each is not version)
    told = f"**Version.** This is the document of version `{version.date}`; there are others: {others}."
    return f"{told} New with it:\n\n{changes}" if changes else told


_BEGIN = """One pattern for every resource: once you know one, you know all.

**Authentication.** `Authorization: Bearer <token>` with every call. A call may do what the token's scopes and its \
user's role both allow.

**Ids** are opaque, type-prefixed strings of at most 64 characters, case-sensitive. Keep them as they are.

**Answers** are `{"data": …, "meta": …}`. Unknown members may appear at any time: ignore them. In requests they are \
refused, as is every unknown parameter: nothing is ever silently dropped. Instants are RFC 3339 in UTC, days \
`YYYY-MM-DD`."""
_LIMITS = f"""**Pages** hold {DEFAULT_LIMIT} records unless `limit` says otherwise, at most {MAX_LIMIT}; a cursor \
leads to the next one.

**Problems** (RFC 9457): switch on `code`, show `detail`, log `trace_id`. `type` is a page that says how to right it. \
`retryable` says that the same request may pass later, `outcome` whether the write may have happened.

**Limits** are per token family, in cost units; all policies refill continuously. \
**`X-RateLimit-Reset` is in seconds from now, never an instant.** After `Retry-After` seconds a request does pass.

| plan | burst | daily |
| --- | --- | --- |
<plans>"""
_MORE = """**Idempotency.** With an `Idempotency-Key` the same request is carried out once in 24 hours, however \
often it is sent. While the first runs, the answer is 409 `idempotency-in-progress`; a refusal frees the key.

**Dry runs.** `?dry_run=true` on a write checks everything and writes nothing."""
