"""Traces of requests (OpenTelemetry): a trace begins here or nowhere, off unless a deployment names a collector.

Owns what Envoy tells of a request in its spans. A caller's own `traceparent` is gone by then (`early_header_mutation`):
whoever may write it could have every call traced, and in the traces of others.
"""

from urllib.parse import urlsplit

from contract import spans
from contract.headers import REQUEST_ID
from envoy_config.deployment import Deployment
from envoy_config.proto import Yaml, any_message, duration, extension

SERVICE = "edge"
_CLUSTER = "traces"
_TELL_S = 1
_CONNECT_S = 1
_IN_FLIGHT = 16
"""Exports under way. A collector that hangs costs these and no more: what comes then is dropped."""
_ATTRIBUTES = {
    spans.OPERATION: "%ROUTE_NAME%",
    spans.REQUEST_ID: f"%RESP({REQUEST_ID.name})%",
    spans.METHOD: "%REQ(:METHOD)%",
    spans.STATUS: "%RESPONSE_CODE%",
}
_NOT_TOLD = ("http.url", "peer.address", "user_agent")
"""What Envoy says here by itself holds ids, queries, addresses and whatever else a caller likes to send."""


def tracing(deployment: Deployment) -> Yaml:
    """For a connection manager. Of the requests this share is traced, by their ids; nobody can ask for more."""
    if not deployment.traces:
        return {}
    provider = extension(
        "envoy.tracers.opentelemetry",
        "envoy.config.trace.v3.OpenTelemetryConfig",
        grpc_service={"envoy_grpc": {"cluster_name": _CLUSTER}, "timeout": duration(_TELL_S)},
        service_name=SERVICE,
    )
    return {
        # An id is an id: by default Envoy writes into it what it has decided.
        "request_id_extension": {
            "typed_config": any_message(
                "envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig", pack_trace_reason=False
            )
        },
        "tracing": {
            "client_sampling": {"value": 0},
            "random_sampling": {"value": deployment.traced_share * 100},
            "spawn_upstream_span": True,
            "operation": "%ROUTE_NAME%",
            "upstream_operation": "%UPSTREAM_CLUSTER%",
            "custom_tags": [
                *({"tag": name, "value": text} for name, text in _ATTRIBUTES.items()),
                *({"tag": name, "literal": {"value": "-"}} for name in _NOT_TOLD),
            ],
            "provider": provider,
        },
    }


def traces_cluster(deployment: Deployment) -> list[Yaml]:
    """The collector, over gRPC."""
    if not deployment.traces:
        return []
    url = urlsplit(deployment.traces)
    address = {"socket_address": {"address": url.hostname, "port_value": url.port}}
    return [
        {
            "name": _CLUSTER,
            "type": "STRICT_DNS",
            "connect_timeout": duration(_CONNECT_S),
            "load_assignment": {
                "cluster_name": _CLUSTER,
                "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
            },
            "circuit_breakers": {
                "thresholds": [{"max_requests": _IN_FLIGHT, "max_pending_requests": _IN_FLIGHT, "max_retries": 0}]
            },
            "typed_extension_protocol_options": {
                "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": any_message(
                    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                    explicit_http_config={"http2_protocol_options": {}},
                )
            },
        }
    ]
