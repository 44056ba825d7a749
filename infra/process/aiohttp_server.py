"""Serving HTTP with aiohttp: applications, and, as the reference of our own server, whatever that one serves."""

import asyncio
from contextlib import closing
from typing import Any

from aiohttp import web

from infra.httpserver.connection import Answering
from infra.httpserver.heads import FIELDS, LINE_BYTES
from infra.httpserver.messages import BodyLost, Request
from infra.process.address import Address
from infra.process.fixed_response import FixedResponse
from infra.process.http_server import DRAIN_S, LINGER_S, Listener, accept_pending, socket_mark

_LOOK_EVERY_S = 0.02
_HOW: dict[str, Any] = {
    "access_log": None,
    "auto_decompress": False,
    "max_line_size": LINE_BYTES,
    "max_field_size": LINE_BYTES,
    "max_headers": FIELDS,
}


async def serve(app: web.Application, address: Address, stop: asyncio.Event, *, linger_s: float = LINGER_S) -> None:
    """Listen, wait for `stop`, let callers leave in `linger_s`, finish what is in flight in `DRAIN_S`, close."""

    async def asked_to_close(_: web.BaseRequest, response: web.StreamResponse) -> None:
        if stop.is_set():
            response.force_close()
            # aiohttp has written its own headers by now, and would close without a word.
            response.headers["Connection"] = "close"

    app.on_response_prepare.append(asked_to_close)
    await _serve(web.AppRunner(app, handle_signals=False, shutdown_timeout=DRAIN_S, **_HOW), address, stop, linger_s)


async def serve_all(answering: Answering, address: Address, stop: asyncio.Event, *, linger_s: float = LINGER_S) -> None:
    """As `infra.process.http_server.serve`, for which this is the reference."""

    async def until_stopped(asked: web.BaseRequest) -> web.StreamResponse:
        response = await answering(_request(asked))
        whole = FixedResponse(response)
        if stop.is_set():
            whole.force_close()
        return whole

    runner = web.ServerRunner(web.Server(until_stopped, **_HOW), handle_signals=False, shutdown_timeout=DRAIN_S)
    await _serve(runner, address, stop, linger_s)


def _request(asked: web.BaseRequest) -> Request:
    url, lines = asked.rel_url, asked.headers
    headers = {name.lower(): value for name, value in lines.items()}
    repeated: set[str] = set()
    if len(headers) < len(lines):
        repeated = {name for name in headers if len(lines.getall(name)) > 1}
        headers |= {name: ", ".join(lines.getall(name)) for name in repeated}
    body = _Streamed(asked) if asked.body_exists else None
    return Request(asked.method, url.raw_path, url.raw_query_string, headers, repeated, body)


class _Streamed:
    """A body as aiohttp brings it."""

    def __init__(self, asked: web.BaseRequest) -> None:
        self.length = asked.content_length
        self._content = asked.content

    def rest(self) -> bytes | None:
        """See `Body`."""
        return self._content.read_nowait() if self._content.is_eof() else None

    async def part(self) -> bytes:
        """See `Body`."""
        try:
            return await self._content.readany()
        except (web.RequestPayloadError, ConnectionError) as error:
            raise BodyLost(repr(error)) from None


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
