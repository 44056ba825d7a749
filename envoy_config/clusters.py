"""Who stands behind the edge: authz and transcoder by several processes on UNIX sockets, oauth by one or by a name.

A process may die at any moment: it is left out after its first failure, and what can safely be asked again is asked of
a sibling.
"""

from contract.size_and_time_limits import MAX_HEADER_BYTES
from envoy_config.deployment import Deployment
from envoy_config.proto import Yaml, any_message, duration, extension

AUTHZ = "authz"
TRANSCODER = "transcoder"
OAUTH = "oauth"
BLACKHOLE = "nobody"
"""Where a request goes that none is meant to get through: it has no endpoint."""

FAST_BACK_OFF = {"base_interval": "0.005s", "max_interval": "0.02s"}
"""Before asking a sibling. Without a fitting maximum, Envoy refuses the base."""

RETRY_ON_SIBLING: Yaml = {
    "retry_host_predicate": [
        extension(
            "envoy.retry_host_predicates.previous_hosts",
            "envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate",
        )
    ],
    "host_selection_retry_max_attempts": 20,
}
"""For a retry policy. A dead process has nothing in flight, so that the balancer likes it best: without this, 76 of 145
retries went to it again, and with three attempts to choose another, 14 of 45."""

RETRY_ON_SPARE: Yaml = {
    **RETRY_ON_SIBLING,
    "retry_priority": extension(
        "envoy.retry_priorities.previous_priorities",
        "envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig",
        update_frequency=1,
    ),
}
"""The same where siblings have priorities: a second try is for the next of these. Without it Envoy would ask who is
dead again, until he is put out."""

_CONNECT_S = 0.1
_OUT_FOR_S = 1
_OUT_AT_MOST_S = 5
_LOOK_S, _LOOK_AGAIN_S, _LOOK_WITHIN_S = 1, 0.1, 0.4
_IN_FLIGHT = 4_096
_RETRIES = 1_024
"""In flight at once: with the default of 3, a killed process was noticed by 602 of 1,481 requests."""
_IDLE_S = 3
"""Shorter than the servers behind wait, also for their end, so that none closes a connection under a request that must
not be repeated: it is we who close what is idle. A server that ends asks us to close the others."""
_IDLE_STREAMS_S = 30
"""For HTTP/2, which says itself what a server that ends has not read (GOAWAY)."""


def clusters(deployment: Deployment) -> list[Yaml]:
    """All of them."""
    authz = [_pipe(deployment.socket(f"{AUTHZ}-{n + 1}")) for n in range(deployment.authz_processes)]
    transcoders = [_pipe(deployment.socket(f"{TRANSCODER}-{n + 1}")) for n in range(deployment.transcoder_processes)]
    return [
        _cluster(AUTHZ, _with_a_spare(authz), {"http2_protocol_options": {}}, _CANNOT_BE_REACHED)
        | _IS_ASKED_FOR_ITS_HEALTH,
        _cluster(TRANSCODER, [transcoders], {"http_protocol_options": {}}, _DOES_NOT_ANSWER),
        _oauth(deployment),
        {"name": BLACKHOLE, "type": "STATIC", "connect_timeout": duration(_CONNECT_S)},
    ]


def _oauth(deployment: Deployment) -> Yaml:
    protocol: Yaml = {"http_protocol_options": {}}
    if not deployment.oauth:
        return _cluster(OAUTH, [[_pipe(deployment.socket(OAUTH))]], protocol, _DOES_NOT_ANSWER)
    host, _, port = deployment.oauth.rpartition(":")
    address = {"socket_address": {"address": host, "port_value": int(port)}}
    return _cluster(OAUTH, [[address]], protocol, _DOES_NOT_ANSWER, found_by="STRICT_DNS")


def _with_a_spare(addresses: list[Yaml]) -> list[list[Yaml]]:
    """The last one is asked when the others are out: Checks that share a wake-up cost half of those that come alone."""
    return [addresses[:-1], addresses[-1:]] if len(addresses) > 1 else [addresses]


def _cluster(name: str, groups: list[list[Yaml]], protocol: Yaml, out_when: Yaml, *, found_by: str = "STATIC") -> Yaml:
    """`groups`: addresses by priority, the first of which have everything as long as they are there."""
    return {
        "name": name,
        "type": found_by,
        "connect_timeout": duration(_CONNECT_S),
        "lb_policy": "LEAST_REQUEST",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [
                {"priority": n, "lb_endpoints": [{"endpoint": {"address": address}} for address in addresses]}
                for n, addresses in enumerate(groups)
            ],
        },
        "circuit_breakers": {"thresholds": [in_flight_limits()]},
        "outlier_detection": _outliers(out_when),
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": any_message(
                "envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                explicit_http_config=protocol,
                common_http_protocol_options={
                    "idle_timeout": duration(_IDLE_STREAMS_S if "http2_protocol_options" in protocol else _IDLE_S),
                    # A `Link` repeats the query: by default, one of 50 KB made a 502 of a good answer.
                    "max_response_headers_kb": 2 * MAX_HEADER_BYTES // 1024,
                },
            )
        },
    }


def _pipe(path: str) -> Yaml:
    return {"pipe": {"path": path}}


def in_flight_limits() -> Yaml:
    """The circuit breaker that all share."""
    return {
        "max_connections": _IN_FLIGHT,
        "max_pending_requests": _IN_FLIGHT,
        "max_requests": _IN_FLIGHT,
        "max_retries": _RETRIES,
    }


_CANNOT_BE_REACHED: Yaml = {
    "consecutive_gateway_failure": 1,
    "enforcing_consecutive_gateway_failure": 100,
}
"""One failure to connect or to answer in time (Envoy counts both as 503 or 504) puts a process out."""

_IS_ASKED_FOR_ITS_HEALTH: Yaml = {
    "health_checks": [
        {
            "grpc_health_check": {},
            "interval": duration(_LOOK_S),
            "no_traffic_interval": duration(_LOOK_S),
            "unhealthy_interval": duration(_LOOK_AGAIN_S),
            "timeout": duration(_LOOK_WITHIN_S),
            "unhealthy_threshold": 2,
            "healthy_threshold": 1,
        }
    ],
}
"""Who hangs stays out until he answers again. Without that all Checks went to him each time that his time out was over,
and waited until they were tried again elsewhere: a third of all calls for as long as it lasted."""

_DOES_NOT_ANSWER: Yaml = {
    "split_external_local_origin_errors": True,
    "consecutive_local_origin_failure": 1,
    "enforcing_consecutive_local_origin_failure": 100,
    "enforcing_local_origin_success_rate": 0,
    "enforcing_consecutive_gateway_failure": 0,
}
"""The same for a process whose own 503s and 504s are no reason: it passes on what its neighbours did.

Envoy does not start this count anew when it lets a process in again, so that one that stays dead may come back for a
second at a time; retries on a sibling bridge that.
"""


def _outliers(when: Yaml) -> Yaml:
    """Out for a second, longer each time; never more than half of them."""
    return {
        **when,
        "enforcing_consecutive_5xx": 0,
        "enforcing_success_rate": 0,
        "interval": duration(_OUT_FOR_S),
        "base_ejection_time": duration(_OUT_FOR_S),
        "max_ejection_time": duration(_OUT_AT_MOST_S),
        "max_ejection_percent": 50,
    }
