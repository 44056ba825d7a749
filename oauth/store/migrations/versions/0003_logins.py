"""What is kept of a browser while it is at an upstream provider."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "logins",
        sa.Column("id_hash", sa.String(64), nullable=False),
        sa.Column("return_to", sa.Text, nullable=False),
        sa.Column("nonce", sa.String(64), nullable=False),
        sa.Column("verifier", sa.String(128), nullable=False),
        sa.Column("expires_at_s", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id_hash", name="pk_logins"),
    )
