"""Where-trees: `[field, op, value]`, `{"all": […]}`, `{"any": […]}`, `{"not": …}` as one SQL condition.

Owns what each operator takes and means, null included: every condition is true or false, never unknown, so that `not`
finds exactly what the condition does not. Pure; it must not know who asks or in which order records come back.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any, TypeAlias

import sqlalchemy as sa

from sandbox.custom_fields import NONE, CustomField, CustomFields, number_of
from sandbox.declarations import Field, Index
from sandbox.field_types import FieldType, Storage, fold, is_integer, millionths
from sandbox.query_strategy import Ways
from sandbox.refusals import UnreadableError
from sandbox.tables import RecordTable, folded_name

Condition: TypeAlias = sa.ColumnElement[bool]

DEPTH_MAX = 16
# SQLite refuses expressions deeper than 1000, and a chain of AND is as deep as it is long (SQLITE_MAX_EXPR_DEPTH).
NODES_MAX = 400
VALUES_MAX = 200
NEEDLE_MAX = 255
# Items of `all` that are looked for one by one; more are counted, since each costs a query ahead (`ways`).
SOUGHT_MAX = 4


class OnNull(Enum):
    """What an operator says of a record whose field is null."""

    NO = "no"
    YES = "yes"
    DECIDES = "decides"  # its SQL is never NULL


@dataclass(frozen=True, slots=True)
class Place:
    """Where a condition looks: a value as written and in lower case, or the items of a set."""

    record_id: sa.Column[Any]
    value: sa.Column[Any]
    folded: sa.Column[Any]
    here: tuple[Condition, ...]  # the items of this business and field
    ways: Ways

    @property
    def holder(self) -> sa.Column[Any]:
        """Whose item it is."""
        holder: sa.Column[Any] = self.value.table.c.record_id
        return holder


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator: does it take this value, which SQL is it, what of null."""

    takes: Callable[[FieldType, object], bool]
    sql: Callable[[Place, Any], Condition]
    on_null: OnNull = OnNull.NO


def _one(kind: FieldType, value: object) -> bool:
    match kind.stored:
        case Storage.INTEGER | Storage.IDS:
            return is_integer(value)
        case Storage.DECIMAL:
            return isinstance(value, int | Decimal) and not isinstance(kind.check(value, 0), Enum)
    return isinstance(value, str) and "\0" not in value


def _many(kind: FieldType, value: object) -> bool:
    return isinstance(value, list) and 0 < len(value) <= VALUES_MAX and all(_one(kind, item) for item in value)


def _pair(kind: FieldType, value: object) -> bool:
    return _many(kind, value) and isinstance(value, list) and len(value) == 2


def _needle(kind: FieldType, value: object) -> bool:
    return _one(kind, value) and isinstance(value, str) and 0 < len(value) <= NEEDLE_MAX


def _flag(kind: FieldType, value: object) -> bool:
    return value in (0, 1)


def _any(place: Place, items: list[Any]) -> Condition:
    return _held(place, place.value.in_({fold(item) for item in items}))


def _all(place: Place, items: list[Any]) -> Condition:
    wanted = sorted({fold(item) for item in items})
    found = [_any(place, [item]) for item in wanted[:SOUGHT_MAX]]
    if len(wanted) > SOUGHT_MAX:
        # No record holds an item twice.
        here = (place.holder == place.record_id, *place.here, place.value.in_(wanted))
        found.append(sa.select(sa.func.count()).where(*here).scalar_subquery() == len(wanted))
    return sa.and_(sa.true(), *found)


def _held(place: Place, condition: Condition) -> Condition:
    """That the record holds an item, or a value of an own field, which meets the condition."""
    return place.ways.held(place.record_id, place.holder, sa.select(place.holder).where(*place.here, condition))


def _empty(place: Place, wanted: int) -> Condition:
    filled = sa.exists().where(place.holder == place.record_id, *place.here)
    return sa.not_(filled) if wanted else filled


OPERATORS = {
    "=": Operator(_one, lambda place, value: place.value == value),
    "!=": Operator(_one, lambda place, value: place.value != value, OnNull.YES),
    "in": Operator(_many, lambda place, values: place.value.in_(values)),
    "!in": Operator(_many, lambda place, values: place.value.not_in(values), OnNull.YES),
    ">": Operator(_one, lambda place, value: place.value > value),
    ">=": Operator(_one, lambda place, value: place.value >= value),
    "<": Operator(_one, lambda place, value: place.value < value),
    "<=": Operator(_one, lambda place, value: place.value <= value),
    # Not BETWEEN: PostgreSQL's takes no value with a collation, and SQLAlchemy gives it one.
    "..": Operator(_pair, lambda place, ends: sa.and_(place.value >= ends[0], place.value <= ends[1])),
    "~": Operator(_needle, lambda place, needle: place.folded.contains(needle.lower(), autoescape=True)),
    "^": Operator(_needle, lambda place, needle: place.folded.startswith(needle.lower(), autoescape=True)),
    "null": Operator(_flag, lambda place, y: place.value.is_(None) if y else place.value.is_not(None), OnNull.DECIDES),
    "any": Operator(_many, _any, OnNull.DECIDES),
    "all": Operator(_many, _all, OnNull.DECIDES),
    "none": Operator(_many, lambda place, items: sa.not_(_any(place, items)), OnNull.DECIDES),
    "empty": Operator(_flag, _empty, OnNull.DECIDES),
}


OPPOSITES = {"!=": "=", "!in": "in"}
EXACT = ("=", "in")


