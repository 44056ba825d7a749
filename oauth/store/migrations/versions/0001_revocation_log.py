"""What was revoked, suspended or given another plan: a log that is only appended to, in the order of its numbers."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    head = op.create_table(
        "revocation_head",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_revocation_head"),
        sa.CheckConstraint("id = 1", name="only_one"),
    )
    op.bulk_insert(head, [{"id": 1, "sequence": 0}])
    op.create_table(
        "revocation_log",
        sa.Column("sequence", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("mark", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("target", sa.String(128), nullable=False),
        sa.Column("value", sa.String(32)),
        sa.Column("at_s", sa.BigInteger, nullable=False),
        sa.Column("expires_at_s", sa.BigInteger),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_revocation_log"),
    )
    op.create_index("ix_revocation_log_kind_target", "revocation_log", ["kind", "target"])
