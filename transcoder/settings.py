"""The transcoder's settings, from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass

from contract.ids import IdCodec
from contract.sealing import KeyRing, key_ring
from process.address import Address, parse_address
from process.logs import level
from process.settings import Reader, public_url
from stores.valkey import valkey_url
from transcoder.upstream import internal_url


@dataclass(frozen=True, slots=True)
class Settings:
    """All that differs between deployments."""

    listen: Address
    internal_url: str
    valkey_url: str
    api_url: str
    id_codec: IdCodec
    cursor_keys: KeyRing
    log_level: int


def load(environment: Mapping[str, str]) -> Settings:
    """Read the settings; raises SettingsError with all faults at once."""
    reader = Reader(environment)
    settings = Settings(
        listen=reader.read("LISTEN", parse_address, "unix:/path or tcp:host:port"),
        internal_url=reader.read("INTERNAL_URL", internal_url, "unix:/path or http://host:port"),
        valkey_url=reader.read("VALKEY_URL", valkey_url, "unix:///path or redis://host:port"),
        api_url=reader.read("PUBLIC_API_URL", public_url, "an https origin such as https://api.example.com"),
        id_codec=reader.secret("ID_KEY_FILE", _id_codec, "a file of 64 hex characters"),
        cursor_keys=reader.secret("CURSOR_KEYS_FILE", key_ring, "a file of lines `<key id> <64 hex characters>`"),
        log_level=reader.read("LOG_LEVEL", level, "debug, info, warning or error", default="info"),
    )
    reader.finish()
    return settings


def _id_codec(text: str) -> IdCodec:
    return IdCodec(bytes.fromhex(text.strip()))
