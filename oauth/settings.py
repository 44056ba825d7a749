"""Settings of each command, complete or fatal; naming the key needs nothing but the keys."""

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from contract.ids import CODECS, Codec, IdKind, parse_id_key
from contract.vocabulary import TenantId
from infra.process.address import Address, metrics_listen, parse_address
from infra.process.branding import Branding, Logo, read_branding, read_logo
from infra.process.settings import SettingsReader, parse_log_level, public_url
from infra.process.shared_secret import SharedSecret, internal_secret
from infra.process.tracing import collector_url
from oauth.keys.jwks import SigningKey
from oauth.keys.key_files import KeyFolder
from oauth.keys.key_ring import Purpose
from oauth.login.directory import Business, read_directory
from oauth.tokens.mint import Mint

_DATABASE = "sqlite:////path/to/file.db or postgresql://user:word@host/database"


@dataclass(frozen=True, slots=True)
class Seeded:
    """The demo login: the users of a directory, in local mode alone."""

    people: dict[TenantId, Business]


@dataclass(frozen=True, slots=True)
class Provider:
    """The platform's own login (OpenID Connect), and where it tells what a user or a business is now."""

    issuer: str
    client_id: str
    client_secret: str
    people_url: str
    people_secret: str
    ca_file: str | None


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """Where to listen, what is kept where, whose tokens are issued, and the keys that sign.

    `internal_listen` is for our own services; on a network they show the `internal_secret`. `login`: how people log in;
    None where they do not.
    """

    listen: Address
    metrics_listen: Address | None
    collector: str | None
    internal_listen: Address
    internal_secret: SharedSecret | None
    database_url: str
    issuer: str
    audience: str
    ids: Codec
    keys: KeyFolder
    login: Seeded | Provider | None
    look: Branding
    logo: Logo | None
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
    reader = SettingsReader(environment)
    listen = reader.read("LISTEN", parse_address, "unix:/path/x.sock or tcp:host:port")
    metrics, collector = metrics_listen(reader), collector_url(reader)
    internal_listen = reader.read("INTERNAL_LISTEN", parse_address, "unix:/path/x.sock or tcp:host:port")
    secret = internal_secret(reader, internal_listen)
    database = _database(reader)
    issuer, audience = _public_urls(reader)
    kind, id_secret = _ids(reader)
    keys = _keys(reader)
    login = _login(reader)
    look, logo = read_branding(reader), read_logo(reader)
    log_level = reader.read("LOG_LEVEL", parse_log_level, "debug, info, warning or error", default="info")
    reader.finish()
    ids = CODECS[kind](id_secret)
    return ServeSettings(
        listen,
        metrics,
        collector,
        internal_listen,
        secret,
        database,
        issuer,
        audience,
        ids,
        keys,
        login,
        look,
        logo,
        log_level,
    )


def load_database(environment: Mapping[str, str]) -> str:
    """The one setting of `python -m oauth migrate`: the database's URL."""
    reader = SettingsReader(environment)
    database = _database(reader)
    reader.finish()
    return database


def load_mint(environment: Mapping[str, str]) -> MintSettings:
    """Settings of `python -m oauth token`, which mints for anyone and therefore only locally."""
    reader = SettingsReader(environment)
    reader.read(
        "LOCAL_MODE", _only_local, "1, which the local runner alone sets: tokens for anyone are minted nowhere else"
    )
    issuer, audience = _public_urls(reader)
    kind, secret = _ids(reader)
    keys = _keys(reader)
    directory = _people(reader)
    reader.finish()
    key = keys.signing(Purpose.PAT, int(time.time()))
    return MintSettings(Mint(issuer, audience, CODECS[kind](secret), key), directory)


def load_operator(environment: Mapping[str, str]) -> OperatorSettings:
    """Settings of the commands that read the revocation log or append to it."""
    reader = SettingsReader(environment)
    database = _database(reader)
    kind, secret = _ids(reader)
    reader.finish()
    return OperatorSettings(database, CODECS[kind](secret))


