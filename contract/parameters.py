"""The query parameters of every operation: a row each, with what it holds and what it is for. Knows no way to read one.

Which operation takes which is told by `parameters_of` alone; what none of its rows names is refused.
"""

from dataclasses import dataclass

from contract.operations import Operation
from contract.resources import Resource
from contract.size_and_time_limits import DEFAULT_LIMIT, MAX_IDS, MAX_LIMIT
from contract.types import Address, Amount, Bool, Choice, CustomFields, DateTime, FieldType, Id, Ids, Int
from contract.vocabulary import READ_KINDS, Json, Kind


@dataclass(frozen=True, slots=True)
class MemberNames:
    """A comma list of the resource's top-level members."""


@dataclass(frozen=True, slots=True)
class SortKey:
    """The name of a member that records can be ordered by."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A cursor, as an answer gave it."""


@dataclass(frozen=True, slots=True)
class IdempotencyKeyType:
    """An `Idempotency-Key`."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter; `about` is for the reader of the documentation, `default` what its absence says.

    `filters`: it selects the records whose member of that name has this value (in `has_any` of an array's ids).
    """

    name: str
    type: FieldType | MemberNames | SortKey | Cursor | IdempotencyKeyType
    about: str
    required: bool = False
    default: Json = None
    filters: str | None = None


DELETED = ("exclude", "include", "only")
DIRECTIONS = ("asc", "desc")
WINDOWS: dict[str, tuple[str, str]] = {
    "created_since": ("created_at", "gte"),
    "created_until": ("created_at", "lt"),
    "updated_since": ("updated_at", "gte"),
    "updated_until": ("updated_at", "lt"),
}
"""Half-open: `[since, until)`."""


def windows_of(resource: Resource) -> dict[str, tuple[str, str]]:
    """Those of instants that the resource has."""
    return {name: window for name, window in WINDOWS.items() if window[0] in resource.by_name}


COMMON_MISTAKES: dict[str, str] = {
    **dict.fromkeys(("page_size", "pagesize", "per_page", "perpage", "max_results", "top", "take"), "limit"),
    **dict.fromkeys(("sort", "sort_by", "sortby", "order", "orderby"), "order_by"),
    **dict.fromkeys(("direction", "dir", "sort_dir", "sort_order", "order_direction"), "sort_direction"),
    **dict.fromkeys(
        (
            "after",
            "next",
            "next_cursor",
            "starting_after",
            "start_after",
            "page_token",
            "next_page_token",
            "page_after",
        ),
        "cursor",
    ),
    **dict.fromkeys(("count", "total", "with_total", "include_count"), "include_total"),
    **dict.fromkeys(("include_deleted", "with_deleted", "show_deleted"), "deleted"),
    **dict.fromkeys(("select", "properties"), "fields"),
    **dict.fromkeys(("q", "query", "search", "text"), "search_text"),
    **dict.fromkeys(("where", "conditions"), "filters"),
}
"""What other APIs call a parameter, or a member of a search → what it is called here."""
COMMON_WORD_MISTAKES: dict[str, str] = {
    **dict.fromkeys(("after", "from", "gte", "gt", "ge", "min", "start"), "since"),
    **dict.fromkeys(("before", "to", "lte", "lt", "le", "max", "end"), "until"),
}
"""The last word of a bound in other APIs, as in `created_after` → the last word of `WINDOWS`."""

_WINDOW_WORDS = {"gte": "at this instant or later", "lt": "before this instant"}

