"""HTTP itself: what is read of a connection, its limits, and the order of the filters (`http_connection_manager`)."""

from typing import Any

from contract.size_and_time_limits import EDGE_TIMEOUT_S, MAX_BODY_BYTES, MAX_HEADER_BYTES, MAX_HEADERS
from envoy_config.access_log import INTERNAL_ENTRY, access_log
from envoy_config.compression import compressor
from envoy_config.concurrency_limits import concurrency_filters
from envoy_config.cors import cors
from envoy_config.deployment import Deployment
from envoy_config.ext_authz import ext_authz
from envoy_config.header_mutation import early_header_mutation
from envoy_config.internal_listener import internal_route
from envoy_config.jwt import jwt_authn
from envoy_config.local_rate_limits import per_address_limit, per_token_limit
from envoy_config.local_replies import local_replies
from envoy_config.proto import Yaml, duration, extension
from envoy_config.rbac import rbac_filter
from envoy_config.routes import route_configuration
from envoy_config.tracing import tracing

ANY_METHOD = {"allow_custom_methods": True}
"""A method that HTTP does not know is for `refusals` to refuse, with a 501; the parser would say 400."""

_NO_UPGRADES = {"ignore_http_11_upgrade": [{"safe_regex": {"regex": ".*"}}]}
"""RFC 9110 §7.8: a server may ignore an offer of another protocol, and answer as if there were none."""

_HEADERS_S = 10
_IDLE_CONNECTION_S = 300
_WINDOW_BYTES = 2 * MAX_BODY_BYTES
"""Of a stream of HTTP/2, and of a connection: the bound of what may wait here. A body, and one that is somewhat
too large, can be sent without waiting for room: some clients wait for it whatever they are answered meanwhile."""
_NOBODY = {"address_prefix": "192.0.2.0", "prefix_len": 24}
"""TEST-NET-1 (RFC 5737). An empty list would still make loopback and private addresses trusted, and what they send as
`X-Request-Id` the trace id, unescaped."""


def http_connection_manager(deployment: Deployment) -> Yaml:
    """The network filter on the listening ports."""
    return _manager(
        deployment,
        stat_prefix="edge",
        route_config=route_configuration(deployment, internal_route()),
        early_header_mutation_extensions=[early_header_mutation()],
        # The address that the outermost of our proxies has seen. What a caller wrote before that counts for nothing.
        **({"xff_num_trusted_hops": deployment.trusted_hops} if deployment.trusted_hops else {}),
        access_log=access_log(deployment),
        **_paths(),
        **_limits(),
    )


def internal_connection_manager(deployment: Deployment) -> Yaml:
    """The network filter of the second entry: what comes there is clean, logged and has its trace id."""
    return _manager(
        deployment,
        stat_prefix="edge_again",
        route_config=route_configuration(deployment),
        access_log=access_log(deployment, INTERNAL_ENTRY),
        preserve_external_request_id=True,
        http_protocol_options=ANY_METHOD,
        # Room for what the first entry adds: it has counted already.
        max_request_headers_kb=3 * MAX_HEADER_BYTES // 1024,
        common_http_protocol_options={"max_headers_count": 3 * MAX_HEADERS},
    )


def _manager(deployment: Deployment, **own: Any) -> Yaml:
    return extension(
        "envoy.filters.network.http_connection_manager",
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        codec_type="AUTO",
        http_filters=http_filters(deployment),
        local_reply_config=local_replies(deployment),
        **_identity(),
        **tracing(deployment),
        **own,
    )


def http_filters(deployment: Deployment) -> list[Yaml]:
    """The chain; each stands where it does for a reason that its module tells."""
    return [
        *cors(deployment),
        compressor(),
        *concurrency_filters(deployment),
        rbac_filter(),
        per_address_limit(deployment),
        jwt_authn(deployment),
        per_token_limit(),
        ext_authz(),
        extension(
            "envoy.filters.http.router",
            "envoy.extensions.filters.http.router.v3.Router",
            suppress_envoy_headers=True,
        ),
    ]


def _paths() -> Yaml:
    """One spelling of a path. What still passes (`;x=1`, `%0a`) does no harm: routes decide, path text does not."""
    return {
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
    }


def _identity() -> Yaml:
    """Who is calling, under which id; and that nobody learns what we are."""
    return {
        "use_remote_address": True,
        "internal_address_config": {"cidr_ranges": [_NOBODY]},
        "generate_request_id": True,
        "always_set_request_id_in_response": True,
        "server_header_transformation": "PASS_THROUGH",
    }


def _limits() -> Yaml:
    return {
        # Up to here `refusals` answers; beyond, an HTTP/2 stream is reset.
        "max_request_headers_kb": 2 * MAX_HEADER_BYTES // 1024,
        "request_headers_timeout": duration(_HEADERS_S),
        "request_timeout": duration(EDGE_TIMEOUT_S),
        # Longer than a route may take, which has an answer of its own.
        "stream_idle_timeout": duration(2 * EDGE_TIMEOUT_S),
        "common_http_protocol_options": {
            "idle_timeout": duration(_IDLE_CONNECTION_S),
            "max_headers_count": 2 * MAX_HEADERS,
            "headers_with_underscores_action": "REJECT_REQUEST",
        },
        "http_protocol_options": {**ANY_METHOD, **_NO_UPGRADES},
        "http2_protocol_options": {
            "max_concurrent_streams": 100,
            "initial_stream_window_size": _WINDOW_BYTES,
            "initial_connection_window_size": _WINDOW_BYTES,
            # One bad stream is no reason to end the others of its connection.
            "override_stream_error_on_invalid_http_message": True,
        },
    }
