"""Revisions of tokens and apps, and the custom permissions that a token says."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("access_tokens", sa.Column("permissions", sa.Text))
    op.add_column("access_tokens", sa.Column("revision", sa.Integer, nullable=False, server_default="1"))
    op.add_column("clients", sa.Column("revision", sa.Integer, nullable=False, server_default="1"))