_FIELDS = Parameter(
    "fields", MemberNames(), "Answer only with these members, separated by commas; `id` is always among them."
)
_LIMIT = Parameter("limit", Int(1, MAX_LIMIT), "How many records a page holds at most.", default=DEFAULT_LIMIT)
_CURSOR = Parameter(
    "cursor",
    Cursor(),
    "Where the page begins: `meta.cursor.next` of the page before. It goes with the query that gave it, for 30 days; "
    "`limit`, `fields`, `include_total`, the version and the token may change between pages.",
)
_TOTAL = Parameter("include_total", Bool(), "Count all records that match, and tell in `meta.total`.", default=False)
_DRY_RUN = Parameter(
    "dry_run",
    Bool(),
    "Check everything and write nothing: the answer is 200 with the record as it would be and `meta.dry_run`. "
    "An `Idempotency-Key` is neither read nor stored.",
    default=False,
)
_WORDS_OF_DELETED = "Whether deleted records are shown: not at all, too, or alone."
_DELETED = Parameter("deleted", Choice(DELETED), _WORDS_OF_DELETED, default="exclude")
_OF_ONE = Parameter(
    "deleted", Choice(DELETED[:2]), "`include`: show the record although it is deleted.", default="exclude"
)
_IDEMPOTENCY_KEY = Parameter(
    "idempotency_key",
    IdempotencyKeyType(),
    "The `Idempotency-Key` that a request was sent with.",
    required=True,
)


def list_sort_keys(resource: Resource) -> tuple[str, ...]:
    """What a list can be ordered by: amounts of different currencies cannot be compared, and a list fixes none."""
    return tuple(name for name in resource.sort_keys if not isinstance(resource.field(name).type, Amount))


ADDRESS_FILTERS = ("city", "region", "postal_code", "country")
"""The members of an address that a condition may be about."""


def filter_names(resource: Resource) -> tuple[str, ...]:
    """What a condition of a search may be about; custom fields, whose names only the business knows, are left out."""
    names: list[str] = []
    for row in resource.fields:
        if isinstance(row.type, Address):
            names += [f"{row.name}.{member}" for member in ADDRESS_FILTERS]
        elif row.filterable and not isinstance(row.type, CustomFields):
            names.append(row.name)
    return tuple(names)


def parameters_of(operation: Operation) -> tuple[Parameter, ...]:
    """The parameters that an operation takes, in the order of the documentation."""
    if operation.kind is Kind.REQUESTS:
        return (_IDEMPOTENCY_KEY,)
    if operation.resource_row is None:
        return ()
    resource = operation.resource_row
    match operation.kind:
        case Kind.LIST:
            return _of_list(resource)
        case Kind.SEARCH:
            return (_FIELDS, *((_DELETED,) if resource.deletable else ()), _TOTAL)
        case Kind.GET:
            return (_FIELDS, *((_OF_ONE,) if resource.deletable else ()))
        case Kind.UPSERT | Kind.BATCH_UPSERT:
            return (_on(resource), _DRY_RUN)
        case kind if kind in READ_KINDS:
            return ()
    return (_DRY_RUN,)


def _of_list(resource: Resource) -> tuple[Parameter, ...]:
    return (
        _LIMIT,
        _CURSOR,
        Parameter("order_by", SortKey(), "What records are ordered by.", default=resource.order_by),
        Parameter(
            "sort_direction",
            Choice(DIRECTIONS),
            "Ascending or descending. Ties are ordered by creation; null comes last in both directions.",
            default=DIRECTIONS[resource.descending],
        ),
        _FIELDS,
        Parameter("ids", Ids(resource.prefix, MAX_IDS), "Only the records with these ids, separated by commas."),
        *(
            Parameter(name, DateTime(), f"Only records whose `{field}` lies {_WINDOW_WORDS[test]}, from 1970 to 2100.")
            for name, (field, test) in windows_of(resource).items()
        ),
        *((_DELETED,) if resource.deletable else ()),
        _TOTAL,
        *(_filter(resource, name) for name in resource.list_filters),
        *(_inside(resource, name, array) for name, array in resource.member_filters),
    )


def _filter(resource: Resource, name: str) -> Parameter:
    about = f"Only records whose `{name}` is this; normalised like a written value."
    return Parameter(name, resource.field(name).type, about, filters=name)


def _inside(resource: Resource, name: str, array: str) -> Parameter:
    kind = resource.field(array).type
    if not isinstance(kind, Ids):
        raise TypeError(f"{resource.name}.{array} holds no ids")
    return Parameter(name, Id(kind.prefix), f"Only records whose `{array}` hold this id.", filters=array)


def _on(resource: Resource) -> Parameter:
    about = "The field to match by: a live record with the same value is changed, else one is created."
    return Parameter("on", Choice(resource.upsert_on), about, required=True)
