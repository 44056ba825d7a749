"""The access log: a JSON object a request on standard output. Never a query, a token or a body."""

from contract.headers import CLIENT_REQUEST_ID, REQUEST_ID
from envoy_config.deployment import Deployment
from envoy_config.proto import Yaml, extension

REQUEST, INTERNAL_ENTRY = "request", "again"
"""What a line is about: a request, or the same one at the second entry, where it finds its route."""


def access_log(deployment: Deployment, event: str = REQUEST) -> list[Yaml]:
    """The one logger of an entry."""
    fields = _FIELDS | {"event": event} | ({"w3c_trace_id": "%TRACE_ID%"} if deployment.traces else {})
    return [
        extension(
            "stdout",
            "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
            log_format={"json_format": fields},
        )
    ]


_OF_ANSWER, _OF_REQUEST = (f'{{"command": "{of}", "param": "{REQUEST_ID.name}"}}' for of in ("RESP", "REQ"))
_TRACE_ID = f'%COALESCE({{"operators": [{_OF_ANSWER}, {_OF_REQUEST}]}})%'
"""What the answer said, also where Envoy had not yet made an id for the request; and where its caller went before there
was an answer, what everybody behind was told."""

_FIELDS = {
    "service": "edge",
    "event": REQUEST,
    "at": "%START_TIME(%Y-%m-%dT%H:%M:%S.%3fZ)%",
    "trace_id": _TRACE_ID,
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
