"""What OAuth needs: who there is (of the demo login), clients, requests, grants, tokens, failures, the audit."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_NUMBER = sa.String(39)
_COUNTED = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    _people()
    _clients()
    _grants()
    _tokens()
    _watch()


def _people() -> None:
    op.create_table(
        "businesses",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("plan", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_businesses"),
    )
    op.create_table(
        "users",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("email", sa.String(320)),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("password_hash", sa.Text),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("email", name="uq_users_email"),
    )
    op.create_table(
        "memberships",
        sa.Column("user_id", _NUMBER, nullable=False),
        sa.Column("business_id", _NUMBER, nullable=False),
        sa.Column("role", sa.String(64), nullable=False),
        sa.Column("permissions", sa.Text),
        sa.PrimaryKeyConstraint("user_id", "business_id", name="pk_memberships"),
        sa.ForeignKeyConstraint(["business_id"], ["businesses.id"], name="fk_memberships_business_id"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_memberships_user_id"),
    )
    op.create_table(
        "sessions",
        sa.Column("id_hash", sa.String(64), nullable=False),
        sa.Column("user_id", _NUMBER, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("csrf", sa.String(64), nullable=False),
        sa.Column("amr", sa.Text, nullable=False),
        sa.Column("auth_time_s", sa.BigInteger, nullable=False),
        sa.Column("created_at_s", sa.BigInteger, nullable=False),
        sa.Column("expires_at_s", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id_hash", name="pk_sessions"),
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"])


def _clients() -> None:
    op.create_table(
        "clients",
        sa.Column("number", _COUNTED, autoincrement=True, nullable=False),
        sa.Column("client_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("native", sa.Boolean, nullable=False),
        sa.Column("owner_business_id", _NUMBER, nullable=False),
        sa.Column("business_id", _NUMBER),
        sa.Column("service_user_id", _NUMBER),
        sa.Column("service_role", sa.String(64)),
        sa.Column("redirect_uris", sa.JSON, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("secret_hash", sa.String(64)),
        sa.Column("previous_secret_hash", sa.String(64)),
        sa.Column("previous_secret_until_s", sa.BigInteger),
        sa.Column("secret_rotated_at_s", sa.BigInteger),
        sa.Column("created_at_s", sa.BigInteger, nullable=False),
        sa.Column("updated_at_s", sa.BigInteger, nullable=False),
        sa.Column("created_by", _NUMBER),
        sa.Column("disabled_at_s", sa.BigInteger),
        sa.PrimaryKeyConstraint("number", name="pk_clients"),
        sa.UniqueConstraint("client_id", name="uq_clients_client_id"),
        sa.UniqueConstraint("service_user_id", name="uq_clients_service_user_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_clients_owner_business_id", "clients", ["owner_business_id"])
    op.create_table(
        "auth_requests",
        sa.Column("id_hash", sa.String(64), nullable=False),
        sa.Column("client_id", sa.String(64), nullable=False),
        sa.Column("asked", sa.JSON, nullable=False),
        sa.Column("user_id", _NUMBER),
        sa.Column("expires_at_s", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id_hash", name="pk_auth_requests"),
        sa.ForeignKeyConstraint(["client_id"], ["clients.client_id"], name="fk_auth_requests_client_id"),
    )


def _grants() -> None:
    op.create_table(
        "grants",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("client_id", sa.String(64), nullable=False),
        sa.Column("user_id", _NUMBER, nullable=False),
        sa.Column("business_id", _NUMBER, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("created_at_s", sa.BigInteger, nullable=False),
        sa.Column("absolute_expires_at_s", sa.BigInteger, nullable=False),
        sa.Column("revoked_at_s", sa.BigInteger),
        sa.Column("reason", sa.String(64)),
        sa.PrimaryKeyConstraint("id", name="pk_grants"),
        sa.ForeignKeyConstraint(["client_id"], ["clients.client_id"], name="fk_grants_client_id"),
    )
    op.create_index("ix_grants_client_id", "grants", ["client_id"])
    op.create_index("ix_grants_user_id_business_id", "grants", ["user_id", "business_id"])
    op.create_table(
        "codes",
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("grant_id", sa.String(64), nullable=False),
        sa.Column("client_id", sa.String(64), nullable=False),
        sa.Column("redirect_uri", sa.Text, nullable=False),
        sa.Column("challenge", sa.String(43), nullable=False),
        sa.Column("expires_at_s", sa.BigInteger, nullable=False),
        sa.Column("used_at_s", sa.BigInteger),
        sa.PrimaryKeyConstraint("hash", name="pk_codes"),
        sa.ForeignKeyConstraint(["grant_id"], ["grants.id"], name="fk_codes_grant_id"),
    )
    op.create_index("ix_codes_grant_id", "codes", ["grant_id"])
    op.create_table(
        "refresh_tokens",
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("grant_id", sa.String(64), nullable=False),
        sa.Column("parent_hash", sa.String(64)),
        sa.Column("client_id", sa.String(64), nullable=False),
        sa.Column("issued_at_s", sa.BigInteger, nullable=False),
        sa.Column("expires_at_s", sa.BigInteger, nullable=False),
        sa.Column("used_at_s", sa.BigInteger),
        sa.PrimaryKeyConstraint("hash", name="pk_refresh_tokens"),
        sa.ForeignKeyConstraint(["grant_id"], ["grants.id"], name="fk_refresh_tokens_grant_id"),
    )
    op.create_index("ix_refresh_tokens_grant_id", "refresh_tokens", ["grant_id"])


def _tokens() -> None:
    op.create_table(
        "access_tokens",
        sa.Column("number", _COUNTED, autoincrement=True, nullable=False),
        sa.Column("jti", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("grant_id", sa.String(64)),
        sa.Column("client_id", sa.String(64), nullable=False),
        sa.Column("business_id", _NUMBER, nullable=False),
        sa.Column("user_id", _NUMBER, nullable=False),
        sa.Column("name", sa.Text),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("role", sa.String(64), nullable=False),
        sa.Column("kid", sa.String(64), nullable=False),
        sa.Column("rate_key", sa.String(128), nullable=False),
        sa.Column("created_by", _NUMBER),
        sa.Column("created_at_s", sa.BigInteger, nullable=False),
        sa.Column("expires_at_s", sa.BigInteger, nullable=False),
        sa.Column("last_used_at_s", sa.BigInteger),
        sa.Column("revoked_at_s", sa.BigInteger),
        sa.Column("replaced_by", _COUNTED),
        sa.PrimaryKeyConstraint("number", name="pk_access_tokens"),
        sa.ForeignKeyConstraint(["grant_id"], ["grants.id"], name="fk_access_tokens_grant_id"),
        sa.UniqueConstraint("jti", name="uq_access_tokens_jti"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_access_tokens_business_id_kind", "access_tokens", ["business_id", "kind"])
    op.create_index("ix_access_tokens_client_id", "access_tokens", ["client_id"])
    op.create_index("ix_access_tokens_expires_at_s", "access_tokens", ["expires_at_s"])
    op.create_index("ix_access_tokens_grant_id", "access_tokens", ["grant_id"])
    op.create_index("ix_access_tokens_user_id_business_id", "access_tokens", ["user_id", "business_id"])


def _watch() -> None:
    op.create_table(
        "failures",
        sa.Column("what", sa.String(64), nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("since_s", sa.BigInteger, nullable=False),
        sa.Column("locked_until_s", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("what", name="pk_failures"),
    )
    op.create_table(
        "audit",
        sa.Column("id", _COUNTED, autoincrement=True, nullable=False),
        sa.Column("at_s", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.Column("business_id", _NUMBER),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("target", sa.String(128), nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_business_id_at_s", "audit", ["business_id", "at_s"])
