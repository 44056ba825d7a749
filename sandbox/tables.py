"""The resources' rows as tables.

Owns column types, indexes and the tables that no resource row describes (businesses, dedupe). It must not know
requests: whoever has a `RecordTable` can read and write any resource with the same code.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from sandbox.codec import read_json, write_json
from sandbox.declarations import Field, Index, Resource
from sandbox.field_types import Storage
from sandbox.resources import RESOURCES

# SQLite counts rows up only in a column that is declared exactly INTEGER.
INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# Strings are ordered by code point. SQLite does so by itself (it compares UTF-8 bytes); PostgreSQL has to be told.
STRING = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


class Json(sa.TypeDecorator[Any]):
    """JSON as text, fractions kept as decimals."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        """On the way in."""
        return None if value is None else write_json(value).decode()

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        """On the way out."""
        return None if value is None else read_json(value)


TYPES: dict[Storage, Any] = {
    Storage.TEXT: STRING,
    Storage.INTEGER: INTEGER,
    Storage.WORDS: Json(),
    Storage.IDS: Json(),
    Storage.CUSTOM: Json(),
    Storage.OBJECTS: Json(),
}
# Spelled out, not bound: only so does SQLite see that the index of live records will do for a query of live records.
_is_deleted = sa.literal_column("is_deleted", sa.Integer)
LIVE: sa.ColumnElement[bool] = _is_deleted == sa.literal_column("0")
DELETED: sa.ColumnElement[bool] = _is_deleted == sa.literal_column("1")

WORDS = "words"  # the column of a record's words, each behind a space, beside the table of words
METADATA = sa.MetaData()

BUSINESSES = sa.Table(
    "businesses",
    METADATA,
    sa.Column("id", INTEGER, primary_key=True, autoincrement=False),
    sa.Column("name", STRING, nullable=False),
    sa.Column("plan_code", sa.Integer, nullable=False),
    sa.Column("default_currency", STRING, nullable=False),
    sa.Column("tz", STRING),
    sa.Column("is_suspended", sa.Integer, nullable=False),
    # The instant of the business's last write. Every write takes this row first and holds it until its commit, so that
    # the order of `updated_at` is the order of commits.
    sa.Column("clock_ms", INTEGER, nullable=False),
)
DEDUPE = sa.Table(
    "dedupe",
    METADATA,
    sa.Column("business_id", INTEGER, sa.ForeignKey("businesses.id"), primary_key=True),
    sa.Column("key", STRING, primary_key=True),
    sa.Column("fingerprint", sa.LargeBinary, nullable=False),
    sa.Column("answer", sa.LargeBinary, nullable=False),
    sa.Column("stored_at", INTEGER, nullable=False, index=True),
    sqlite_with_rowid=False,
)


@dataclass(frozen=True, slots=True)
class RecordTable:
    """A resource, its table, and the tables to search by: one per set-valued field, of own fields, of words.

    `shown`: the columns of its fields, in their order.
    """

    resource: Resource
    table: sa.Table
    shown: tuple[sa.Column[Any], ...]
    items: dict[str, sa.Table]
    custom: sa.Table | None
    words: sa.Table | None

    def column(self, field: Field) -> sa.Column[Any]:
        """The value as it was written."""
        return self.table.c[field.name]

    def folded(self, field: Field) -> sa.Column[Any]:
        """The value to sort and search by: lower-cased, where case says anything."""
        return self.table.c[folded_name(field)]


def folded_name(field: Field) -> str:
    """The column that holds a field's value in lower case; its own, where that makes no difference."""
    return f"{field.name}_folded" if field.kind.folds else field.name


