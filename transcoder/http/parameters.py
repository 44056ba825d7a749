"""[pure] Query parameters: which an operation takes, and what each says. Every fault is told at once (400)."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from contract import ids
from contract.operations import Operation
from contract.parameters import COMMON_MISTAKES, COMMON_WORD_MISTAKES, WINDOWS, list_sort_keys, parameters_of
from contract.problems import INVALID_PARAMETER, ItemError
from contract.resources import Resource
from contract.size_and_time_limits import DEFAULT_LIMIT, MAX_ERRORS, MAX_IDEMPOTENCY_KEY, MAX_IDS, MAX_LIMIT
from contract.types import Bool, DateTime, Id, Line, Phone
from contract.vocabulary import Kind
from transcoder.backend.interface import NO_RECORD, Condition
from transcoder.presentation.errors import ApiError
from transcoder.presentation.versioning import Translation
from transcoder.validation.pointers import MIN_SIMILARITY, did_you_mean
from transcoder.validation.values import InvalidValue, ValidationContext, check, malformed_id_error

_WHOLE = re.compile(r"-?[0-9]+")
_NO_UTF_8 = re.compile(r"[\ud800-\udfff]")
"""Where a query's bytes are no UTF-8 (`pairs_of`)."""
_SHOWN = 64
"""Characters of a caller's own words in an answer."""


def pairs_of(query: str) -> list[tuple[str, str]]:
    """Names and values of a query, in their order; empty ones too. Bytes that are no UTF-8 are surrogates."""
    return parse_qsl(query, keep_blank_values=True, errors="surrogateescape")


@dataclass(frozen=True, slots=True)
class Parameters:
    """What the query said, defaults filled in. `order_by` and `descending` None: not said."""

    fields: frozenset[str] | None = None
    deleted: str = "exclude"
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None
    order_by: str | None = None
    descending: bool | None = None
    include_total: bool = False
    conditions: tuple[Condition, ...] = ()
    dry_run: bool = False
    on: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class ParameterContext:
    """What a parameter is judged by."""

    operation: Operation
    around: ValidationContext
    translation: Translation

    @property
    def resource(self) -> Resource:
        """The operation's resource."""
        return self.operation.resource


Read = Callable[[ParameterContext, str], Any | InvalidValue]


def one_of(*allowed: str) -> Read:
    """A reader of one of several words."""

    def read(_: ParameterContext, text: str) -> str | InvalidValue:
        if text in allowed:
            return text
        meant = did_you_mean(text, allowed, MIN_SIMILARITY)
        return InvalidValue("unknown-value", "Not one of the allowed values.", allowed=allowed, did_you_mean=meant)

    return read


def _limit(_: ParameterContext, text: str) -> int | InvalidValue:
    if not _WHOLE.fullmatch(text):
        return InvalidValue("invalid-type", "Expected a whole number.", example=DEFAULT_LIMIT)
    if len(text) > 9 or not 1 <= int(text) <= MAX_LIMIT:
        return InvalidValue("out-of-range", f"Must lie between 1 and {MAX_LIMIT}.", example=DEFAULT_LIMIT)
    return int(text)


def _cursor(_: ParameterContext, text: str) -> str:
    return text  # what is wrong with one, and be it empty, is a problem of its own


def _order_by(asked: ParameterContext, text: str) -> str | InvalidValue:
    name = asked.translation.current_name(text)
    keys = list_sort_keys(asked.resource)
    if name in keys:
        return name
    return InvalidValue(
        "not-sortable", "Records cannot be ordered by this.", allowed=asked.translation.to_caller_names(keys)
    )


def _fields(asked: ParameterContext, text: str) -> frozenset[str] | InvalidValue:
    known = {field.name for field in asked.resource.fields if not field.shown_once}
    names: set[str] = set()
    for name in text.split(","):
        meant = asked.translation.current_names(name)
        if not meant or not known.issuperset(meant):
            shown = list(
                asked.translation.downgrade_record({name: None for name in asked.resource.by_name if name in known})
            )
            detail = f'There is no field "{_told(name)}".'
            return InvalidValue("unknown-field", detail, allowed=tuple(shown), did_you_mean=did_you_mean(name, shown))
        names |= set(meant)
    return frozenset(names)


def _ids(asked: ParameterContext, text: str) -> list[int] | InvalidValue:
    texts = text.split(",")
    if len(texts) > MAX_IDS:
        return InvalidValue("too-many-items", f"At most {MAX_IDS} ids.")
    kind = Id(asked.resource.prefix)
    numbers: list[int] = []
    for each in texts:
        number = _number(asked, kind, each)
        if isinstance(number, InvalidValue):
            return number
        numbers.append(number)
    return numbers


def _number(asked: ParameterContext, kind: Id, text: str) -> int | InvalidValue:
    match asked.around.open_id(kind.prefix, text):
        case ids.MalformedId() as malformed:
            return malformed_id_error(kind.prefix, malformed)
        case ids.ForeignId():
            return NO_RECORD
        case number:
            return number


def _instant(asked: ParameterContext, text: str) -> int | InvalidValue:
    # In a query an unescaped + has become a space.
    return check(DateTime(), text.replace(" ", "+"), asked.around)


