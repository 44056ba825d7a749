"""What authz is told by its environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from authz.server import ServerKind
from infra.process.address import Address, metrics_listen, parse_address
from infra.process.settings import SettingsReader, parse_log_level, public_url
from infra.process.shared_secret import SharedSecret, internal_secret
from infra.process.tracing import collector_url
from infra.stores.valkey import valkey_url


@dataclass(frozen=True, slots=True)
class RevocationSettings:
    """Where the feed is, what it has to be shown, the file that keeps what it told, and for how long that serves."""

    feed: Address
    secret: SharedSecret | None
    file: Path
    max_age_s: int


@dataclass(frozen=True, slots=True)
class Settings:
    """Complete, or the process does not start.

    `replicas` are all that share the Valkey and are asked at the same time, spares apart: without it each grants
    that part of a limit.
    `limits_timeout_s` is what a charge may take before the process counts by itself.
    """

    listen: Address
    server: ServerKind
    metrics_listen: Address | None
    collector: str | None
    valkey_url: str
    revocations: RevocationSettings
    api_url: str
    log_level: int
    replicas: int
    limits_timeout_s: float
    log_allowed_share: float
    """Of the requests that are let through, how many have a line in the log: 0 to 1. Denials all have."""


def load(environment: Mapping[str, str]) -> Settings:
    """Read all of it; SettingsError tells every fault."""
    reader = SettingsReader(environment)
    listen = reader.read("LISTEN", parse_address, "unix:/path/x.sock or tcp:host:port")
    front = reader.read("GRPC_FRONT", ServerKind, "lean or grpc", default=ServerKind.LEAN)
    metrics, collector = metrics_listen(reader), collector_url(reader)
    valkey = reader.read(
        "VALKEY_URL", valkey_url, "unix:///path/x.sock or redis://host:port (a cluster: ?cluster=true)", shown_as=False
    )
    api_url = reader.read("PUBLIC_API_URL", public_url, "an https origin without a trailing slash")
    revocations = _revocations(reader)
    log_level = reader.read("LOG_LEVEL", parse_log_level, "debug, info, warning or error", default="info")
    processes = reader.read("AUTHZ_AT_WORK", _positive, "how many authz are asked at the same time", default="1")
    timeout_ms = reader.read("LIMITS_TIMEOUT_MS", _positive, "whole milliseconds", default="8")
    share = reader.read("LOG_ALLOWED_SHARE", _share, "a number between 0 and 1", default="0.01")
    reader.finish()
    timeout_s = timeout_ms / 1000
    return Settings(
        listen, front, metrics, collector, valkey, revocations, api_url, log_level, processes, timeout_s, share
    )


def _revocations(reader: SettingsReader) -> RevocationSettings:
    feed = reader.read("REVOCATIONS_FEED", parse_address, "oauth's INTERNAL_LISTEN: unix:/path/x.sock or tcp:host:port")
    secret = internal_secret(reader, feed)
    file = reader.read("REVOCATIONS_FILE", _own_file, "the path of a file of this process alone, in a folder")
    max_age_s = reader.read("REVOCATIONS_MAX_AGE_S", _positive, "whole seconds, 1 or more", default="3600")
    return RevocationSettings(feed, secret, file, max_age_s)


def _own_file(text: str) -> Path:
    path = Path(text)
    if not path.is_absolute() or not path.parent.is_dir():
        raise ValueError("no absolute path, or no such folder")
    return path


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError("less than 1")
    return number


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        raise ValueError("not a share")
    return share
