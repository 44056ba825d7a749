"""Settings of each command, complete or fatal: serving needs no id key, naming the key needs nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from contract.ids import CODECS, Codec, IdKind, id_key
from contract.vocabulary import TenantId
from oauth.directory import Business, read_directory
from oauth.jwks import SigningKey, read_signing_key
from oauth.mint import Mint
from process.address import Address, parse_address
from process.logs import level
from process.secret import internal_secret
from process.settings import Reader, public_url

_DATABASE = "sqlite:////path/to/file.db or postgresql://user:word@host/database"


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """Where to listen, what is kept where, and the key whose public half is served.

    `internal_listen` is for our own services; on a network they show the `internal_secret`.
    """

    listen: Address
    internal_listen: Address
    internal_secret: str | None
    database_url: str
    key: SigningKey
    log_level: int


@dataclass(frozen=True, slots=True)
class OperatorSettings:
    """Where the log is, and how ids are made of numbers."""

    database_url: str
    ids: Codec


@dataclass(frozen=True, slots=True)
class MintSettings:
    """Whose tokens are minted, and for whom."""

    mint: Mint
    directory: dict[TenantId, Business]


def load_serve(environment: Mapping[str, str]) -> ServeSettings:
    """Settings of `python -m oauth`."""
    reader = Reader(environment)
    listen = reader.read("LISTEN", parse_address, "unix:/path/x.sock or tcp:host:port")
    internal_listen = reader.read("INTERNAL_LISTEN", parse_address, "unix:/path/x.sock or tcp:host:port")
    secret = internal_secret(reader, internal_listen)
    database = _database(reader)
    key = _signing_key(reader)
    log_level = reader.read("LOG_LEVEL", level, "debug, info, warning or error", default="info")
    reader.finish()
    return ServeSettings(listen, internal_listen, secret, database, key, log_level)


def load_database(environment: Mapping[str, str]) -> str:
    """The one setting of `python -m oauth migrate`: the database's URL."""
    reader = Reader(environment)
    database = _database(reader)
    reader.finish()
    return database


def load_mint(environment: Mapping[str, str]) -> MintSettings:
    """Settings of `python -m oauth token`, which mints for anyone and therefore only locally."""
    reader = Reader(environment)
    reader.read(
        "LOCAL_MODE", _only_local, "1, which the local runner alone sets: tokens for anyone are minted nowhere else"
    )
    issuer = reader.read("PUBLIC_AUTH_URL", public_url, "an https origin, without a trailing slash")
    audience = reader.read("PUBLIC_API_URL", public_url, "an https origin, without a trailing slash")
    kind, secret = _ids(reader)
    key = _signing_key(reader)
    directory = reader.read("DIRECTORY_FILE", _directory, "the path of a directory of businesses and users, in JSON")
    reader.finish()
    return MintSettings(Mint(issuer, audience, CODECS[kind](secret), key), directory)


def load_operator(environment: Mapping[str, str]) -> OperatorSettings:
    """Settings of the commands that read the revocation log or append to it."""
    reader = Reader(environment)
    database = _database(reader)
    kind, secret = _ids(reader)
    reader.finish()
    return OperatorSettings(database, CODECS[kind](secret))


def load_key(environment: Mapping[str, str]) -> SigningKey:
    """Settings of `python -m oauth kid`."""
    reader = Reader(environment)
    key = _signing_key(reader)
    reader.finish()
    return key


def _database(reader: Reader) -> str:
    return reader.read("OAUTH_DATABASE_URL", _database_url, _DATABASE, told=False)


def _database_url(text: str) -> str:
    # The commands that only print are not to wait for SQLAlchemy.
    from oauth.store.database import database_url

    return database_url(text)


def _ids(reader: Reader) -> tuple[IdKind, bytes]:
    secret = reader.secret("ID_KEY_FILE", id_key, "a file of 64 hex characters")
    kind = reader.read("ID_KIND", IdKind, "integer or uuid, as the internal services have it", default="integer")
    return kind, secret


def _signing_key(reader: Reader) -> SigningKey:
    return reader.secret("SIGNING_KEY_FILE", read_signing_key, "a PEM private key, EC P-256 or RSA")


def _directory(path: str) -> dict[TenantId, Business]:
    return read_directory(Path(path).read_text(encoding="utf-8"))


def _only_local(text: str) -> None:
    if text != "1":
        raise ValueError("this is not local mode")
