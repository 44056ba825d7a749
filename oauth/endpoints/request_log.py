"""A line in the log for each request, and the request's own words on every other line that it leads to.

The words are those of all logs here; of what was sent, nothing is told.
"""

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from structlog.contextvars import bound_contextvars
from structlog.typing import FilteringBoundLogger

from contract.headers import REQUEST_ID
from oauth.endpoints.timing import timed_response
from oauth.metrics import endpoint_label


def endpoint_name(request: web.Request) -> str:
    """What the edge calls the endpoint."""
    return f"oauth.{endpoint_label(request.path)}"


def log_requests(log: FilteringBoundLogger) -> Middleware:
    """Tells of every answer."""

    @web.middleware
    async def tell(request: web.Request, handler: Handler) -> web.StreamResponse:
        trace_id = request.headers.get(REQUEST_ID.name, "")

        def told(status: int, took_s: float) -> None:
            if trace_id:  # of probes and other neighbours' questions there is nothing to tell
                log.info("request", status=status, duration_ms=round(took_s * 1000, 1))

        with bound_contextvars(trace_id=trace_id, operation=endpoint_name(request)):
            return await timed_response(request, handler, told)

    return tell
