"""Asking authz, once a request (`ext_authz`). No decision is no access."""

from contract.failure_modes import AUTHZ_UNAVAILABLE
from contract.headers import REQUEST_ID
from contract.size_and_time_limits import DECISION_TIMEOUT_S
from envoy_config.clusters import AUTHZ, RETRY_ON_SPARE
from envoy_config.proto import Yaml, duration, extension
from envoy_config.route_overrides import EXT_AUTHZ, JWT

_BACK_OFF = {"base_interval": "0.005s", "max_interval": duration(DECISION_TIMEOUT_S * 0.4)}
"""Envoy takes the longest back-off of a gRPC service for the time-out of each try as well (seen on 1.40: with 20 ms, a
busy authz was a 503): two tries and the pause between them must fit into the decision's own time-out."""


def ext_authz() -> Yaml:
    """The filter. authz hears the route's operation, what jwt_authn verified, and the trace id; nothing else counts."""
    return extension(
        EXT_AUTHZ,
        "envoy.extensions.filters.http.ext_authz.v3.ExtAuthz",
        transport_api_version="V3",
        grpc_service={
            "envoy_grpc": {"cluster_name": AUTHZ},
            "timeout": duration(DECISION_TIMEOUT_S),
            # A decision charges the caller's budget; a Check that a dying process swallowed is charged at most twice.
            "retry_policy": {
                "retry_on": "connect-failure,refused-stream,reset,unavailable",
                "num_retries": 1,
                "retry_back_off": _BACK_OFF,
                **RETRY_ON_SPARE,
            },
        },
        failure_mode_allow=False,
        status_on_error={"code": AUTHZ_UNAVAILABLE.problem.status},
        allowed_headers={"patterns": [{"exact": REQUEST_ID.name}]},
        metadata_context_namespaces=[JWT],
        include_peer_certificate=False,
        clear_route_cache=False,
    )
