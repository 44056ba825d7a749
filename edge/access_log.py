"""The access log: a JSON object a request on standard output. Never a query, a token or a body."""

from contract.headers import CLIENT_REQUEST_ID, REQUEST_ID
from edge.deployment import Deployment
from edge.shapes import Yaml, extension


def access_log(deployment: Deployment) -> list[Yaml]:
    """The one logger. `trace_id` is what the answer said, also where Envoy had not yet made an id for the request."""
    fields = _FIELDS | ({"w3c_trace_id": "%TRACE_ID%"} if deployment.traces else {})
    return [
        extension(
            "stdout",
            "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
            log_format={"json_format": fields},
        )
    ]


_FIELDS = {
    "service": "edge",
    "event": "request",
    "at": "%START_TIME(%Y-%m-%dT%H:%M:%S.%3fZ)%",
    "trace_id": f"%RESP({REQUEST_ID.name})%",
    "client_request_id": f"%REQ({CLIENT_REQUEST_ID.name})%",
    "operation": "%ROUTE_NAME%",
    "method": "%REQ(:METHOD)%",
    "protocol": "%PROTOCOL%",
    "status": "%RESPONSE_CODE%",
    "details": "%RESPONSE_CODE_DETAILS%",
    "flags": "%RESPONSE_FLAGS%",
    "duration_ms": "%DURATION%",
    "upstream_ms": "%RESPONSE_DURATION%",
    "attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
    "request_bytes": "%BYTES_RECEIVED%",
    "response_bytes": "%BYTES_SENT%",
}
