"""Serving HTTP with our own server at an `Address` until told to stop, then draining. Owns how long that may take."""

import asyncio
from socket import SO_KEEPALIVE, SOL_SOCKET

from httpserver.connection import Answering
from httpserver.server import Server
from process.address import NO_MARK, Address, UnixAddress

LINGER_S = 4.0
"""How long callers that keep connections open may take to leave once the process was told to stop. An idle connection
that we closed could meet a request that is on its way, and whoever sent it would not know whether to send it again:
so every answer asks the caller to close, and idle ones are the caller's to give up; the edge does after 3 s."""
DRAIN_S = 7.0
"""How long requests in flight may take after that: both together are longer than any request may take."""
BACKLOG = 4_096
"""How many may have connected and not been let in yet. The edge has a connection for each request under way, and a
process that gives way looks rarely: where this line is full, a request is refused after all has been paid for it."""
_TURNS_TO_LET_IN = 5
"""Of the loop: it looks at its sockets in each, and asyncio's own needs three to make a connection of what it finds."""


async def serve(answering: Answering, address: Address, stop: asyncio.Event, *, linger_s: float = LINGER_S) -> None:
    """Listen, wait for `stop`, let callers leave in `linger_s`, finish what is in flight in `DRAIN_S`, close."""
    server = Server(answering, stop.is_set)
    listener = await _listening(server, address)
    mark = marked(address)
    try:
        await stop.wait()
        await last_let_in(address, mark)
        listener.close()
        await server.deserted(linger_s)
    finally:
        listener.close()
        await server.close(DRAIN_S)


def marked(address: Address) -> tuple[int, int]:
    """What tells our own listener from a successor's."""
    return address.mark if isinstance(address, UnixAddress) else NO_MARK


async def last_let_in(address: Address, mark: tuple[int, int]) -> None:
    """Let in who has connected, and may have sent his request before we knew of him; nobody after him finds us."""
    if isinstance(address, UnixAddress):
        address.vacate(mark)
        for _ in range(_TURNS_TO_LET_IN):
            await asyncio.sleep(0)


async def _listening(server: Server, address: Address) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    if isinstance(address, UnixAddress):
        with address.taken_over() as path:
            return await loop.create_unix_server(server, str(path), backlog=BACKLOG)
    listener = await loop.create_server(server, address.host, address.port, backlog=BACKLOG)
    for each in listener.sockets:
        # What is accepted has it too: callers whose machine is gone say nothing, and would be kept for ever.
        each.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1)
    return listener
