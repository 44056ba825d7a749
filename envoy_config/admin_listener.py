"""The port for those who run the edge: probes and metrics over plain HTTP, and nothing that a caller may want.

Owns the admin interface's address, too: metrics come from there, by one path; whoever reaches all of it can stop the
edge. Proxies in front do not know this port, so it stays what it is whatever they put before a connection.
"""

from envoy_config.deployment import Deployment
from envoy_config.ext_authz import ext_authz
from envoy_config.proto import Yaml, duration, extension
from envoy_config.route_overrides import without_ext_authz
from envoy_config.routes import health_route, readiness_route

METRICS_PATH = "/metrics"
_ADMIN = "admin"
_NAME = "watch"
_OWNER_ONLY = 0o600
_ANSWER_S = 5
_IDLE_S = 60


def admin_address(deployment: Deployment) -> Yaml:
    """A socket that only its owner can open, or a port for this host alone."""
    if deployment.admin_port:
        return {"socket_address": {"address": "127.0.0.1", "port_value": deployment.admin_port}}
    return {"pipe": {"path": deployment.socket("envoy-admin"), "mode": _OWNER_ONLY}}


def admin_listener(deployment: Deployment) -> list[Yaml]:
    """The listener, where one is wanted."""
    if not deployment.watch_port:
        return []
    address = {"socket_address": {"address": deployment.bind, "port_value": deployment.watch_port}}
    return [{"name": _NAME, "address": address, "filter_chains": [{"filters": [_connection_manager()]}]}]


def admin_cluster(deployment: Deployment) -> list[Yaml]:
    """The way to the admin interface, for the metrics."""
    if not deployment.watch_port:
        return []
    endpoint = {"endpoint": {"address": admin_address(deployment)}}
    return [
        {
            "name": _ADMIN,
            "type": "STATIC",
            "load_assignment": {"cluster_name": _ADMIN, "endpoints": [{"lb_endpoints": [endpoint]}]},
        }
    ]


def _connection_manager() -> Yaml:
    return extension(
        "envoy.filters.network.http_connection_manager",
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix=_NAME,
        codec_type="HTTP1",
        route_config={"virtual_hosts": [{"name": _NAME, "domains": ["*"], "routes": [*_routes()]}]},
        http_filters=[
            ext_authz(),
            extension("envoy.filters.http.router", "envoy.extensions.filters.http.router.v3.Router"),
        ],
        request_headers_timeout=duration(_ANSWER_S),
        common_http_protocol_options={"idle_timeout": duration(_IDLE_S)},
    )


def _routes() -> tuple[Yaml, ...]:
    metrics = {
        "match": {
            "path": METRICS_PATH,
            "headers": [{"name": ":method", "string_match": {"exact": "GET"}}],
        },
        "route": {"cluster": _ADMIN, "prefix_rewrite": "/stats/prometheus", "timeout": duration(_ANSWER_S)},
        "typed_per_filter_config": without_ext_authz(),
    }
    return health_route(), readiness_route(), metrics
