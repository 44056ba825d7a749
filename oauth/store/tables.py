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


class InternalId(sa.types.TypeDecorator[int]):
    """An internal id of a user or a business: as text, for where it is a UUID it has 128 bits."""

    impl = sa.String(39)
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: sa.Dialect) -> str | None:
        """As it is kept."""
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> int | None:
        """As it is used."""
        return None if value is None else int(value)


_COUNTED = sa.BigInteger().with_variant(sa.Integer, "sqlite")
"""Numbers that the database gives. In SQLite only such a column counts, and with `sqlite_autoincrement` no number comes
twice: public ids are made of them."""
_DIGEST = sa.String(64)
_WORD = sa.String(64)


def _no_more_than_once(name: str, type_: sa.types.TypeEngine[str]) -> sa.Column[str]:
    return sa.Column(name, type_, primary_key=True)


BUSINESSES = sa.Table(
    "businesses",
    METADATA,
    sa.Column("id", InternalId, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("plan", _WORD, nullable=False),
)
"""Of the demo login, as the two that follow: elsewhere the platform knows who there is."""

USERS = sa.Table(
    "users",
    METADATA,
    sa.Column("id", InternalId, primary_key=True),
    sa.Column("email", sa.String(320), unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("password_hash", sa.Text),
    sa.Column("active", sa.Boolean, nullable=False),
)

MEMBERSHIPS = sa.Table(
    "memberships",
    METADATA,
    sa.Column("user_id", InternalId, sa.ForeignKey("users.id"), primary_key=True),
    sa.Column("business_id", InternalId, sa.ForeignKey("businesses.id"), primary_key=True),
    sa.Column("role", _WORD, nullable=False),
    sa.Column("permissions", sa.Text),
)

SESSIONS = sa.Table(
    "sessions",
    METADATA,
    _no_more_than_once("id_hash", _DIGEST),
    sa.Column("user_id", InternalId, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("csrf", sa.String(64), nullable=False),
    sa.Column("amr", sa.Text, nullable=False),
    sa.Column("auth_time_s", sa.BigInteger, nullable=False),
    sa.Column("created_at_s", sa.BigInteger, nullable=False),
    sa.Column("expires_at_s", sa.BigInteger, nullable=False),
    sa.Index(None, "user_id"),
)
"""Browsers that are logged in."""

LOGINS = sa.Table(
    "logins",
    METADATA,
    _no_more_than_once("id_hash", _DIGEST),
    sa.Column("return_to", sa.Text, nullable=False),
    sa.Column("nonce", sa.String(64), nullable=False),
    sa.Column("verifier", sa.String(128), nullable=False),
    sa.Column("expires_at_s", sa.BigInteger, nullable=False),
)
"""Browsers that are on their way to an upstream provider and back. A row is taken away by the first that comes back."""

CLIENTS = sa.Table(
    "clients",
    METADATA,
    sa.Column("number", _COUNTED, primary_key=True, autoincrement=True),
    sa.Column("client_id", _WORD, nullable=False, unique=True),
    sa.Column("kind", _WORD, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("native", sa.Boolean, nullable=False),
    sa.Column("owner_business_id", InternalId, nullable=False),
    sa.Column("business_id", InternalId),
    sa.Column("service_user_id", InternalId, unique=True),
    sa.Column("service_role", _WORD),
    sa.Column("redirect_uris", sa.JSON, nullable=False),
    sa.Column("scope", sa.Text, nullable=False),
    sa.Column("secret_hash", _DIGEST),
    sa.Column("previous_secret_hash", _DIGEST),
    sa.Column("previous_secret_until_s", sa.BigInteger),
    sa.Column("secret_rotated_at_s", sa.BigInteger),
    sa.Column("created_at_s", sa.BigInteger, nullable=False),
    sa.Column("updated_at_s", sa.BigInteger, nullable=False),
    sa.Column("created_by", InternalId),
    sa.Column("disabled_at_s", sa.BigInteger),
    sa.Column("revision", sa.Integer, nullable=False, server_default="1"),
    sa.Index(None, "owner_business_id"),
    sqlite_autoincrement=True,
)
"""Apps. `business_id` is a service's: whose records it works on. Which grants a client may use, its `kind` says."""

KEYED_CREATES = sa.Table(
    "keyed_creates",
    METADATA,
    sa.Column("business_id", sa.BigInteger, primary_key=True),
    sa.Column("dedupe_key", sa.String(128), primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("created_at_s", sa.BigInteger, nullable=False),
)
"""Which PAT or app was made with which key; a key is a digest that names the operation, too."""

AUTH_REQUESTS = sa.Table(
    "auth_requests",
    METADATA,
    _no_more_than_once("id_hash", _DIGEST),
    sa.Column("client_id", _WORD, sa.ForeignKey("clients.client_id"), nullable=False),
    sa.Column("asked", sa.JSON, nullable=False),
    sa.Column("user_id", InternalId),
    sa.Column("expires_at_s", sa.BigInteger, nullable=False),
)
"""From /authorize to the decision. `user_id`: who alone may decide, once someone has logged in."""

GRANTS = sa.Table(
    "grants",
    METADATA,
    _no_more_than_once("id", _WORD),
    sa.Column("client_id", _WORD, sa.ForeignKey("clients.client_id"), nullable=False),
    sa.Column("user_id", InternalId, nullable=False),
    sa.Column("business_id", InternalId, nullable=False),
    sa.Column("scope", sa.Text, nullable=False),
    sa.Column("created_at_s", sa.BigInteger, nullable=False),
    sa.Column("absolute_expires_at_s", sa.BigInteger, nullable=False),
    sa.Column("revoked_at_s", sa.BigInteger),
    sa.Column("reason", _WORD),
    sa.Index(None, "client_id"),
    sa.Index(None, "user_id", "business_id"),
)
"""One consent, and the family of all tokens that come of it. Who issues for it or revokes it takes its row first."""

CODES = sa.Table(
    "codes",
    METADATA,
    _no_more_than_once("hash", _DIGEST),
    sa.Column("grant_id", _WORD, sa.ForeignKey("grants.id"), nullable=False),
    sa.Column("client_id", _WORD, nullable=False),
    sa.Column("redirect_uri", sa.Text, nullable=False),
    sa.Column("challenge", sa.String(43), nullable=False),
    sa.Column("expires_at_s", sa.BigInteger, nullable=False),
    sa.Column("used_at_s", sa.BigInteger),
    sa.Index(None, "grant_id"),
)

REFRESH_TOKENS = sa.Table(
    "refresh_tokens",
    METADATA,
    _no_more_than_once("hash", _DIGEST),
    sa.Column("grant_id", _WORD, sa.ForeignKey("grants.id"), nullable=False),
    sa.Column("parent_hash", _DIGEST),
    sa.Column("client_id", _WORD, nullable=False),
    sa.Column("issued_at_s", sa.BigInteger, nullable=False),
    sa.Column("expires_at_s", sa.BigInteger, nullable=False),
    sa.Column("used_at_s", sa.BigInteger),
    sa.Index(None, "grant_id"),
)

ACCESS_TOKENS = sa.Table(
    "access_tokens",
    METADATA,
    sa.Column("number", _COUNTED, primary_key=True, autoincrement=True),
    sa.Column("jti", sa.String(128), nullable=False, unique=True),
    sa.Column("kind", _WORD, nullable=False),
    sa.Column("grant_id", _WORD, sa.ForeignKey("grants.id")),
    sa.Column("client_id", _WORD, nullable=False),
    sa.Column("business_id", InternalId, nullable=False),
    sa.Column("user_id", InternalId, nullable=False),
    sa.Column("name", sa.Text),
    sa.Column("scope", sa.Text, nullable=False),
    sa.Column("role", _WORD, nullable=False),
    sa.Column("kid", _WORD, nullable=False),
    sa.Column("rate_key", sa.String(128), nullable=False),
    sa.Column("created_by", InternalId),
    sa.Column("created_at_s", sa.BigInteger, nullable=False),
    sa.Column("expires_at_s", sa.BigInteger, nullable=False),
    sa.Column("last_used_at_s", sa.BigInteger),
    sa.Column("revoked_at_s", sa.BigInteger),
    sa.Column("replaced_by", _COUNTED),
    sa.Column("permissions", sa.Text),
    sa.Column("revision", sa.Integer, nullable=False, server_default="1"),
    sa.Index(None, "grant_id"),
    sa.Index(None, "client_id"),
    sa.Index(None, "business_id", "kind"),
    sa.Index(None, "user_id", "business_id"),
    sa.Index(None, "expires_at_s"),
    sqlite_autoincrement=True,
)
"""What was issued, by `jti`; never a token. `kind` is the claim `token_kind`; the last columns are a PAT's. `role` and
`permissions` are what it says, for a change of role to be noticed. `revoked_at_s` may lie ahead: it ends then."""

FAILURES = sa.Table(
    "failures",
    METADATA,
    _no_more_than_once("what", _DIGEST),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("since_s", sa.BigInteger, nullable=False),
    sa.Column("locked_until_s", sa.BigInteger, nullable=False),
)
"""Who has failed to prove who they are, how often of late: a digest of what is counted."""

AUDIT = sa.Table(
    "audit",
    METADATA,
    sa.Column("id", _COUNTED, primary_key=True, autoincrement=True),
    sa.Column("at_s", sa.BigInteger, nullable=False),
    sa.Column("actor", sa.String(128), nullable=False),
    sa.Column("business_id", InternalId),
    sa.Column("action", _WORD, nullable=False),
    sa.Column("target", sa.String(128), nullable=False),
    sa.Column("detail", sa.JSON, nullable=False),
    sa.Index(None, "business_id", "at_s"),
    sqlite_autoincrement=True,
)
"""Who did what to what: ids and words, never a token."""
