"""How an answer ended and how long that took, for whoever tells or counts it."""

import time
from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Handler

_OUR_FAULT = 500


async def timed_response(
    request: web.Request, handler: Handler, told: Callable[[int, float], None]
) -> web.StreamResponse:
    """The handler's answer; `told` hears its status and seconds, also of one that is raised: 500 unless it says."""
    began_s, status = time.monotonic(), _OUR_FAULT
    try:
        response = await handler(request)
        status = response.status
    except web.HTTPException as reply:
        status = reply.status
        raise
    finally:
        told(status, time.monotonic() - began_s)
    return response
