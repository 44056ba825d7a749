"""Serving an aiohttp application at an `Address` until told to stop, then draining it."""

import asyncio

from aiohttp import web

from process.address import Address, UnixAddress

DRAIN_S = 5.0
"""How long requests in flight may take once the process was told to stop."""
LINE_BYTES = 64 * 1024
"""The longest request line and header. Who stands in front bounds all headers together below this; at aiohttp's own
8190 a request that was let in would be answered with a 400 in plain text."""
_OWNER_ONLY = 0o600


async def serve(app: web.Application, address: Address, stop: asyncio.Event) -> None:
    """Listen, wait for `stop`, finish what is in flight within `DRAIN_S`, close."""
    runner = web.AppRunner(
        app,
        access_log=None,
        handle_signals=False,
        shutdown_timeout=DRAIN_S,
        auto_decompress=False,
        max_line_size=LINE_BYTES,
        max_field_size=LINE_BYTES,
    )
    await runner.setup()
    try:
        await _site(runner, address).start()
        if isinstance(address, UnixAddress):
            address.path.chmod(_OWNER_ONLY)
        await stop.wait()
    finally:
        await runner.cleanup()


def _site(runner: web.AppRunner, address: Address) -> web.BaseSite:
    if isinstance(address, UnixAddress):
        address.path.unlink(missing_ok=True)
        return web.UnixSite(runner, str(address.path))
    return web.TCPSite(runner, address.host, address.port)
