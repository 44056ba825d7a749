"""No page of a query walks or sorts a table."""

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from sandbox.bodies import parse_query
from sandbox.declarations import Field, Index, Verb
from sandbox.field_types import Storage
from sandbox.paging import Position, encode_page_key, parse_order
from sandbox.planner_statistics import assume
from sandbox.query_strategy import Ways
from sandbox.records import stretches
from sandbox.tables import METADATA, TABLES, RecordTable

QUERIED = [table for table in TABLES.values() if Verb.QUERY in table.resource.verbs]
SORTS = [(table, field) for table in QUERIED for field in table.resource.fields if field.sortable]
LOOKED_UP = [(table, field) for table in QUERIED for field in table.resource.fields if field.filterable]
FEW = [(table, field) for table, field in LOOKED_UP if field.unique or field.index is Index.FEW]
MANY = [(table, field) for table, field in LOOKED_UP if field.index is Index.MANY]


def named(value: object) -> str | None:
    return value.name if isinstance(value, Field) else value.resource.path if isinstance(value, RecordTable) else None


@pytest.fixture(scope="module")
def connection() -> Iterator[sa.Connection]:
    engine = sa.create_engine("sqlite://")
    METADATA.create_all(engine)
    with engine.connect() as connection:
        assume(connection)
        yield connection
    engine.dispose()


def plans(
    connection: sa.Connection, table: RecordTable, body: dict[str, Any], *, walked: tuple[bool, ...] = ()
) -> list[str]:
    """How SQLite would find each stretch of a page."""
    found = []
    for statement in stretches(table, 1, parse_query(body, table, 1, ways=Ways(iter(walked)))):
        compiled = statement.limit(51).compile(connection, compile_kwargs={"render_postcompile": True})
        text = f"EXPLAIN QUERY PLAN {compiled}"
        parameters = tuple(compiled.construct_params()[name] for name in compiled.positiontup or ())
        found.append(" · ".join(row[3] for row in connection.exec_driver_sql(text, parameters)))
    return found


@pytest.mark.parametrize("with_deleted", [0, 1, 2])
@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize(("table", "field"), SORTS, ids=named)
def test_an_order_is_an_index_read_from_its_place_on(
    connection: sa.Connection, table: RecordTable, field: Field, sign: str, with_deleted: int
) -> None:
    sort = [f"{sign}{field.name}"]
    value: str | int = "m" if field.kind.stored is Storage.TEXT else 7
    for key in (None, encode_page_key(parse_order(sort, table), Position(value, 7))):
        for plan in plans(connection, table, {"sort": sort, "after_key": key, "with_deleted": with_deleted}):
            assert plan.startswith(f"SEARCH {table.resource.path} USING"), plan
            assert "·" not in plan  # no step that sorts
            assert ("_deleted_" in plan) == (with_deleted == 2)  # a few among many, not found by walking
    tied, *_ = plans(connection, table, {"sort": sort, "after_key": key, "with_deleted": with_deleted})
    assert "id<?)" in tied or "id>?)" in tied, tied  # the place itself, not its value


@pytest.mark.parametrize("sort", ["-created_at", "updated_at"])
@pytest.mark.parametrize("with_deleted", [0, 1])
@pytest.mark.parametrize(("table", "field"), FEW, ids=named)
def test_a_value_that_few_have_is_an_index_entry_in_any_order(
    connection: sa.Connection, table: RecordTable, field: Field, with_deleted: int, sort: str
) -> None:
    value = "x@y.example" if field.kind.stored is Storage.TEXT else 7
    body = {"where": [field.name, "=", value], "with_deleted": with_deleted, "sort": [sort]}
    (plan,) = plans(connection, table, body)
    assert f"(business_id=? AND {field.name}=?)" in plan


@pytest.mark.parametrize("with_deleted", [0, 1])
@pytest.mark.parametrize(("table", "field"), MANY, ids=named)
def test_a_value_that_many_have_is_an_index_read_in_the_usual_order(
    connection: sa.Connection, table: RecordTable, field: Field, with_deleted: int
) -> None:
    value = "x" if field.kind.stored is Storage.TEXT else 2
    body = {"where": [field.name, "=", value], "with_deleted": with_deleted}
    key = encode_page_key(parse_order(["-created_at"], table), Position(7, 7))
    tied, behind = plans(connection, table, {**body, "after_key": key})
    assert f"(business_id=? AND {field.name}=? AND created_at=? AND id<?)" in tied
    assert f"(business_id=? AND {field.name}=? AND created_at<?)" in behind
    assert "·" not in tied + behind


@pytest.mark.parametrize("operator", ["any", "all"])
@pytest.mark.parametrize("table", [table for table in QUERIED if "tags" in table.items], ids=named)
def test_a_tag_is_looked_up_among_the_tags(connection: sa.Connection, table: RecordTable, operator: str) -> None:
    (plan,) = plans(connection, table, {"where": ["tags", operator, ["vip"]]})
    assert f"{table.resource.path}_tags_by_item (business_id=? AND item=?)" in plan


@pytest.mark.parametrize("sign", ["", "-"])
def test_an_order_within_a_value_is_an_index_of_both(connection: sa.Connection, sign: str) -> None:
    deals, sort = TABLES["deals"], [f"{sign}amount_minor"]
    key = encode_page_key(parse_order(sort, deals), Position(7, 7))
    for after_key in (None, key):
        body = {"where": ["currency", "=", "GBP"], "sort": sort, "after_key": after_key}
        for plan in plans(connection, deals, body):
            assert "deals_by_amount_minor_within (business_id=? AND currency=? AND amount_minor" in plan
            assert "·" not in plan


ORDERED = [(table, field) for table, field in SORTS if field.kind.folds and (table, field) not in FEW + MANY]


@pytest.mark.parametrize("operator", ["=", "in"])
@pytest.mark.parametrize(("table", "field"), ORDERED, ids=named)
def test_an_exact_value_is_looked_up_in_the_index_of_its_order(
    connection: sa.Connection, table: RecordTable, field: Field, operator: str
) -> None:
    body = {"where": [field.name, operator, "Ada" if operator == "=" else ["Ada"]], "sort": ["-created_at"]}
    (plan,) = plans(connection, table, body)
    assert f"_by_{field.name} (business_id=? AND {field.name}_folded=?)" in plan
    (passing,) = plans(connection, table, body, walked=(True,))
    assert passing.startswith(f"SEARCH {table.resource.path} USING INDEX {table.resource.path}_by_created_at")
    assert "INTEGER PRIMARY KEY (rowid=?)" in passing


@pytest.mark.parametrize("sort", ["-created_at", "last_name"])
def test_a_tag_that_many_have_is_asked_for_in_passing(connection: sa.Connection, sort: str) -> None:
    contacts = TABLES["contacts"]
    body = {"where": ["tags", "any", ["vip"]], "sort": [sort]}
    for plan in plans(connection, contacts, body, walked=(True,)):
        walk, *steps = plan.split(" · ")
        assert walk.startswith(f"SEARCH contacts USING INDEX contacts_by_{sort.removeprefix('-')} ")
        assert steps[0].startswith("CORRELATED SCALAR SUBQUERY")
        assert "(record_id=? AND item=?)" in steps[1]
        assert len(steps) == 2  # no step that sorts
