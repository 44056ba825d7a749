"""The listener that Prometheus reads a process's registry from. Imported when there is one: it brings a web server."""

import asyncio

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from process.address import Address
from process.http import serve

PATH = "/metrics"


async def answering(registry: CollectorRegistry, address: Address, ended: asyncio.Event) -> None:
    """Answer `GET /metrics` at the address until it has ended."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.router.add_get(PATH, answer)
    await serve(app, address, ended, linger_s=0)
