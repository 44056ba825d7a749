"""Where-trees: `[field, op, value]`, `{"all": […]}`, `{"any": […]}`, `{"not": …}` as one SQL condition.

Owns what each operator takes and means, null included: every condition is true or false, never unknown, so that `not`
finds exactly what the condition does not. Pure; it must not know who asks or in which order records come back.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

import sqlalchemy as sa

from sandbox.kinds import Stored, is_integer
from sandbox.refusals import UnreadableError
from sandbox.resources import Field
from sandbox.tables import RecordTable

Condition: TypeAlias = sa.ColumnElement[bool]

DEPTH_MAX = 16
# SQLite refuses expressions deeper than 1000, and a chain of AND is as deep as it is long (SQLITE_MAX_EXPR_DEPTH).
NODES_MAX = 400
VALUES_MAX = 200
NEEDLE_MAX = 255


class OnNull(Enum):
    """What an operator says of a record whose field is null."""

    NO = "no"
    YES = "yes"
    DECIDES = "decides"  # its SQL is never NULL


@dataclass(frozen=True, slots=True)
class Place:
    """Where a condition looks."""

    records: RecordTable
    business_id: int
    field: Field

    @property
    def value(self) -> sa.Column[Any]:
        """The column as written."""
        return self.records.column(self.field)

    @property
    def folded(self) -> sa.Column[Any]:
        """The column in lower case."""
        return self.records.folded(self.field)


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator: does it take this value, which SQL is it, what of null."""

    takes: Callable[[Field, object], bool]
    sql: Callable[[Place, Any], Condition]
    on_null: OnNull = OnNull.NO


def _one(field: Field, value: object) -> bool:
    if field.kind.stored is Stored.INTEGER:
        return is_integer(value)
    return isinstance(value, str) and "\0" not in value


def _many(field: Field, value: object) -> bool:
    return isinstance(value, list) and 0 < len(value) <= VALUES_MAX and all(_one(field, item) for item in value)


def _pair(field: Field, value: object) -> bool:
    return _many(field, value) and isinstance(value, list) and len(value) == 2


def _needle(field: Field, value: object) -> bool:
    return _one(field, value) and isinstance(value, str) and 0 < len(value) <= NEEDLE_MAX


def _flag(field: Field, value: object) -> bool:
    return value in (0, 1)


def _holders(place: Place, items: list[str]) -> tuple[sa.Select[tuple[int]], int]:
    """The ids of the records that hold some of `items`, and how many different ones are asked for."""
    table = place.records.items[place.field.name]
    wanted = {item.lower() for item in items}
    here = table.c.business_id == place.business_id
    return sa.select(table.c.record_id).where(here, table.c.item.in_(wanted)), len(wanted)


def _any(place: Place, items: list[str]) -> Condition:
    return place.records.table.c.id.in_(_holders(place, items)[0])


def _all(place: Place, items: list[str]) -> Condition:
    holders, count = _holders(place, items)
    record_id = holders.selected_columns[0]
    return place.records.table.c.id.in_(holders.group_by(record_id).having(sa.func.count() == count))


def _empty(place: Place, wanted: int) -> Condition:
    table = place.records.items[place.field.name]
    filled = sa.exists().where(table.c.record_id == place.records.table.c.id)
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


@dataclass(frozen=True, slots=True)
class _Among:
    """The records that a tree is about."""

    records: RecordTable
    business_id: int


def condition(tree: object, records: RecordTable, business_id: int) -> Condition:
    """The SQL of a where-tree (null: every record) among a business's records.

    Raises:
        UnreadableError: a shape, field, operator or value that the dialect does not have.
    """
    if tree is None:
        return sa.true()
    if _nodes(tree, depth=0) > NODES_MAX:
        raise UnreadableError(f"where: more than {NODES_MAX} conditions and groups")
    return _branch(tree, _Among(records, business_id), holds=True)


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
    field = among.records.resource.field(name)
    if field is None or not field.filterable:
        raise UnreadableError(f"where: no field {name}")
    operator = OPERATORS.get(symbol) if symbol in field.kind.operators else None
    if operator is None or not operator.takes(field, value):
        raise UnreadableError(f"where: {name} does not take {symbol} with such a value")
    place = Place(among.records, among.business_id, field)
    sql = operator.sql(place, value)
    if operator.on_null is OnNull.DECIDES or not field.nullable:
        return sql if holds else sa.not_(sql)
    if holds:
        return sa.or_(sql, place.value.is_(None)) if operator.on_null is OnNull.YES else sql
    return sa.not_(sql) if operator.on_null is OnNull.YES else sa.or_(sa.not_(sql), place.value.is_(None))
