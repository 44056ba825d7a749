"""What the authorization server counts: requests by endpoint and class of status, and how long they took.

Knows names and labels of metrics; whatever is no endpoint of the contract is `other`, so that nobody can make a series.
"""

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from prometheus_client import CollectorRegistry, Counter, Histogram

from contract.oauth import AUTH_ENDPOINTS, RESOURCE_METADATA
from oauth.endpoints.timing import timed_response

_BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
_ENDPOINTS = {endpoint.path: endpoint.id for endpoint in (*AUTH_ENDPOINTS, RESOURCE_METADATA)}
_OTHER = "other"


def endpoint_label(path: str) -> str:
    """The word for an endpoint."""
    return _ENDPOINTS.get(path, _OTHER)


def count_requests(registry: CollectorRegistry) -> Middleware:
    """Counts what every endpoint answers."""
    requests = Counter("oauth_requests", "Answered requests.", ("endpoint", "status_class"), registry=registry)
    for endpoint in (*_ENDPOINTS.values(), _OTHER):  # from the start on: a count that appears has not grown
        requests.labels(endpoint, "5xx")
    took = Histogram(
        "oauth_request_duration_seconds",
        "How long an answer took.",
        ("endpoint",),
        buckets=_BUCKETS_S,
        registry=registry,
    )

    @web.middleware
    async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
        endpoint = endpoint_label(request.path)

        def told(status: int, took_s: float) -> None:
            requests.labels(endpoint, f"{status // 100}xx").inc()
            took.labels(endpoint).observe(took_s)

        return await timed_response(request, handler, told)

    return count
