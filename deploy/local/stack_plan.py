"""What is to run, as rows: a service, how to tell that it is ready, and in which order services leave.

Owns the shape of the rows; must not know one service by name. A plan travels to the supervisor as JSON.
"""

from dataclasses import dataclass
from enum import IntEnum


class StopOrder(IntEnum):
    """When a service is told to stop: who is called leaves after its callers."""

    FIRST = 0
    THEN = 1
    LAST = 2


class HandoverKind(IntEnum):
    """How a running service gives way to a new process of the same service."""

    NONE = 0
    """It ends, and then the next one begins."""
    BY_SOCKET = 1
    """The new one puts its socket in the place of the old one's and serves; then the old one is told to end."""
    BY_ITSELF = 2
    """The new one is told which life it is (`LIFE`), takes over from the old one and ends it."""


LIFETIME = "{life}"
"""A word of a command: 0 for a process that takes over from nobody, otherwise one more than its predecessor's."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A question whose answer shows that a service is ready: connect, send, and look at how the answer begins."""

    address: str
    """`unix:/path` or `tcp:host:port`"""
    send: str = ""
    expect: str = ""
    ca_file: str = ""
    """With a CA the connection is TLS, to `localhost`."""


@dataclass(frozen=True, slots=True)
class Service:
    """One process to keep alive."""

    name: str
    kind: str
    """What it is one of: `authz-1` and `authz-2` are both `authz`."""
    command: tuple[str, ...]
    environment: dict[str, str]
    """All of it: nothing is inherited."""
    ready: Probe
    leaves: StopOrder = StopOrder.THEN
    socket: str = ""
    """The path of a socket file that a dead predecessor may have left; removed before each start."""
    hands_over: HandoverKind = HandoverKind.NONE
    starts_after: tuple[str, ...] = ()
    """Names of services that must have been ready once before this one starts."""
    before_end: tuple[str, ...] = ()
    """A command that lets it finish what it has; run to its end before the service is told to."""


@dataclass(frozen=True, slots=True)
class StackPlan:
    """One stack: its services, where it lives and which port its API has (the auth host has the next)."""

    run_dir: str
    sockets: str
    working_dir: str
    api_port: int
    services: tuple[Service, ...]


def http_get(path: str, **headers: str) -> str:
    """Returns a request for a `Probe`. HTTP/1.1 because Envoy answers 426 to anything older."""
    lines = (f"{name}: {value}" for name, value in {"host": "localhost", "connection": "close", **headers}.items())
    return "\r\n".join((f"GET {path} HTTP/1.1", *lines, "", ""))


HTTP_OK = "HTTP/1.1 200"


MAX_QUICK_RESTARTS = 4
"""Quick deaths that a service which had served is forgiven: whoever killed it, its callers are waiting."""


def pause_s(quick_deaths: int, *, had_served: bool = False) -> float:
    """Returns how long to wait before a restart: none after the first death, then 0.5 s, doubling up to 10 s.

    After a life that `had_served`, this begins `AT_ONCE` deaths later.
    """
    counted = quick_deaths - MAX_QUICK_RESTARTS if had_served else quick_deaths
    return 0.0 if counted <= 1 else min(10.0, 0.25 * 2 ** min(counted - 1, 10))
