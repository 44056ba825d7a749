"""The settings, read once from the environment, complete or fatal.

Owns their names and forms. It must not know what they are used for.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError

LOG_LEVELS = ("debug", "info", "warning", "error")
DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}
PASSWORD = re.compile(r":[^:@/]*@")
SOCKET_PATH_MAX = 107  # bytes; sockaddr_un holds 108 with the closing zero


@dataclass(frozen=True, slots=True)
class UnixSocket:
    """A socket file."""

    path: str


@dataclass(frozen=True, slots=True)
class TcpAddress:
    """A host and a port."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Settings:
    """All that the sandbox is told."""

    listen: UnixSocket | TcpAddress
    database_url: sa.URL
    directory_file: Path
    log_level: str


class SettingsError(Exception):
    """Some settings are missing or wrong; `problems` has a line for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings of that environment.

    Raises:
        SettingsError: naming for each problem the variable, what was found and what is expected.
    """
    problems: list[str] = []

    def complain(name: str, expected: str) -> None:
        found = repr(PASSWORD.sub(":***@", environment[name])) if environment.get(name) else "nothing"
        problems.append(f"{name}: found {found}, expected {expected}")

    listen = _listen(environment.get("LISTEN", ""))
    if listen is None:
        complain("LISTEN", f"unix:/path (at most {SOCKET_PATH_MAX} bytes of path) or tcp:host:port")
    url = _database_url(environment.get("DATABASE_URL", ""))
    if url is None:
        complain("DATABASE_URL", "sqlite+aiosqlite:////path/to/file.db or postgresql+asyncpg://user:word@host/database")
    directory = environment.get("DIRECTORY_FILE", "")
    if not Path(directory).is_file():
        complain("DIRECTORY_FILE", "a JSON file of businesses and users")
    level = environment.get("LOG_LEVEL") or "info"
    if level not in LOG_LEVELS:
        complain("LOG_LEVEL", f"one of {', '.join(LOG_LEVELS)}")
    if problems or listen is None or url is None:
        raise SettingsError(problems)
    return Settings(listen, url, Path(directory), level)


def _listen(text: str) -> UnixSocket | TcpAddress | None:
    scheme, _, rest = text.partition(":")
    if scheme == "unix" and rest.startswith("/") and len(rest.encode()) <= SOCKET_PATH_MAX:
        return UnixSocket(rest)
    host, _, port = rest.rpartition(":")
    if scheme == "tcp" and host and port.isdecimal() and 0 < int(port) < 65536:
        return TcpAddress(host.strip("[]"), int(port))
    return None


def _database_url(text: str) -> sa.URL | None:
    try:
        url = sa.make_url(text)
    except ArgumentError:
        return None
    driver = DRIVERS.get(url.drivername)
    if driver is None or not url.database or url.database == ":memory:":
        return None
    return url.set(drivername=driver)
