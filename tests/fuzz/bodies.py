"""What must hold of the readers of bodies and queries: filters, new records, merge patches, versions, parameters.

As in `texts`, a judgement takes bytes, raises AssertionError where it does not hold, and asks public functions alone.
"""

import copy
from collections.abc import Callable, Iterator
from typing import Any

from contract.operations import BY_ID
from contract.size_and_time_limits import MAX_CONDITIONS, MAX_ERRORS, MAX_FILTER_DEPTH, MAX_LIST_VALUES
from contract.vocabulary import Json
from tests.fuzz.choices import Choices
from tests.spec.operations import OF_RECORDS, PREFIXES, SIX
from tests.spec.resources import MEMBERS, OPERATORS, WITH_CUSTOM, names
from tests.unit.transcoder.calls import a_call, an_older_call
from tests.unit.transcoder.surroundings import AROUND, DEFINITIONS, SAME, an_id, nobody, older
from transcoder.backend.interface import AllOf, AnyOf, Condition, NotOf
from transcoder.http.parameters import ParameterContext, parse_parameters, parsers_of
from transcoder.operations import create, search, update
from transcoder.presentation.errors import ApiError

_RESOURCES = {row.name: row for row in (BY_ID[f"{name}.search"].resource for name in SIX)}
_ALL_OPERATORS = tuple(dict.fromkeys(operator for some in OPERATORS.values() for operator in some))
_CUSTOM = tuple(f"custom_fields.{key}" for key in DEFINITIONS)


def judge_filters(data: bytes) -> object:
    """A search is taken within its bounds, or refused at places that its body has."""
    choices = Choices(data)
    resource, old = choices.one(SIX), bool(choices.pick(2))
    fields = (*names(resource, first=old), "address.city", *(_CUSTOM if resource in WITH_CUSTOM else ()))
    body = {choices.name(("filters",)): [_node(choices, resource, fields, 0) for _ in range(choices.pick(5))]}
    if not choices.pick(3):
        body |= {choices.name(("search_text", "order_by", "limit", "cursor")): choices.value(fields)}
    wish = _judged(search.check, f"{resource}.search", body, old=old)
    if wish is None:
        return "refused"
    if wish.where is None:
        return "none"
    _within_bounds(wish.where)
    return "taken"


def _node(choices: Choices, resource: str, fields: tuple[str, ...], depth: int) -> Json:
    kind = choices.pick(12)
    if kind == 11 or depth > MAX_FILTER_DEPTH + 1:
        return choices.value(fields)
    if kind < 4:
        inner = [_node(choices, resource, fields, depth + 1) for _ in range(choices.pick(4))]
        return {choices.name(("any", "all", "not")): inner if choices.pick(3) else (inner or [None])[0]}
    if kind < 9:
        return _good(choices, resource)
    value: Json = choices.value() if choices.pick(2) else choices.one(_IDS)
    if choices.pick(3) == 0:
        value = [value] * choices.pick(MAX_LIST_VALUES + 3)
    return {"field": choices.name(fields), "operator": choices.name(_ALL_OPERATORS), "value": value}


def _good(choices: Choices, resource: str) -> Json:
    """A condition that is right as a rule."""
    row = choices.one([row for row in MEMBERS[resource] if row.group])
    operator = choices.one(OPERATORS[row.group or ""])
    value: Json = choices.one(_LIKE.get(row.kind, ("lead", "x", "a@b.example", "+442079460958", "b.example")))
    if row.kind in ("id", "ids"):
        value = an_id(row.type.partition("(")[2].rstrip(")").partition(",")[0], choices.pick(9))
    if operator in ("is_null", "is_empty"):
        value = bool(choices.pick(2))
    if operator in ("in", "not_in", "between") or operator.startswith("has_"):
        value = [value] * (2 if operator == "between" else 1 + choices.pick(MAX_LIST_VALUES + 1))
    return {"field": row.name, "operator": operator, "value": value}


_LIKE: dict[str, tuple[Json, ...]] = {
    "bool": (True, False),
    "int": (0, 7),
    "date": ("2026-06-17",),
    "datetime": ("2026-06-17T14:30:00Z", "2026-06-17T14:30:00.5+01:00"),
    "currency": ("GBP", "gbp"),
    "amount": ("10.50", "0"),
    "enum": ("lead", "open", "todo", "call", "high", "inbound"),
}
_IDS = tuple(make for prefix in PREFIXES.values() for make in (an_id(prefix, 7), nobody(prefix)))


def _within_bounds(tree: Any) -> None:
    conditions = list(_conditions(tree, 0))
    assert len(conditions) <= MAX_CONDITIONS
    assert all(not isinstance(each.value, list | tuple) or len(each.value) <= MAX_LIST_VALUES for each in conditions)


def _conditions(tree: Any, depth: int) -> Iterator[Condition]:
    # The list of filters itself is one level, and so is each group.
    assert depth <= MAX_FILTER_DEPTH + 1
    match tree:
        case Condition():
            yield tree
        case AllOf(parts=parts) | AnyOf(parts=parts):
            for part in parts:
                yield from _conditions(part, depth + 1)
        case NotOf(part=part):
            yield from _conditions(part, depth + 1)


