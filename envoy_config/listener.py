"""The listening socket: addresses and TLS. Plain HTTP is not served."""

from envoy_config.connection_manager import http_connection_manager
from envoy_config.deployment import Deployment
from envoy_config.proto import Yaml, duration, extension
from envoy_config.tls_certificate import sds_reference

_BUFFER_BYTES = 128 * 1024
"""A connection and direction; it is also what can be repeated towards a sibling."""
_HANDSHAKE_S = 10


def listener(deployment: Deployment) -> Yaml:
    """One listener on all ports: virtual hosts tell API and auth host apart."""
    first, *others = (_address(deployment.bind, port) for port in deployment.ports)
    return {
        "name": "edge",
        "address": first,
        **({"additional_addresses": [{"address": other} for other in others]} if others else {}),
        "per_connection_buffer_limit_bytes": _BUFFER_BYTES,
        **({"listener_filters": [_proxy_protocol()]} if deployment.proxy_protocol else {}),
        "filter_chains": [
            {
                "filters": [http_connection_manager(deployment)],
                "transport_socket": _tls(deployment),
                "transport_socket_connect_timeout": duration(_HANDSHAKE_S),
            }
        ],
    }


def _proxy_protocol() -> Yaml:
    """A connection without the header is closed: were it let in, a caller could write one where no balancer does."""
    return extension(
        "envoy.filters.listener.proxy_protocol",
        "envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol",
    )


def _address(bind: str, port: int) -> Yaml:
    return {"socket_address": {"address": bind, "port_value": port}}


def _tls(deployment: Deployment) -> Yaml:
    return extension(
        "envoy.transport_sockets.tls",
        "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
        common_tls_context={
            "alpn_protocols": ["h2", "http/1.1"],
            "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
            "tls_certificate_sds_secret_configs": [sds_reference(deployment)],
        },
    )
