"""Fill a business with contacts, fast: `python -m sandbox.generate --business 1 --contacts 1000000`.

Owns made-up contacts by the million and the quick way to write them: without the indexes, which are made anew at the
end. DATABASE_URL names a database that a sandbox has prepared and that nobody serves meanwhile. It must not know
requests.
"""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from sandbox.codec import write_json
from sandbox.demo import FIRST_NAMES, HOUR_MS, JOBS, LAST_NAMES, SOURCES, TAGS
from sandbox.field_types import fold
from sandbox.planner_statistics import assume
from sandbox.records import Record
from sandbox.resources import CONTACTS
from sandbox.search_rows import item_rows
from sandbox.tables import BUSINESSES, TABLES, WORDS, RecordTable, folded_name
from sandbox.text_search import joined, words_in

BATCH = 20_000
SPAN_MS = 3 * 365 * 24 * HOUR_MS
MORE_FIRST_NAMES = ("Kofi", "Lena", "Mateo", "Nadia", "Olu", "Priya", "Quentin", "Rosa", "Sven", "Tomas", "Uma", "Vera")
MORE_LAST_NAMES = ("Abara", "Bianchi", "Castillo", "Dubois", "Eriksen", "Fischer", "Gupta", "Haddad", "Ivanova", "Sato")
DOMAINS = ("example.example", "mail.example", "northwind.example", "halden-marine.example", "tessellate.example")
COLUMNS = (
    "business_id",
    *(name for field in CONTACTS.fields for name in dict.fromkeys((field.name, folded_name(field)))),
    WORDS,
)


