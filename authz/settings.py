"""What authz is told by its environment."""

from collections.abc import Mapping
from dataclasses import dataclass

from process.address import Address, parse_address
from process.logs import level
from process.settings import Reader, public_url
from stores.valkey import valkey_url


@dataclass(frozen=True, slots=True)
class Settings:
    """Complete, or the process does not start.

    `authz_processes` are all that share the Valkey, this one among them: without it each grants that part of a limit.
    `limits_timeout_s` is what a charge may take before the process counts by itself.
    """

    listen: Address
    valkey_url: str
    api_url: str
    log_level: int
    authz_processes: int
    limits_timeout_s: float
    log_allowed_share: float
    """Of the requests that are let through, how many have a line in the log: 0 to 1. Denials all have."""


def load(environment: Mapping[str, str]) -> Settings:
    """Read all of it; SettingsError tells every fault."""
    reader = Reader(environment)
    listen = reader.read("LISTEN", parse_address, "unix:/path/x.sock or tcp:host:port")
    valkey = reader.read("VALKEY_URL", valkey_url, "unix:///path/x.sock or redis://host:port", told=False)
    api_url = reader.read("PUBLIC_API_URL", public_url, "an https origin without a trailing slash")
    log_level = reader.read("LOG_LEVEL", level, "debug, info, warning or error", default="info")
    processes = reader.read("AUTHZ_PROCESSES", _positive, "how many processes share the limits", default="1")
    timeout_ms = reader.read("LIMITS_TIMEOUT_MS", _positive, "whole milliseconds", default="8")
    share = reader.read("LOG_ALLOWED_SHARE", _share, "a number between 0 and 1", default="0.01")
    reader.finish()
    return Settings(listen, valkey, api_url, log_level, processes, timeout_ms / 1000, share)


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