def judge_merge_patch(data: bytes) -> object:
    """A patch says nothing that its body does not; a new record has nothing beyond it but defaults."""
    choices = Choices(data)
    resource, old, new = choices.one(SIX), bool(choices.pick(2)), bool(choices.pick(3) == 0)
    known = (*names(resource, first=old), "content", "value", "due_date", "body", "id", "stage_id")
    body = {choices.name(known): _member(choices, known) for _ in range(choices.pick(8))}
    check = create.check if new else update.check
    values = _judged(check, f"{resource}.{'create' if new else 'update'}", body, old=old)
    if values is None:
        return "refused"
    writable = {row.name for row in MEMBERS[resource] if row.write == "cu" or (new and row.write == "c")}
    assert set(values) <= writable
    cleared = "currency" not in body and body.get("amount", 0) is None
    if not old and not new:
        # An amount and its currency are cleared together.
        assert set(values) == set(body) | ({"currency"} if cleared else set())
        assert all((values[name] is None) == (body[name] is None) for name in body)
    return "taken"


def _member(choices: Choices, known: tuple[str, ...]) -> Json:
    match choices.pick(4):
        case 0:
            return choices.one(_IDS)
        case 1:
            return None
        case 2:
            return {choices.name(("city", "country", *DEFINITIONS)): choices.value() for _ in range(choices.pick(4))}
    return choices.value(known)


def _judged(check: Callable[[Any], Any], operation: str, body: Json, *, old: bool) -> Any:
    """What comes of a body; None when it is refused, which it must be with its own words."""
    before = copy.deepcopy(body)
    call = (an_older_call if old else a_call)(operation, body)
    try:
        found = check(call)
    except ApiError as refusal:
        assert refusal.problem.code == "validation-failed", refusal.problem.code
        assert refusal.errors
        for item in refusal.errors[:MAX_ERRORS]:
            assert item.code.replace("-", "").isalpha(), item.code
            assert item.detail
            assert item.pointer is not None
            assert _stands_in(item.pointer, before), item.pointer
        found = None
    assert body == before, "it was changed"
    return found


def _stands_in(pointer: str, body: Json) -> bool:
    """Whether a pointer (RFC 6901) leads to something, or to where something is missing."""
    if pointer == "":
        return True
    *way, last = (part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/"))
    for part in way:
        if isinstance(body, dict) and part in body:
            body = body[part]
        elif isinstance(body, list) and part.isdigit() and int(part) < len(body):
            body = body[int(part)]
        else:
            return False
    return isinstance(body, dict) or (isinstance(body, list) and last.isdigit() and int(last) < len(body))


def judge_versions(data: bytes) -> object:
    """A record as the first version knows it has that version's members; its body brought up to date says the same."""
    choices = Choices(data)
    resource = choices.one(SIX)
    translation = older(_RESOURCES[resource])
    record = {name: choices.one(_PLAUSIBLE.get(name, ("x", None))) for name in names(resource)}
    if record.get("amount", "") is None or record.get("currency", "") is None:
        record |= {"amount": None, "currency": None}  # one does not go without the other
    shown = translation.downgrade_record(dict(record))
    assert set(shown) == set(names(resource, first=True))
    brought, told = translation.upgrade_body(dict(shown))
    assert told == ()
    assert brought == {name: _to_the_day(name, value, shown) for name, value in record.items()}
    for name in (choices.name(names(resource, first=True)), choices.name(names(resource))):
        fields, field = translation.current_names(name), translation.current_name(name)
        assert (field is None) <= (not fields), name
    body = choices.value(names(resource, first=True))
    before = copy.deepcopy(body)
    translation.upgrade_body(body)
    assert body == before
    return resource


_PLAUSIBLE: dict[str, tuple[Json, ...]] = {
    "amount": ("0", "9800.50", None),
    "currency": ("GBP", "JPY", None),
    "due_at": ("2026-06-25T23:59:59Z", "2026-06-25T00:00:00Z", None),
    "body": ("x", "a\nb", None),
}


def _to_the_day(name: str, value: Json, shown: Json) -> Json:
    """The first version knows days where today's has instants."""
    return value if name != "due_at" or value is None else f"{shown['due_date']}T23:59:59Z"


_READERS = {row.id: parsers_of(BY_ID[row.id]) for row in OF_RECORDS}
_PARAMETERS = tuple(dict.fromkeys(name for each in _READERS.values() for name in each))


def judge_parameters(data: bytes) -> object:
    """A query is read, or refused with the parameters that it has."""
    choices = Choices(data)
    operation = BY_ID[choices.one(tuple(_READERS))]
    pairs = [
        (choices.name(_PARAMETERS), str(choices.one(_IDS) if choices.pick(3) == 0 else choices.value()))
        for _ in range(choices.pick(6))
    ]
    try:
        parse_parameters(_READERS[operation.id], pairs, ParameterContext(operation, AROUND, SAME))
    except ApiError as refusal:
        assert refusal.problem.code in ("invalid-parameter", "invalid-id"), refusal.problem.code
        assert refusal.errors
        named = {item.parameter for item in refusal.errors}
        assert named <= {name for name, _ in pairs} | {"on"}, named
        return refusal.problem.code
    return "read"
