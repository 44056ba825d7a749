"""Scripts of other origins (the Fetch standard's CORS), off unless a deployment names origins.

The filter stands first: a preflight carries no token, and refusals of the filters behind it must be readable too.
"""

from contract.headers import CORS_EXPOSED_HEADERS, CORS_REQUEST_HEADERS, PRIVATE_RESPONSE_HEADERS, VARY
from contract.vocabulary import Method
from envoy_config.deployment import Deployment
from envoy_config.proto import Yaml, any_message, extension

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
    """For the API host and routes: who may call, what may be sent and what may be read; tokens, never cookies."""
    allowed = origins(deployment)
    if not allowed:
        return {}
    return {
        NAME: any_message(
            "envoy.extensions.filters.http.cors.v3.CorsPolicy",
            allow_origin_string_match=[{"exact": origin} for origin in allowed],
            allow_methods=", ".join(_METHODS),
            allow_headers=", ".join(header.name for header in CORS_REQUEST_HEADERS),
            expose_headers=", ".join(CORS_EXPOSED_HEADERS),
            max_age=str(_REMEMBERED_S),
            # An origin that is not allowed is told so by silence, not by a route.
            forward_not_matching_preflights=False,
        )
    }


_ORIGIN = "Origin"
_ITS_ORIGIN = f'request.headers["{_ORIGIN.lower()}"]'


def public_answer(deployment: Deployment) -> Yaml:
    """For a route: what is for anybody may be kept, and the answer to one origin is not to be shown to the others."""
    if not origins(deployment):
        return {}
    also = {"header": {"key": VARY, "value": _ORIGIN}, "append_action": "APPEND_IF_EXISTS_OR_ADD"}
    return {"response_headers_to_add": [also]}


def cors_on_local_replies(deployment: Deployment) -> tuple[tuple[str, str], ...]:
    """What the edge's own refusals have besides: where there was no route yet, the filter says nothing of them."""
    allowed = ", ".join(f'"{origin}"' for origin in origins(deployment))
    if not allowed:
        return ()
    may_read = f'"{_ORIGIN.lower()}" in request.headers && {_ITS_ORIGIN} in [{allowed}]'
    return (
        ("access-control-allow-origin", f'%CEL({may_read} ? {_ITS_ORIGIN} : "")%'),
        ("access-control-expose-headers", f'%CEL({may_read} ? "{", ".join(CORS_EXPOSED_HEADERS)}" : "")%'),
    )


def private_answer(deployment: Deployment) -> tuple[tuple[str, str], ...]:
    """What every answer under the API's root has; with CORS, what a cache keeps depends on who asked."""
    if not origins(deployment):
        return PRIVATE_RESPONSE_HEADERS
    return tuple((name, f"{value}, {_ORIGIN}" if name == VARY else value) for name, value in PRIVATE_RESPONSE_HEADERS)
