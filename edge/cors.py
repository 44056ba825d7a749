"""Scripts of other origins (the Fetch standard's CORS), off unless a deployment names origins.

The filter stands first: a preflight carries no token, and refusals of the filters behind it must be readable too.
"""

from contract.headers import EXPOSED, FROM_BROWSERS, PRIVATE_ANSWER, VARY
from contract.vocabulary import Method
from edge.deployment import Deployment
from edge.shapes import Yaml, extension, typed

NAME = "envoy.filters.http.cors"
_REMEMBERED_S = 600
_METHODS = ("HEAD", *Method)


def origins(deployment: Deployment) -> tuple[str, ...]:
    """The origins that are allowed."""
    return tuple(origin.strip() for origin in deployment.cors_origins.split(",") if origin.strip())


def cors(deployment: Deployment) -> list[Yaml]:
    """The filter, where it is wanted."""
    return [extension(NAME, "envoy.extensions.filters.http.cors.v3.Cors")] if origins(deployment) else []


def policy(deployment: Deployment) -> Yaml:
    """For the API host: who may call, what may be sent and what may be read. Credentials are tokens, never cookies."""
    allowed = origins(deployment)
    if not allowed:
        return {}
    return {
        "typed_per_filter_config": {
            NAME: typed(
                "envoy.extensions.filters.http.cors.v3.CorsPolicy",
                allow_origin_string_match=[{"exact": origin} for origin in allowed],
                allow_methods=", ".join(_METHODS),
                allow_headers=", ".join(header.name for header in FROM_BROWSERS),
                expose_headers=", ".join(EXPOSED),
                max_age=str(_REMEMBERED_S),
                # An origin that is not allowed is told so by silence, not by a route.
                forward_not_matching_preflights=False,
            )
        },
    }


def private_answer(deployment: Deployment) -> tuple[tuple[str, str], ...]:
    """What every answer under the API's root has; with CORS, what a cache keeps depends on who asked."""
    if not origins(deployment):
        return PRIVATE_ANSWER
    return tuple((name, f"{value}, Origin" if name == VARY else value) for name, value in PRIVATE_ANSWER)