def _columns(resource: Resource) -> Iterator[sa.Column[Any]]:
    yield sa.Column("id", INTEGER, primary_key=True)
    yield sa.Column("business_id", INTEGER, sa.ForeignKey("businesses.id"), nullable=False)
    for field in resource.fields:
        if field.name == "id":
            continue
        keys = [sa.ForeignKey(f"{field.refers_to}.id")] if field.refers_to and not field.kind.stored.is_set else []
        yield sa.Column(field.name, TYPES[field.kind.stored], *keys, nullable=field.nullable)
        if field.kind.folds:
            yield sa.Column(folded_name(field), STRING, nullable=field.nullable)
    if resource.searched:
        yield sa.Column(WORDS, STRING, nullable=False)


def _indexes(resource: Resource) -> Iterator[sa.Index]:
    def index(name: str, *columns: str, only: sa.ColumnElement[bool] | None = None, unique: bool = False) -> sa.Index:
        name = f"{resource.path}_{name}"
        return sa.Index(name, "business_id", *columns, unique=unique, sqlite_where=only, postgresql_where=only)

    for field in resource.fields:
        if field.sortable:
            columns = ("id",) if field.name == "id" else (folded_name(field), "id")
            yield index(f"by_{field.name}", *columns)
            if resource.is_deletable:
                yield index(f"deleted_by_{field.name}", *columns, only=DELETED)
            if field.sorted_within:
                yield index(f"by_{field.name}_within", field.sorted_within, *columns)
        if field.index is Index.FEW:
            yield index(f"having_{field.name}", field.name, "id")
        if field.index is Index.MANY:
            yield index(f"of_{field.name}", field.name, "created_at", "id")
        if field.unique:
            within = [field.unique.within] if field.unique.within else []
            column = folded_name(field) if field.unique.any_case else field.name
            yield index(f"one_{field.name}", *within, column, only=LIVE, unique=True)


def _of_record(resource: Resource) -> sa.Column[Any]:
    return sa.Column("record_id", INTEGER, sa.ForeignKey(f"{resource.path}.id"), primary_key=True)


def _items(resource: Resource, field: Field) -> sa.Table:
    name = f"{resource.path}_{field.name}"
    item = STRING if field.kind.stored is Storage.WORDS else INTEGER
    return sa.Table(
        name,
        METADATA,
        _of_record(resource),
        sa.Column("item", item, primary_key=True),  # folded
        sa.Column("business_id", INTEGER, nullable=False),
        sa.Index(f"{name}_by_item", "business_id", "item", "record_id"),
        sqlite_with_rowid=False,
    )


def _custom(resource: Resource) -> sa.Table | None:
    if not resource.stored_as(Storage.CUSTOM):
        return None
    name = f"{resource.path}_custom"
    return sa.Table(
        name,
        METADATA,
        _of_record(resource),
        sa.Column("field_id", INTEGER, primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True),  # of an item in a set; else 0
        sa.Column("business_id", INTEGER, nullable=False),
        sa.Column("text", STRING),
        sa.Column("folded", STRING),
        sa.Column("number", INTEGER),
        sa.Index(f"{name}_by_text", "business_id", "field_id", "text", "record_id"),
        sa.Index(f"{name}_by_number", "business_id", "field_id", "number", "record_id"),
        sqlite_with_rowid=False,
    )


def _words(resource: Resource) -> sa.Table | None:
    if not resource.searched:
        return None
    return sa.Table(
        f"{resource.path}_words",
        METADATA,
        sa.Column("business_id", INTEGER, primary_key=True),
        sa.Column("word", STRING, primary_key=True),
        _of_record(resource),
        sqlite_with_rowid=False,
    )


def _record_table(resource: Resource) -> RecordTable:
    # AUTOINCREMENT: an id that once named a record never names another, not even after the last one was purged.
    table = sa.Table(resource.path, METADATA, *_columns(resource), *_indexes(resource), sqlite_autoincrement=True)
    sets = {field.name: _items(resource, field) for field in resource.stored_as(Storage.WORDS, Storage.IDS)}
    shown = tuple(table.c[field.name] for field in resource.fields)
    return RecordTable(resource, table, shown, sets, _custom(resource), _words(resource))


TABLES = {resource.path: _record_table(resource) for resource in RESOURCES}
