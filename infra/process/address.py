"""Where a service listens: a UNIX socket or a TCP address, spelled `unix:/path` or `tcp:host:port`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.process.settings import SettingsReader

MAX_SOCKET_PATH_BYTES = 107
"""The kernel's limit for the path of a UNIX socket (sun_path)."""
_OWNER_ONLY = 0o600
NO_MARK = (0, 0)


@dataclass(frozen=True, slots=True)
class UnixAddress:
    """A UNIX socket; only its owner may connect."""

    path: Path

    @contextmanager
    def taken_over(self) -> Iterator[Path]:
        """Where to listen; at the end that becomes `path`, in one step, whoever listened there before.

        There is no instant at which nobody listens, and a predecessor goes on with the connections that it has.
        """
        # No longer than the path, which may be as long as can be.
        aside = self.path.with_name(self.path.name[:-1] + "~")
        aside.unlink(missing_ok=True)
        yield aside
        aside.chmod(_OWNER_ONLY)
        aside.replace(self.path)

    @property
    def mark(self) -> tuple[int, int]:
        """What tells the socket that is there now from a successor's; `NO_MARK`: there is none."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return NO_MARK
        return found.st_ino, found.st_ctime_ns

    def vacate(self, mark: tuple[int, int]) -> None:
        """From here on nobody finds the socket of that mark. A successor's stays."""
        if self.mark == mark:
            self.path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class TcpAddress:
    """A TCP host and port."""

    host: str
    port: int

    @property
    def authority(self) -> str:
        """Both as a URL has them (RFC 3986 §3.2)."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


Address = UnixAddress | TcpAddress


def parse_address(text: str) -> Address:
    """Read `unix:/path` or `tcp:host:port`; ValueError says what is wrong."""
    scheme, _, rest = text.partition(":")
    if scheme == "unix" and rest.startswith("/"):
        if len(rest.encode()) > MAX_SOCKET_PATH_BYTES:
            raise ValueError(f"a socket path has at most {MAX_SOCKET_PATH_BYTES} bytes")
        return UnixAddress(Path(rest))
    host, _, port = rest.rpartition(":")
    if scheme == "tcp" and host and port.isdigit() and 0 < int(port) < 65536:
        return TcpAddress(host.strip("[]"), int(port))
    raise ValueError("neither a UNIX socket nor a TCP address")


def metrics_listen(reader: SettingsReader) -> Address | None:
    """Where metrics are read; None: nowhere."""
    expected = "unix:/path/x.sock or tcp:host:port; without it there are none to read"
    return reader.optional("METRICS_LISTEN", parse_address, expected)