def load_key(environment: Mapping[str, str]) -> SigningKey:
    """Settings of `python -m oauth kid`."""
    return load_keys(environment).signing(Purpose.ACCESS, int(time.time()))


def load_keys(environment: Mapping[str, str]) -> KeyFolder:
    """The one setting of `python -m oauth keys`: the folder of the signing keys."""
    reader = SettingsReader(environment)
    keys = _keys(reader)
    reader.finish()
    return keys


def _database(reader: SettingsReader) -> str:
    return reader.read("OAUTH_DATABASE_URL", _database_url, _DATABASE, shown_as=False)


def _database_url(text: str) -> str:
    # The commands that only print are not to wait for SQLAlchemy.
    from oauth.store.database import database_url

    return database_url(text)


def _ids(reader: SettingsReader) -> tuple[IdKind, bytes]:
    secret = reader.secret("ID_KEY_FILE", parse_id_key, "a file of 64 hex characters")
    kind = reader.read("ID_KIND", IdKind, "integer or uuid, as the internal services have it", default="integer")
    return kind, secret


def _keys(reader: SettingsReader) -> KeyFolder:
    return reader.secrets("SIGNING_KEYS_DIR", KeyFolder, "a folder of PEM private keys, EC P-256 or RSA")


def _public_urls(reader: SettingsReader) -> tuple[str, str]:
    issuer = reader.read("PUBLIC_AUTH_URL", public_url, "an https origin, without a trailing slash")
    audience = reader.read("PUBLIC_API_URL", public_url, "an https origin, without a trailing slash")
    return issuer, audience


def load_provider(environment: Mapping[str, str]) -> Provider:
    """What `python -m oauth` reads besides where people log in at the platform's provider."""
    reader = SettingsReader(environment)
    provider = _provider(reader)
    reader.finish()
    return provider


def _login(reader: SettingsReader) -> Seeded | Provider | None:
    is_local = reader.read("LOCAL_MODE", _is_local, "1 in a local deployment, for its demo login, or 0", default="0")
    # Outside local mode there is no demo login: everybody knows its password.
    logins, default = (("demo", "oidc", "none"), "demo") if is_local else (("oidc", "none"), "none")
    way = reader.read("LOGIN", _one_of(*logins), " or ".join(logins), default=default)
    if way == "demo":
        return Seeded(_people(reader))
    return _provider(reader) if way == "oidc" else None


def _provider(reader: SettingsReader) -> Provider:
    return Provider(
        issuer=reader.read("OIDC_ISSUER", _https_url, "the provider's issuer, an https URL"),
        client_id=reader.read("OIDC_CLIENT_ID", str, "what the provider knows this server by"),
        client_secret=reader.secret("OIDC_CLIENT_SECRET_FILE", _line, "a file of one word"),
        people_url=reader.read("PEOPLE_URL", _https_url, "an https URL, below which `users/` and `businesses/` are"),
        people_secret=reader.secret("PEOPLE_SECRET_FILE", _line, "a file of one word"),
        ca_file=reader.read(
            "OIDC_CA_FILE", _ca_file, "the path of CA certificates for both, or system", default="system"
        ),
    )


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in words:
            raise ValueError("not one of these")
        return text

    return parse


def _https_url(text: str) -> str:
    if not text.startswith("https://") or "?" in text or "#" in text:
        raise ValueError("not an https URL")
    return text.rstrip("/")


def _line(text: str) -> str:
    if len(text.split()) != 1:
        raise ValueError("not one word")
    return text.strip()


def _ca_file(path: str) -> str | None:
    if path == "system":
        return None
    ssl.create_default_context(cafile=path)  # an SSLError is an OSError
    return path


def _people(reader: SettingsReader) -> dict[TenantId, Business]:
    return reader.read("DIRECTORY_FILE", _directory, "the path of a directory of businesses and users, in JSON")


def _directory(path: str) -> dict[TenantId, Business]:
    return read_directory(Path(path).read_text(encoding="utf-8"))


def _is_local(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError("neither 0 nor 1")
    return text == "1"


def _only_local(text: str) -> None:
    if text != "1":
        raise ValueError("this is not local mode")