def _held(kind: Any) -> Read:
    def read(asked: ParameterContext, text: str) -> Any | InvalidValue:
        match kind:
            case Id():
                return _number(asked, kind, text)
            case Bool():
                return one_of("true", "false")(asked, text) if text not in ("true", "false") else text == "true"
            case Phone() if text.startswith(" "):
                text = "+" + text[1:]
            case Line() if _NO_UTF_8.search(text):
                return InvalidValue("invalid-characters", "Must be UTF-8.")
        return check(kind, text, asked.around)

    return read


def _idempotency_key(_: ParameterContext, text: str) -> str | InvalidValue:
    if 1 <= len(text) <= MAX_IDEMPOTENCY_KEY and all(" " <= character <= "~" for character in text):
        return text
    return InvalidValue("invalid-value", f"Expected a key of 1 to {MAX_IDEMPOTENCY_KEY} printable ASCII characters.")


_OWN: dict[str, Read] = {
    "limit": _limit,
    "cursor": _cursor,
    "order_by": _order_by,
    "fields": _fields,
    "ids": _ids,
    "idempotency_key": _idempotency_key,
    **dict.fromkeys(WINDOWS, _instant),
}
"""Those that are read in a way of their own; all others by their type."""


def parsers_of(operation: Operation) -> Mapping[str, Read]:
    """The parameters that an operation takes, each with its reader; made once per operation."""
    return {row.name: _OWN.get(row.name) or _held(row.type) for row in parameters_of(operation)}


_REPEATED = InvalidValue("repeated-parameter", "A parameter may stand once.")


def parse_parameters(
    known: Mapping[str, Read], pairs: Sequence[tuple[str, str]], asked: ParameterContext
) -> Parameters:
    """What the query says; raises `invalid-parameter` with every fault."""
    read: dict[str, Any] = {}
    errors: list[ItemError] = []
    for name, text in pairs:
        if len(errors) >= MAX_ERRORS:
            break  # the rest would not be shown, and each guess at a name costs
        if name not in known:
            errors.append(unknown_parameter(name, list(known)))
            continue
        value = _REPEATED if name in read else known[name](asked, text)
        if isinstance(value, InvalidValue):
            errors.append(_item(name, value))
        read.setdefault(name, value)
    if "on" in known and "on" not in read:
        fault = InvalidValue("required", "Say which field to match by.", allowed=asked.resource.upsert_on)
        errors.append(_item("on", fault))
    if "idempotency_key" in known and "idempotency_key" not in read:
        errors.append(_item("idempotency_key", InvalidValue("required", "Say which key to look for.")))
    if errors:
        raise ApiError(INVALID_PARAMETER, errors=errors)
    return _parameters(asked.operation, read)


def unknown_parameter(name: str, known: Sequence[str]) -> ItemError:
    """What is wrong with a name that is none of `known`."""
    fault = InvalidValue(
        "unknown-parameter", "This operation takes no such parameter.", did_you_mean=suggestion(name, known)
    )
    return _item(_told(name), fault)


def _told(name: str) -> str:
    return name[:_SHOWN].encode(errors="replace").decode()


_BETWEEN_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")


def suggestion(name: str, known: Sequence[str]) -> str | None:
    """The one that other APIs call so, or that is spelt nearly so: what is only alike may be the opposite."""
    plain = _BETWEEN_WORDS.sub("_", name).strip("_").lower()  # pageSize, page-size, page[size]
    stem, _, word = plain.rpartition("_")
    bound = f"{stem.removesuffix('_at')}_{COMMON_WORD_MISTAKES.get(word, word)}"
    for ours in (COMMON_MISTAKES.get(plain), bound, f"{plain}_id"):
        if ours in known:
            return ours
    return did_you_mean(plain, known, MIN_SIMILARITY)


def _item(name: str, fault: InvalidValue) -> ItemError:
    return ItemError(
        fault.code,
        fault.detail,
        parameter=name,
        allowed=fault.allowed,
        did_you_mean=fault.did_you_mean,
        example=fault.example,
    )


def _parameters(operation: Operation, read: Mapping[str, Any]) -> Parameters:
    direction = read.get("sort_direction")
    return Parameters(
        fields=read.get("fields"),
        deleted=read.get("deleted", "exclude"),
        limit=read.get("limit", DEFAULT_LIMIT),
        cursor=read.get("cursor"),
        order_by=read.get("order_by"),
        descending=None if direction is None else direction == "desc",
        include_total=read.get("include_total", False),
        conditions=_conditions(operation, read) if operation.kind is Kind.LIST else (),
        dry_run=read.get("dry_run", False),
        on=read.get("on"),
        idempotency_key=read.get("idempotency_key"),
    )


_UNCONDITIONAL = {"limit", "cursor", "order_by", "sort_direction", "fields", "deleted", "include_total"}
"""What says nothing of single records: most lists are asked for by nothing else."""


def _conditions(operation: Operation, read: Mapping[str, Any]) -> tuple[Condition, ...]:
    if read.keys() <= _UNCONDITIONAL:
        return ()
    resource = operation.resource
    tests = [(name, *test, read[name]) for name, test in WINDOWS.items() if name in read]
    tests += [(name, name, "eq", read[name]) for name in resource.list_filters if name in read]
    tests += [(name, array, "has_any", [read[name]]) for name, array in resource.member_filters if name in read]
    if "ids" in read:
        tests.append(("ids", "id", "in", read["ids"]))
    return tuple(Condition(*test, at=f"/{name}") for name, *test in tests)
