"""Serving HTTP with aiohttp at an `Address` until told to stop, then draining."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from process.address import Address, UnixAddress

LINGER_S = 4.0
"""How long callers that keep connections open may take to leave once the process was told to stop. An idle connection
that we closed could meet a request that is on its way, and whoever sent it would not know whether to send it again:
so every answer asks the caller to close, and idle ones are the caller's to give up; the edge does after 3 s."""
DRAIN_S = 7.0
"""How long requests in flight may take after that: both together are longer than any request may take."""
_LOOK_EVERY_S = 0.02
LINE_BYTES = 64 * 1024
"""The longest request line and header. Who stands in front bounds all headers together below this; at aiohttp's own
8190 a request that was let in would be answered with a 400 in plain text."""
HEADERS = 512
"""Likewise of lines: of one name there may come twice as many as of different ones, and the edge's and authz's own."""
_HOW: dict[str, Any] = {
    "access_log": None,
    "auto_decompress": False,
    "max_line_size": LINE_BYTES,
    "max_field_size": LINE_BYTES,
    "max_headers": HEADERS,
}

Answering = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
"""Answers every request, whatever its path."""


async def serve(app: web.Application, address: Address, stop: asyncio.Event, *, linger_s: float = LINGER_S) -> None:
    """Listen, wait for `stop`, let callers leave in `linger_s`, finish what is in flight in `DRAIN_S`, close."""

    async def asked_to_close(_: web.BaseRequest, response: web.StreamResponse) -> None:
        if stop.is_set():
            response.force_close()
            # aiohttp has written its own headers by now, and would close without a word.
            response.headers["Connection"] = "close"

    app.on_response_prepare.append(asked_to_close)
    await _serve(web.AppRunner(app, handle_signals=False, shutdown_timeout=DRAIN_S, **_HOW), address, stop, linger_s)


async def serve_all(answer: Answering, address: Address, stop: asyncio.Event, *, linger_s: float = LINGER_S) -> None:
    """As `serve`, without aiohttp's router: for who knows by other means what is asked."""

    async def until_stopped(request: web.BaseRequest) -> web.StreamResponse:
        response = await answer(request)
        if stop.is_set():
            response.force_close()
        return response

    runner = web.ServerRunner(web.Server(until_stopped, **_HOW), handle_signals=False, shutdown_timeout=DRAIN_S)
    await _serve(runner, address, stop, linger_s)


async def _serve(runner: web.BaseRunner, address: Address, stop: asyncio.Event, linger_s: float) -> None:
    await runner.setup()
    try:
        site = await _listening(runner, address)
        await stop.wait()
        await site.stop()
        await _deserted(runner, linger_s)
    finally:
        await runner.cleanup()


async def _deserted(runner: web.BaseRunner, within_s: float) -> None:
    loop = asyncio.get_running_loop()
    ends_s = loop.time() + within_s
    while runner.server and runner.server.connections and loop.time() < ends_s:  # noqa: ASYNC110 (aiohttp tells nobody)
        await asyncio.sleep(_LOOK_EVERY_S)


async def _listening(runner: web.BaseRunner, address: Address) -> web.BaseSite:
    if isinstance(address, UnixAddress):
        with address.taken_over() as path:
            site: web.BaseSite = web.UnixSite(runner, str(path))
            await site.start()
        return site
    site = web.TCPSite(runner, address.host, address.port)
    await site.start()
    return site
