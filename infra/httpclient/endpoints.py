"""Where a server is, and connecting to it: a UNIX socket, or a host of one or more addresses, with TLS or without.

Owns how long connecting may take, and which address has its turn. Knows nothing of HTTP.
"""

import asyncio
import itertools
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from infra.httpclient.errors import Unreachable

P = TypeVar("P", bound=asyncio.Protocol)


class Endpoint(Protocol):
    """Somewhere to connect to."""

    async def connect(self, make: Callable[[], P], *, until_s: float) -> P:
        """A connection by then (loop time); else OSError, which TimeoutError is."""


@dataclass(frozen=True, slots=True)
class UnixEndpoint:
    """A UNIX socket."""

    path: str

    async def connect(self, make: Callable[[], P], *, until_s: float) -> P:
        """See `Place.connect`."""
        async with asyncio.timeout_at(until_s):
            return (await asyncio.get_running_loop().create_unix_connection(make, self.path))[1]


@dataclass(frozen=True, slots=True)
class TcpEndpoint:
    """A host, by a name or an address, and a port. With `tls` it has to show a certificate of that host.

    `tls` is called for each new connection.
    """

    host: str
    port: int
    tls: Callable[[], ssl.SSLContext] | None = None
    _turns: Iterator[int] = field(default_factory=itertools.count)

    async def connect(self, make: Callable[[], P], *, until_s: float) -> P:
        """See `Place.connect`. Each time it begins with another of the host's addresses; what is left of the time is
        shared by those that are left, so that a silent one does not use up all of it.
        """
        loop = asyncio.get_running_loop()
        async with asyncio.timeout_at(until_s):
            found = await loop.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        first = next(self._turns) % len(found)
        trouble = OSError("no address")
        for number, (family, _, _, _, address) in enumerate(found[first:] + found[:first]):
            share_s = (until_s - loop.time()) / (len(found) - number)
            try:
                async with asyncio.timeout(share_s):
                    return await self._connect_to(make, family, address)
            except OSError as error:
                trouble = error
        raise trouble

    async def _connect_to(self, make: Callable[[], P], family: int, address: tuple[Any, ...]) -> P:
        loop = asyncio.get_running_loop()
        tls, name = (self.tls(), self.host) if self.tls else (None, None)
        return (
            await loop.create_connection(make, address[0], address[1], family=family, ssl=tls, server_hostname=name)
        )[1]


async def connect_to(place: Endpoint, make: Callable[[], P], *, timeout_s: float) -> P:
    """A connection; Unreachable says why there is none."""
    until_s = asyncio.get_running_loop().time() + timeout_s
    try:
        return await place.connect(make, until_s=until_s)
    except TimeoutError:
        raise Unreachable(f"not connected within {timeout_s} s") from None
    except (OSError, UnicodeError) as error:  # UnicodeError: a name that no resolver can be asked for
        raise Unreachable(repr(error)) from None
