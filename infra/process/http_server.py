"""Serve HTTP with aiohttp at an `Address` until told to stop, then drain. Owns how long that may take, and the bounds.

Not read by authz, which starts faster without aiohttp.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing
from typing import Any

from aiohttp import web

from infra.process.address import Address
from infra.process.listener import Listener, accept_pending, socket_mark

LINGER_S = 4.0
"""How long callers that keep connections open may take to leave once the process was told to stop. An idle connection
that we closed could meet a request that is on its way, and whoever sent it would not know whether to send it again:
so every answer asks the caller to close, and idle ones are the caller's to give up; the edge does after 3 s."""
DRAIN_S = 7.0
"""How long requests in flight may take after that: both together are longer than any request may take."""
LINE_BYTES = 64 * 1024
"""The longest request line and the longest header. The edge bounds all headers together below this."""
MAX_HEADERS = 512
"""Of one name there may come twice as many as of different ones, and the edge's and authz's own."""
_LOOK_EVERY_S = 0.02
_OPTIONS: dict[str, Any] = {
    "access_log": None,
    "auto_decompress": False,
    "max_line_size": LINE_BYTES,
    "max_field_size": LINE_BYTES,
    "max_headers": MAX_HEADERS,
}


async def serve(app: web.Application, address: Address, stop: asyncio.Event, *, linger_s: float = LINGER_S) -> None:
    """Listen, wait for `stop`, let callers leave in `linger_s`, finish what is in flight in `DRAIN_S`, close."""

    async def asked_to_close(_: web.BaseRequest, response: web.StreamResponse) -> None:
        if stop.is_set():
            response.force_close()
            # aiohttp has written its own headers by now, and would close without a word.
            response.headers["Connection"] = "close"

    app.on_response_prepare.append(asked_to_close)
    runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=DRAIN_S, **_OPTIONS)
    await _serve(runner, address, stop, linger_s)


async def serve_unrouted(
    handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
    address: Address,
    stop: asyncio.Event,
    *,
    linger_s: float = LINGER_S,
) -> None:
    """As `serve`, with one handler for whatever is asked: there are no routes, no middleware and no signals to pay."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        response = await handler(request)
        if stop.is_set():
            response.force_close()
        return response

    runner = web.ServerRunner(web.Server(handle, **_OPTIONS), handle_signals=False, shutdown_timeout=DRAIN_S)
    await _serve(runner, address, stop, linger_s)


async def _serve(runner: web.BaseRunner, address: Address, stop: asyncio.Event, linger_s: float) -> None:
    await runner.setup()
    assert runner.server is not None  # noqa: S101  it is set up
    try:
        with closing(Listener(runner.server, address)) as listener:
            mark = socket_mark(address)
            await stop.wait()
            await accept_pending(address, mark)
            listener.close()
            await _deserted(runner, linger_s)
    finally:
        await runner.cleanup()


async def _deserted(runner: web.BaseRunner, within_s: float) -> None:
    loop = asyncio.get_running_loop()
    ends_s = loop.time() + within_s
    while runner.server and runner.server.connections and loop.time() < ends_s:  # noqa: ASYNC110 (aiohttp tells nobody)
        await asyncio.sleep(_LOOK_EVERY_S)