@dataclass(frozen=True, slots=True)
class Crowd:
    """The contacts to make: how many, whose, behind which id, until when."""

    contacts: int
    business_id: int
    owners: list[int]
    companies: list[int]
    first_id: int
    now_ms: int

    def contact(self, n: int) -> Record:
        """The n-th contact, the same each time but for ids and dates."""
        firsts, lasts = FIRST_NAMES + MORE_FIRST_NAMES, LAST_NAMES + MORE_LAST_NAMES
        first, last = firsts[n * 7 % len(firsts)], lasts[n * 11 // 3 % len(lasts)]
        created_at = self.now_ms - SPAN_MS + SPAN_MS * n // self.contacts
        owner = self.owners[n % len(self.owners)]
        record: Record = {
            "id": self.first_id + n,
            "first_name": first,
            "email": f"p{self.first_id + n}@{DOMAINS[n % len(DOMAINS)]}",
            "lifecycle_code": n % 4 + 1,
            "source": SOURCES[n % len(SOURCES)],
            "dnd": int(n % 11 == 10),
            "tags": TAGS[n % len(TAGS)],
            "custom": [],
            "owner_user_id": owner,
            "created_by_user_id": owner,
            "created_at": created_at,
            "updated_at": created_at + (self.now_ms - created_at) * (n * 31 % 97) // 97,
            "revision": n % 5 + 1,
            "is_deleted": 0,
        }
        if n % 9:
            record["last_name"] = last
        if n % 3 == 0:
            record |= {"phone": f"+4479{n % 10**8:08}", "job_title": JOBS[n % len(JOBS)]}
        if n % 5 == 0:
            record["external_id"] = f"gen:{self.first_id + n}"
        if self.companies and n % 2:
            record["company_id"] = self.companies[n % len(self.companies)]
        return record


def fill(connection: sa.Connection, business_id: int, contacts: int) -> None:
    """Write the contacts, and everything by which they are searched."""
    records = TABLES[CONTACTS.path]
    crowd = _crowd(connection, records, business_id, contacts)
    indexes = sorted(records.table.indexes | records.items["tags"].indexes, key=lambda index: str(index.name))
    for index in indexes:
        index.drop(connection)
    for start in range(0, contacts, BATCH):
        made = [crowd.contact(n) for n in range(start, min(start + BATCH, contacts))]
        _insert(connection, records.table, COLUMNS, [(business_id, *_values(records, record)) for record in made])
        _insert(connection, records.items["tags"], ("business_id", "record_id", "item"), list(_tags(crowd, made)))
    if records.words is not None:
        connection.execute(_words(connection, records.table, records.words, crowd))
    for index in indexes:
        index.create(connection)
    clock = BUSINESSES.update().where(BUSINESSES.c.id == business_id, BUSINESSES.c.clock_ms < crowd.now_ms)
    connection.execute(clock.values(clock_ms=crowd.now_ms))
    if connection.dialect.name == "sqlite":
        assume(connection)
    else:  # its counter has not seen the ids that were given
        counter = sa.func.pg_get_serial_sequence(CONTACTS.path, "id")
        connection.execute(sa.select(sa.func.setval(counter, crowd.first_id + contacts - 1)))


def _crowd(connection: sa.Connection, records: RecordTable, business_id: int, contacts: int) -> Crowd:
    def ids(path: str, *wanted: sa.ColumnElement[bool]) -> list[int]:
        table = TABLES[path].table
        found = sa.select(table.c.id).where(table.c.business_id == business_id, *wanted).order_by(table.c.id)
        return list(connection.execute(found.limit(1000)).scalars())

    last = connection.execute(sa.select(sa.func.max(records.table.c.id))).scalar_one() or 0
    owners = ids("users", TABLES["users"].table.c.is_active == 1)
    now_ms = time.time_ns() // 1_000_000
    return Crowd(contacts, business_id, owners, ids("companies"), last + 1, now_ms)


def _values(records: RecordTable, record: Record) -> Iterator[Any]:
    """A row's values, as the database is given them: the usual way takes three times as long."""
    for field in CONTACTS.fields:
        value = record.get(field.name)
        yield write_json(value).decode() if isinstance(value, list) else value
        if field.kind.folds:
            yield fold(value)
    yield joined(words_in(records, record))


def _tags(crowd: Crowd, made: list[Record]) -> Iterator[tuple[Any, ...]]:
    for record in made:
        for row in item_rows(crowd.business_id, int(str(record["id"])), record["tags"]):
            yield row["business_id"], row["record_id"], row["item"]


def _insert(connection: sa.Connection, table: sa.Table, names: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
    statement = table.insert().compile(dialect=connection.dialect, column_keys=list(names))
    order = [names.index(name) for name in statement.positiontup or ()]
    connection.exec_driver_sql(str(statement), [tuple(row[place] for place in order) for row in rows])


def _words(connection: sa.Connection, table: sa.Table, words: sa.Table, crowd: Crowd) -> sa.Insert:
    """The rows of words out of the records' own columns, in the order of their table: a tree, written once."""
    spaced = sa.func.ltrim(table.c[WORDS])
    if connection.dialect.name == "sqlite":
        listed = sa.literal('["') + sa.func.replace(spaced, " ", '","') + sa.literal('"]')
        word = sa.func.json_each(listed).table_valued("value")
    else:
        word = sa.func.string_to_table(spaced, " ").table_valued("value").render_derived()
    each = sa.select(table.c.business_id, word.c.value, table.c.id).select_from(table.join(word, sa.true()))
    ordered = each.where(table.c.id >= crowd.first_id).order_by(sa.text("1, 2, 3"))
    return words.insert().from_select(["business_id", "word", "record_id"], ordered)


async def run(url: sa.URL, work: Callable[[sa.Connection], None]) -> None:
    """Do the work in one transaction."""
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(work)
    finally:
        await engine.dispose()


def main() -> int:
    """Read the command line, then fill."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.generate", description="Fill a business with contacts.")
    parser.add_argument("--business", type=int, required=True)
    parser.add_argument("--contacts", type=int, required=True)
    wish = parser.parse_args()
    url = os.environ.get("DATABASE_URL")
    if not url:
        sys.stderr.write("DATABASE_URL: found nothing, expected the database of a sandbox\n")
        return 2
    started_s = time.monotonic()
    asyncio.run(run(sa.make_url(url), lambda connection: fill(connection, wish.business, wish.contacts)))
    sys.stdout.write(f"{wish.contacts} contacts in {time.monotonic() - started_s:.0f} s\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
