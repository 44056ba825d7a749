"""The resources' rows as tables.

Owns column types, indexes and the tables that no resource row describes (businesses, dedupe). It must not know
requests: whoever has a `RecordTable` can read and write any resource with the same code.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from sandbox.kinds import Stored
from sandbox.resources import RESOURCES, Field, Index, Resource

# SQLite counts rows up only in a column that is declared exactly INTEGER.
INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# Strings are ordered by code point. SQLite does so by itself (it compares UTF-8 bytes); PostgreSQL has to be told.
STRING = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TYPES: dict[Stored, Any] = {Stored.TEXT: STRING, Stored.INTEGER: INTEGER, Stored.SET: sa.JSON()}
# Spelled out, not bound: only so does SQLite see that the index of live records will do for a query of live records.
_is_deleted = sa.literal_column("is_deleted", sa.Integer)
LIVE: sa.ColumnElement[bool] = _is_deleted == sa.literal_column("0")
DELETED: sa.ColumnElement[bool] = _is_deleted == sa.literal_column("1")

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
    """A resource, its table, and per set-valued field the table of its items."""

    resource: Resource
    table: sa.Table
    items: dict[str, sa.Table]

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
        keys = [sa.ForeignKey(f"{field.refers_to}.id")] if field.refers_to else []
        yield sa.Column(field.name, TYPES[field.kind.stored], *keys, nullable=field.nullable)
        if field.kind.folds:
            yield sa.Column(folded_name(field), STRING, nullable=field.nullable)


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
        if field.index is Index.FEW:
            yield index(f"having_{field.name}", field.name, "id")
        if field.index is Index.MANY:
            yield index(f"of_{field.name}", field.name, "created_at", "id")
        if field.unique:
            yield index(f"one_{field.name}", field.name, only=LIVE, unique=True)


def _items(resource: Resource, field: Field) -> sa.Table:
    name = f"{resource.path}_{field.name}"
    return sa.Table(
        name,
        METADATA,
        sa.Column("record_id", INTEGER, sa.ForeignKey(f"{resource.path}.id"), primary_key=True),
        sa.Column("item", STRING, primary_key=True),  # folded
        sa.Column("business_id", INTEGER, nullable=False),
        sa.Index(f"{name}_by_item", "business_id", "item", "record_id"),
        sqlite_with_rowid=False,
    )


def _record_table(resource: Resource) -> RecordTable:
    # AUTOINCREMENT: an id that once named a record never names another, not even after the last one was purged.
    table = sa.Table(resource.path, METADATA, *_columns(resource), *_indexes(resource), sqlite_autoincrement=True)
    sets = [field for field in resource.fields if field.kind.stored is Stored.SET]
    return RecordTable(resource, table, {field.name: _items(resource, field) for field in sets})


TABLES = {resource.path: _record_table(resource) for resource in RESOURCES}
