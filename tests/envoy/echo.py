"""A stand-in for the transcoder, in the edge's own tests: it answers with what arrived, or misbehaves by the path."""

import asyncio
from typing import Any

from aiohttp import web

BIG_BYTES = 4096


def echo() -> web.Application:
    """The application."""
    app = web.Application(client_max_size=16 * 1024 * 1024)
    app.router.add_route("*", r"/{path:[\s\S]*}", _answer)
    return app


async def _answer(request: web.Request) -> web.StreamResponse:
    body = await request.read()
    last = request.path.rpartition("/")[2]
    if last == "hang":
        await asyncio.sleep(60)
    if last == "abort" and request.transport:
        request.transport.abort()
    told: dict[str, Any] = {
        "method": request.method,
        "path": request.raw_path,
        "headers": [[name, value] for name, value in request.headers.items()],
        "body_bytes": len(body),
        "padding": "x" * BIG_BYTES if last == "big" else "",
    }
    if last == "small":
        told = {}
    # A transcoder of ours would write none of these but the ETag: the edge must not pass them on.
    own = {"ETag": '"e1"', "X-RateLimit-Limit": "666", "RateLimit": "666", "Server": "echo", "Cache-Control": "public"}
    status = int(request.headers.get("X-Answer-With", "200"))
    return web.json_response(told, status=status, headers=own)
