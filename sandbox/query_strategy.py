"""Two ways to find the records that hold something: out of the index of holders, or by asking each record in passing.

Owns the choice. Few holders are best listed and sorted; of many, a walk in order soon meets a page, and to list them
all is what every page would cost anew. SQLite does not choose by itself: it lists them however many there are (363 ms a
page, with 250 000 holders). It must not know filters or words.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

LISTED_MAX = 20_000


@dataclass(slots=True)
class Ways:
    """The choices for one tree of conditions, in its order; without choices, everything is listed."""

    walked: Iterator[bool] = field(default_factory=lambda: iter(()))
    asked: list[sa.Select[Any]] = field(default_factory=list)

    def held(self, record_id: sa.Column[Any], holder: sa.Column[Any], found: sa.Select[Any]) -> sa.ColumnElement[bool]:
        """That the record is among the holders that a statement finds."""
        self.asked.append(found)
        if next(self.walked, False):
            return found.where(holder == record_id).correlate(record_id.table).exists()
        return record_id.in_(found)


async def count_up_to_max(connection: AsyncConnection, found: sa.Select[Any]) -> int:
    """How many rows there are, or more than `LISTED_MAX`."""
    few = found.limit(LISTED_MAX + 1).subquery()
    return int((await connection.execute(sa.select(sa.func.count()).select_from(few))).scalar_one())


async def choices(connection: AsyncConnection, asked: list[sa.Select[Any]]) -> Iterator[bool]:
    """For each statement, whether it finds too many to be listed."""
    return iter([await count_up_to_max(connection, found) > LISTED_MAX for found in asked])
