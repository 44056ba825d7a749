"""What was made with a key, so that a create is carried out once."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "keyed_creates",
        sa.Column("business_id", sa.BigInteger, primary_key=True),
        sa.Column("dedupe_key", sa.String(128), primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("created_at_s", sa.BigInteger, nullable=False),
    )