@dataclass(frozen=True, slots=True)
class _Among:
    """The records that a tree is about, and the own fields that it may name."""

    records: RecordTable
    business_id: int
    own: CustomFields
    ways: Ways


def condition(
    tree: object, records: RecordTable, business_id: int, own: CustomFields = NONE, ways: Ways | None = None
) -> Condition:
    """The SQL of a where-tree (null: every record) among a business's records.

    Raises:
        UnreadableError: a shape, field, operator or value that the dialect does not have.
    """
    if tree is None:
        return sa.true()
    if _nodes(tree, depth=0) > NODES_MAX:
        raise UnreadableError(f"where: more than {NODES_MAX} conditions and groups")
    return _branch(tree, _Among(records, business_id, own, ways or Ways()), holds=True)


def _nodes(tree: object, depth: int) -> int:
    if depth > DEPTH_MAX:
        raise UnreadableError(f"where: deeper than {DEPTH_MAX}")
    match tree:
        case {"all": [*parts]} | {"any": [*parts]}:
            return 1 + sum(_nodes(part, depth + 1) for part in parts)
        case {"not": part}:
            return 1 + _nodes(part, depth + 1)
    return 1


def _branch(tree: object, among: _Among, *, holds: bool) -> Condition:
    """`tree` where it `holds`, or where it does not: a `not` goes down to the leaves, which know what null means."""
    match tree:
        case {"all": [*parts], **rest} if not rest:
            return _joined([_branch(part, among, holds=holds) for part in parts], every=holds)
        case {"any": [*parts], **rest} if not rest:
            return _joined([_branch(part, among, holds=holds) for part in parts], every=not holds)
        case {"not": part, **rest} if not rest:
            return _branch(part, among, holds=not holds)
        case [str(name), str(symbol), value]:
            return _leaf(name, symbol, value, among, holds=holds)
    raise UnreadableError("where: not a condition or group")


def _joined(parts: list[Condition], *, every: bool) -> Condition:
    return sa.and_(sa.true(), *parts) if every else sa.or_(sa.false(), *parts)


def _leaf(name: str, symbol: str, value: object, among: _Among, *, holds: bool) -> Condition:
    own = among.own.get(number_of(name) or 0)
    if own is not None:
        sql = _own(own, symbol, value, among)
        return sql if holds else sa.not_(sql)
    field = among.records.resource.field(name)
    if field is None or not field.filterable:
        raise UnreadableError(f"where: no field {name}")
    operator = _operator(name, field.kind, symbol, value)
    place = _place(field, among)
    if symbol in EXACT and _has_order_alone(field):
        sql = _by_its_order(field, symbol, value, among)
    else:
        sql = operator.sql(place, value)
    if operator.on_null is OnNull.DECIDES or not field.nullable:
        return sql if holds else sa.not_(sql)
    if holds:
        return sa.or_(sql, place.value.is_(None)) if operator.on_null is OnNull.YES else sql
    return sa.not_(sql) if operator.on_null is OnNull.YES else sa.or_(sa.not_(sql), place.value.is_(None))


def _has_order_alone(field: Field) -> bool:
    """Whether the only index of a field is that of its order, in lower case."""
    return field.sortable and field.kind.folds and field.index is Index.NONE and field.unique is None


def _by_its_order(field: Field, symbol: str, value: Any, among: _Among) -> Condition:
    """An exact value: those that have it in any case are found in that index, where no record need be read."""
    values = value if symbol == "in" else [value]
    table = among.records.table.alias()
    here = (table.c.business_id == among.business_id, table.c[folded_name(field)].in_({fold(each) for each in values}))
    in_any_case = among.ways.held(among.records.table.c.id, table.c.id, sa.select(table.c.id).where(*here))
    return sa.and_(among.records.column(field).in_(values), in_any_case)


def _operator(name: str, kind: FieldType, symbol: str, value: object) -> Operator:
    operator = OPERATORS.get(symbol) if symbol in kind.operators else None
    if operator is None or not operator.takes(kind, value):
        raise UnreadableError(f"where: {name} does not take {symbol} with such a value")
    return operator


def _place(field: Field, among: _Among) -> Place:
    records = among.records
    record_id = records.table.c.id
    if field.kind.stored.is_set:
        items = records.items[field.name]
        return Place(record_id, items.c.item, items.c.item, (items.c.business_id == among.business_id,), among.ways)
    return Place(record_id, records.column(field), records.folded(field), (), among.ways)


def _own(field: CustomField, symbol: str, value: Any, among: _Among) -> Condition:
    """A condition on an own field: about the rows of its values, of which a record without a value has none."""
    _operator(field.name, field.kind, symbol, value)
    table = among.records.custom
    if table is None:
        raise UnreadableError(f"where: no field {field.name}")
    here = (table.c.business_id == among.business_id, table.c.field_id == field.id)
    is_text = field.kind.stored is Storage.TEXT
    folded = table.c.folded if field.kind.folds else table.c.text
    place = Place(among.records.table.c.id, table.c.text if is_text else table.c.number, folded, here, among.ways)
    if symbol in ("null", "empty"):
        return _empty(place, value)
    wanted = value if is_text else _as_stored(value)
    if field.kind.stored.is_set:
        return OPERATORS[symbol].sql(place, wanted)
    found = OPERATORS[OPPOSITES.get(symbol, symbol)].sql(place, wanted)
    held = _held(place, found)
    return sa.not_(held) if symbol in OPPOSITES else held


def _as_stored(value: Any) -> Any:
    """Numbers as the rows of own fields hold them."""
    return [millionths(item) for item in value] if isinstance(value, list) else millionths(value)
