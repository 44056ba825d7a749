"""The HTTP servers that requests can come through: our own, and aiohttp's, which is the reference.

One suite holds both to the same promises (`tests/servers/`). Imports the one that was chosen.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from infra.httpserver.connection import Answering
from infra.process.address import Address

Serve = Callable[[Answering, Address, asyncio.Event], Awaitable[None]]
"""Listens until the event, and then ends well."""


def own_server() -> Serve:
    """Our own."""
    from infra.process.http_server import serve

    return serve


def aiohttp_server() -> Serve:
    """The reference."""
    from infra.process.aiohttp_server import serve_all

    return serve_all


SERVERS: Mapping[str, Callable[[], Serve]] = {"lean": own_server, "aiohttp": aiohttp_server}
DEFAULT_SERVER = "lean"


def named_server(name: str) -> Serve:
    """The server of that name; ValueError if there is none."""
    if name not in SERVERS:
        raise ValueError("no such server")
    return SERVERS[name]()
