"""How many requests may be under way at once, in all and of one resource: what comes beyond is refused here and now.

A request that waits behind hundreds of others costs as much as one that is answered in time, and is of no use when its
caller has gone. Refused before its token is looked at, it costs next to nothing, so that a flood leaves the rest of the
machine to what was let in. What one resource may have at once is half of it all: whatever becomes of the service behind
it, the other half is for the others.

By Envoy's adaptive_concurrency, its least and its most the same: a plain count. Left to adapt, it takes a slow internal
service for an overloaded gateway, and lets three through at a time whenever it measures what a quiet one takes.
"""

from contract.operations import OPERATIONS, Operation
from envoy_config.deployment import Deployment
from envoy_config.proto import Yaml, any_message, duration, extension

DENIED_DETAILS = "reached_concurrency_limit"
"""The response code details of what is refused."""

_ALL = "edge.in_flight"
_LOGINS = f"{_ALL}.oauth"
"""Asked for without a token: whoever sends bodies there slowly takes nothing from the API."""
_RESOURCES = sorted({row.resource_row.name for row in OPERATIONS if row.resource_row is not None})
_MEASURED_S = 3_600
"""It measures what nobody reads; the rarer the cheaper."""


def concurrency_filters(deployment: Deployment) -> list[Yaml]:
    """The filters. A route without a word of its own is counted among all."""
    most = deployment.in_flight_a_transcoder * deployment.transcoder_processes
    others = (_LOGINS, *map(_named, _RESOURCES))
    return [_at_most(most, _ALL), *({**_at_most(most // 2, name), "disabled": True} for name in others)]


def count_by_resource(row: Operation) -> Yaml:
    """For a route: counted among those of its resource, too."""
    return {} if row.resource_row is None else {_named(row.resource_row.name): _counted()}


def count_logins() -> Yaml:
    """For the authorization server's routes: counted by themselves."""
    return not_counted() | {_LOGINS: _counted()}


def not_counted() -> Yaml:
    """For a route that is answered whatever else is under way."""
    return {_ALL: any_message("envoy.config.route.v3.FilterConfig", disabled=True)}


def _named(resource: str) -> str:
    return f"{_ALL}.{resource}"


def _counted() -> Yaml:
    return any_message("envoy.config.route.v3.FilterConfig", config={})


def _at_most(requests: int, name: str) -> Yaml:
    calculated = {
        "sample_aggregate_percentile": {"value": 50},
        "concurrency_limit_params": {
            "max_concurrency_limit": requests,
            "concurrency_update_interval": duration(_MEASURED_S),
        },
        "min_rtt_calc_params": {"fixed_value": duration(1), "min_concurrency": requests},
    }
    return extension(
        name,
        "envoy.extensions.filters.http.adaptive_concurrency.v3.AdaptiveConcurrency",
        gradient_controller_config=calculated,
    )
