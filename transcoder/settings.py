"""The transcoder's settings, from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass

from contract.ids import parse_id_key
from contract.sealing import KeyRing, parse_key_ring
from contract.size_and_time_limits import STORE_TIMEOUT_S
from infra.process.address import Address, UnixAddress, metrics_listen, parse_address
from infra.process.branding import Branding, read_branding
from infra.process.settings import SettingsReader, parse_log_level, public_url
from infra.process.shared_secret import SharedSecret, internal_secret
from infra.process.tracing import collector_url
from infra.stores.valkey import valkey_url
from transcoder.backend.credentials import Credentials, read_credentials
from transcoder.backend.http_client import address_of, internal_url
from transcoder.backend.loader import DEFAULT_DIALECT, Connect, load_dialect
from transcoder.presentation.record_checks import InvalidValuePolicy


@dataclass(frozen=True, slots=True)
class OAuthSettings:
    """Where the authorization server listens for our own services; the secret that it is shown on a network."""

    url: str
    secret: SharedSecret | None


@dataclass(frozen=True, slots=True)
class Settings:
    """All that differs between deployments."""

    listen: UnixAddress
    metrics_listen: Address | None
    collector: str | None
    internal_url: str
    credentials: Credentials
    connect: Connect
    invalid_values: InvalidValuePolicy
    oauth: OAuthSettings
    valkey_url: str
    store_timeout_s: float
    api_url: str
    auth_url: str
    id_key: bytes
    cursor_keys: KeyRing
    branding: Branding
    log_level: int


def load(environment: Mapping[str, str]) -> Settings:
    """Read the settings; raises SettingsError with all faults at once."""
    reader = SettingsReader(environment)
    settings = Settings(
        listen=reader.read("LISTEN", _socket, "unix:/path"),
        metrics_listen=metrics_listen(reader),
        collector=collector_url(reader),
        internal_url=reader.read("INTERNAL_URL", internal_url, "unix:/path or https://host:port"),
        credentials=read_credentials(reader),
        connect=reader.read(
            "DIALECT",
            lambda name: load_dialect(name)(reader),  # its own settings are among the ones that are told of
            f"module:function, such as {DEFAULT_DIALECT}",
            default=DEFAULT_DIALECT,
        ),
        invalid_values=reader.read(
            "INVALID_VALUES", InvalidValuePolicy, "null or refuse", default=InvalidValuePolicy.NULL.value
        ),
        oauth=_oauth(reader),
        valkey_url=reader.read(
            "VALKEY_URL", valkey_url, "unix:///path or redis://host:port (a cluster: ?cluster=true)", shown_as=False
        ),
        store_timeout_s=reader.read(
            "STORE_TIMEOUT_MS", _seconds, "whole milliseconds", default=f"{STORE_TIMEOUT_S * 1000:.0f}"
        ),
        api_url=reader.read("PUBLIC_API_URL", public_url, "an https origin such as https://api.example.com"),
        auth_url=reader.read("PUBLIC_AUTH_URL", public_url, "an https origin such as https://auth.example.com"),
        id_key=reader.secret("ID_KEY_FILE", parse_id_key, "a file of 64 hex characters"),
        cursor_keys=reader.secret("CURSOR_KEYS_FILE", parse_key_ring, "a file of lines `<key id> <64 hex characters>`"),
        branding=read_branding(reader),
        log_level=reader.read("LOG_LEVEL", parse_log_level, "debug, info, warning or error", default="info"),
    )
    reader.finish()
    return settings


def _oauth(reader: SettingsReader) -> OAuthSettings:
    expected = "oauth's INTERNAL_LISTEN, as unix:/path or http://host:port"
    url = reader.read("OAUTH_INTERNAL_URL", internal_url, expected)
    return OAuthSettings(url, internal_secret(reader, None if url is None else address_of(url)))


def _socket(text: str) -> UnixAddress:
    """Read where to listen: a UNIX socket, since whoever can connect is believed in who the caller is."""
    address = parse_address(text)
    if not isinstance(address, UnixAddress):
        raise ValueError("only a UNIX socket is safe here: identity headers are believed")
    return address


def _seconds(text: str) -> float:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise ValueError("not a positive whole number")
    return int(text) / 1000
