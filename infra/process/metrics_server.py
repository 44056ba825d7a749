"""The listener that Prometheus reads a process's registry from. Imported when there is one."""

import asyncio

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from infra.httpserver.messages import Request, Response
from infra.process.address import Address
from infra.process.http_server import serve

PATH = "/metrics"
_METHODS = ("GET", "HEAD")


async def serve_metrics(registry: CollectorRegistry, address: Address, ended: asyncio.Event) -> None:
    """Answer `GET /metrics` at the address until it has ended."""

    async def answer(request: Request) -> Response:
        if request.path != PATH:
            return Response(404, {})
        if request.method not in _METHODS:
            return Response(405, {"Allow": ", ".join(_METHODS)})
        return Response(200, {"Content-Type": CONTENT_TYPE_LATEST}, generate_latest(registry))

    await serve(answer, address, ended, linger_s=0)
