"""The tables as this version reads and writes them. How they came about is for `migrations`; a test compares both.

Instants are whole seconds since 1970 (`…_s`). Add a table here, and a migration that makes it.
"""

import sqlalchemy as sa

METADATA = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

REVOCATION_HEAD = sa.Table(
    "revocation_head",
    METADATA,
    sa.Column("id", sa.Integer, sa.CheckConstraint("id = 1", name="only_one"), primary_key=True, autoincrement=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
)
"""One row: the last number given. Whoever appends holds it until the commit: numbers are seen in their order."""

REVOCATION_LOG = sa.Table(
    "revocation_log",
    METADATA,
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("mark", sa.String(16), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("target", sa.String(128), nullable=False),
    sa.Column("value", sa.String(32)),
    sa.Column("at_s", sa.BigInteger, nullable=False),
    sa.Column("expires_at_s", sa.BigInteger),
    sa.Column("actor", sa.String(128), nullable=False),
    sa.Index(None, "kind", "target"),
)
"""Rows are added, never changed. `mark` is random: a number and its mark are a place in this log and in no other."""
