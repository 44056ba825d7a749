"""What SQLite's planner is told about the tables.

Owns one assumption: businesses are large. Left to itself the planner takes a business for ten records and walks all of
them, in order, to find the one with an e-mail address (seen in EXPLAIN QUERY PLAN, SQLite 3.46). Told what a large
database looks like, it keeps the same plans from the first record to the millionth. It must not know queries.
"""

import sqlalchemy as sa

from sandbox.declarations import Index, Resource
from sandbox.tables import TABLES

RECORDS = 1_000_000
RECORDS_A_BUSINESS = 500_000
# One record in so many. With one in 100 the two indexes of an order cost the same, and chance decides between them.
DELETED_IN = 10_000
RECORDS_A_VALUE = {Index.FEW: 2, Index.MANY: 50_000}


def assume(connection: sa.Connection) -> None:
    """Write the planner's statistics; connections opened from now on go by them."""
    connection.exec_driver_sql("ANALYZE")  # makes the table
    connection.exec_driver_sql("DELETE FROM sqlite_stat1")
    for table in TABLES.values():
        for index in table.table.indexes:
            row = (table.resource.path, index.name, _statistic(table.resource, index))
            connection.exec_driver_sql("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)", row)
    connection.exec_driver_sql("ANALYZE sqlite_schema")  # reads the table anew


def _statistic(resource: Resource, index: sa.Index) -> str:
    """All records, then how many share the first column of the index, the first two, and so on."""
    share = DELETED_IN if index.name and "_deleted_" in index.name else 1
    shared = [RECORDS_A_BUSINESS // share]
    for column in list(index.columns)[1:]:
        field = resource.field(column.name)
        of_value = RECORDS_A_VALUE.get(field.index, 1) if field else 1
        shared.append(min(shared[-1], of_value))
    return " ".join(str(number) for number in (RECORDS // share, *shared))
