"""The second entry: a door inside Envoy for requests that first came as gRPC.

Envoy decides once, before anything can be overwritten, that a request of type `application/grpc` gets its local replies
as 200 with a `grpc-status`. So that every refusal keeps its status and its problem, such a request goes in once more,
under another type; from there it is a request like any other.
"""

from contract.headers import CONTENT_TYPE
from contract.size_and_time_limits import EDGE_TIMEOUT_S
from envoy_config.clusters import in_flight_limits
from envoy_config.concurrency_limits import not_counted
from envoy_config.proto import Yaml, duration, extension, overwrite_headers
from envoy_config.route_overrides import without_ext_authz, without_jwt, without_rbac

_NAME = "edge_again"
_GRPC = "application/grpc"
_NOT_GRPC = "application/not-grpc"
"""What it becomes: a media type that no operation takes."""


def internal_route() -> Yaml:
    """The route to it. Nothing is decided on this side but what one address may send."""
    return {
        "name": _NAME,
        "match": {
            "prefix": "/",
            "headers": [{"name": CONTENT_TYPE.name, "string_match": {"prefix": _GRPC}}],
        },
        "route": {"cluster": _NAME, "timeout": duration(2 * EDGE_TIMEOUT_S)},
        "typed_per_filter_config": without_rbac() | without_jwt() | without_ext_authz() | not_counted(),
        "request_headers_to_add": overwrite_headers({CONTENT_TYPE.name: _NOT_GRPC}),
    }


def internal_cluster() -> Yaml:
    """The way there, within the process."""
    address = {"envoy_internal_address": {"server_listener_name": _NAME}}
    return {
        "name": _NAME,
        "type": "STATIC",
        "load_assignment": {
            "cluster_name": _NAME,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
        },
        "circuit_breakers": {"thresholds": [in_flight_limits()]},
        "transport_socket": extension(
            "envoy.transport_sockets.internal_upstream",
            "envoy.extensions.transport_sockets.internal_upstream.v3.InternalUpstreamTransport",
            transport_socket=extension(
                "envoy.transport_sockets.raw_buffer", "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer"
            ),
        ),
    }


def internal_listener(connection_manager: Yaml) -> Yaml:
    """The door: no address, so nobody outside the process can knock."""
    return {"name": _NAME, "internal_listener": {}, "filter_chains": [{"filters": [connection_manager]}]}


def bootstrap_extension() -> Yaml:
    """What lets a listener be internal."""
    return extension(
        "envoy.bootstrap.internal_listener",
        "envoy.extensions.bootstrap.internal_listener.v3.InternalListener",
    )
