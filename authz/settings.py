"""What authz is told by its environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from process.address import Address, parse_address
from process.logs import level
from process.secret import internal_secret
from process.settings import Reader, public_url
from stores.valkey import valkey_url


@dataclass(frozen=True, slots=True)
class RevocationSettings:
    """Where the feed is, what it has to be shown, the file that keeps what it told, and for how long that serves."""

    feed: Address
    secret: str | None
    file: Path
    max_age_s: int


@dataclass(frozen=True, slots=True)
class Settings:
    """Complete, or the process does not start."""

    listen: Address
    valkey_url: str
    revocations: RevocationSettings
    api_url: str
    log_level: int


def load(environment: Mapping[str, str]) -> Settings:
    """Read all of it; SettingsError tells every fault."""
    reader = Reader(environment)
    listen = reader.read("LISTEN", parse_address, "unix:/path/x.sock or tcp:host:port")
    valkey = reader.read("VALKEY_URL", valkey_url, "unix:///path/x.sock or redis://host:port")
    api_url = reader.read("PUBLIC_API_URL", public_url, "an https origin without a trailing slash")
    revocations = _revocations(reader)
    log_level = reader.read("LOG_LEVEL", level, "debug, info, warning or error", default="info")
    reader.finish()
    return Settings(listen, valkey, revocations, api_url, log_level)


def _revocations(reader: Reader) -> RevocationSettings:
    feed = reader.read("REVOCATIONS_FEED", parse_address, "oauth's INTERNAL_LISTEN: unix:/path/x.sock or tcp:host:port")
    secret = internal_secret(reader, feed)
    file = reader.read("REVOCATIONS_FILE", _own_file, "the path of a file of this process alone, in a folder")
    max_age_s = reader.read("REVOCATIONS_MAX_AGE_S", _seconds, "whole seconds, 1 or more", default="3600")
    return RevocationSettings(feed, secret, file, max_age_s)


def _own_file(text: str) -> Path:
    path = Path(text)
    if not path.is_absolute() or not path.parent.is_dir():
        raise ValueError("no absolute path, or no such folder")
    return path


def _seconds(text: str) -> int:
    seconds = int(text)
    if seconds < 1:
        raise ValueError("less than a second")
    return seconds
