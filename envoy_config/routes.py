"""Where requests go: a route an operation, and what is said of everything that is no operation.

Deny by default: a path under `/v1` that no operation has, and a method that its path does not take, go to authz under a
row that it refuses; the token is looked at and the call counted first. Whoever is not meant by the auth host's own
authority reaches the API host: nothing here is made from `Host`, so a foreign one changes nothing.
"""

import re

from contract.documents import DOCUMENT_ALLOW, DOCUMENT_METHODS, DOCUMENTS, Document
from contract.headers import ALLOW, AUTHORIZATION, CLIENT_ADDRESS, OPERATION, RATE_HEADERS, common_response_headers
from contract.oauth import AUTH_ENDPOINTS, CLIENT_ENDPOINTS, CORS_ENDPOINTS, FALLBACK, RESOURCE_METADATA, Endpoint
from contract.operations import (
    HEALTH_PATH,
    OPERATIONS,
    READINESS,
    READINESS_PATH,
    UNKNOWN_PATH,
    WRONG_METHOD,
    Operation,
    UnroutedOperation,
    allowed_methods,
    paths,
)
from contract.problems import METHOD_NOT_ALLOWED, ROUTE_NOT_FOUND
from contract.resources.shape import API_ROOT
from contract.size_and_time_limits import EDGE_TIMEOUT_S
from contract.vocabulary import Method
from envoy_config.clusters import BLACKHOLE, FAST_BACK_OFF, OAUTH, RETRY_ON_SIBLING, TRANSCODER
from envoy_config.concurrency_limits import count_by_resource, count_logins, not_counted
from envoy_config.cors import origins, policy, private_answer, public_answer
from envoy_config.deployment import Deployment
from envoy_config.path_tree import ANY_SEGMENT, path_matcher
from envoy_config.proto import Yaml, duration, overwrite_headers
from envoy_config.rbac import any_authorization
from envoy_config.route_overrides import ext_authz_operation, without_ext_authz, without_jwt

Private = tuple[tuple[str, str], ...]
"""Headers of every answer under the API's root."""

_SAFE = ("GET", "HEAD")
_READ_ONLY = (HEALTH_PATH, READINESS_PATH, RESOURCE_METADATA.path)
"""Neither operations nor documents: nobody behind the edge says of these which methods they take."""
_EXPECT = "expect"
_CALLERS_ADDRESS = overwrite_headers({CLIENT_ADDRESS.name: "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"})
_BEFORE_SENDING = "connect-failure,refused-stream,reset-before-request"
"""What can be repeated whatever the method: nobody has read the request yet."""


def route_configuration(deployment: Deployment, *before: Yaml) -> Yaml:
    """Both hosts; the routes of `before` come first on either."""
    scripts = policy(deployment)
    return {
        "name": "edge",
        "virtual_hosts": [
            {
                "name": "auth",
                "domains": list(deployment.auth_authorities),
                "routes": [*before, *auth_routes(deployment)],
                "typed_per_filter_config": any_authorization(),
            },
            {
                "name": "api",
                "domains": ["*"],
                "matcher": path_matcher([*before, *api_routes(deployment)]),
                **({"typed_per_filter_config": scripts} if scripts else {}),
            },
        ],
        "response_headers_to_add": overwrite_headers(common_response_headers(deployment.api_url)),
        "validate_clusters": True,
    }


def api_routes(deployment: Deployment) -> list[Yaml]:
    """First match wins: probes, documents, operations, what their paths answer besides, and the two catch-alls."""
    private, public = private_answer(deployment), public_answer(deployment)
    return [
        health_route(),
        readiness_route(),
        _resource_metadata(public),
        *_preflights(deployment),
        *(route for path in _READ_ONLY for route in _nothing_but_reading(path)),
        *(route for row in DOCUMENTS for route in _document(row, public)),
        *(route for path in sorted(paths(), key=_parameters) for route in _path_routes(path, private)),
        _refused(UNKNOWN_PATH, {"path_separated_prefix": API_ROOT}, ext_authz_operation(UNKNOWN_PATH.id), private),
        {**_for_browsers("documents.any-other", TRANSCODER), "typed_per_filter_config": _unasked()},
        _nothing_here(),
    ]


def auth_routes(deployment: Deployment) -> list[Yaml]:
    """The auth host's; none asks for a token. Of a method that is not an endpoint's, the endpoint itself tells."""
    return [
        *(_endpoint(row, deployment) for row in AUTH_ENDPOINTS),
        {
            **_for_browsers(f"{OAUTH}.{FALLBACK.id}", OAUTH),
            "typed_per_filter_config": without_jwt() | without_ext_authz() | count_logins(),
            "request_headers_to_add": _CALLERS_ADDRESS,
        },
        _nothing_here(),
    ]


def _endpoint(row: Endpoint, deployment: Deployment) -> Yaml:
    """The `Authorization` that reaches the back channel is the client's, and no token of ours."""
    scripts = row in CORS_ENDPOINTS
    route = _to(OAUTH, *row.methods)
    if row in CLIENT_ENDPOINTS:
        route["request_headers_to_remove"] = [_EXPECT]
    return {
        "name": f"{OAUTH}.{row.id}",
        "match": _path(row.path),
        **route,
        "typed_per_filter_config": without_jwt()
        | without_ext_authz()
        | count_logins()
        | (policy(deployment) if scripts else {}),
        **(public_answer(deployment) if scripts else {}),
        "request_headers_to_add": _CALLERS_ADDRESS,
    }


def _resource_metadata(public: Yaml) -> Yaml:
    """On the API's host, for those who look there for whom to ask for a token (RFC 9728 §3)."""
    return {
        "name": f"{OAUTH}.{RESOURCE_METADATA.id}",
        "match": {**_path(RESOURCE_METADATA.path), **_methods(*RESOURCE_METADATA.methods)},
        **_to(OAUTH, *RESOURCE_METADATA.methods),
        "typed_per_filter_config": _unasked() | count_logins(),
        **public,
    }


def _parameters(path: str) -> tuple[bool, ...]:
    """Where a template has parameters: by this order `/v1/contacts/search` is no id, whatever the method."""
    return tuple(segment.startswith("{") for segment in path.split("/"))


def _path_routes(path: str, private: Private) -> list[Yaml]:
    return [
        *(_operation(row, private) for row in OPERATIONS if row.path == path),
        _options(_path(path), private, allowed_methods(path)),
        _wrong_method(path, private),
    ]


def _operation(row: Operation, private: Private) -> Yaml:
    methods = _SAFE if row.method is Method.GET else (row.method.value,)
    return {
        "name": row.id,
        "match": {**_path(row.path), **_methods(*methods)},
        **_to(TRANSCODER, *methods),
        "typed_per_filter_config": (_unasked() if row.is_public else ext_authz_operation(row.id))
        | count_by_resource(row),
        # Set after ext_authz: neither the caller nor authz has a say in it.
        "request_headers_to_add": overwrite_headers({OPERATION.name: row.id}),
        "response_headers_to_add": overwrite_headers(private),
    }


def _document(row: Document, public: Yaml) -> tuple[Yaml, Yaml, Yaml]:
    """For anybody. What is no way to read it goes there all the same: the transcoder says which ways there are."""
    path, name, free = _path(row.path), f"documents.{row.id}", _unasked()
    return (
        {
            "name": name,
            "match": {**path, **_methods(*DOCUMENT_METHODS)},
            **_to(TRANSCODER, *DOCUMENT_METHODS),
            "typed_per_filter_config": free,
            **public,
        },
        _options(path, (), DOCUMENT_ALLOW),
        {"name": name, "match": path, **_to(TRANSCODER, "POST"), "typed_per_filter_config": free},
    )


def _nothing_but_reading(path: str) -> tuple[Yaml, Yaml]:
    match = _path(path)
    wrong = {
        "name": METHOD_NOT_ALLOWED.code,
        "match": match,
        "direct_response": {"status": METHOD_NOT_ALLOWED.status},
        "typed_per_filter_config": _unasked(),
    }
    return _options(match, (), DOCUMENT_ALLOW), wrong


def _options(match: Yaml, private: Private, allowed: tuple[str, ...]) -> Yaml:
    return {
        "name": "options",
        "match": {**match, **_methods("OPTIONS")},
        "direct_response": {"status": 204},
        "typed_per_filter_config": without_jwt() | without_ext_authz(),
        "response_headers_to_add": overwrite_headers((*private, (ALLOW, ", ".join(allowed)))),
    }


def _wrong_method(path: str, private: Private) -> Yaml:
    return _refused(
        WRONG_METHOD,
        _path(path),
        ext_authz_operation(WRONG_METHOD.id, allowed_methods=", ".join(allowed_methods(path))),
        private,
    )


def _refused(row: UnroutedOperation, match: Yaml, asked: Yaml, private: Private) -> Yaml:
    """For authz to refuse; should it ever not, there is nobody there. No direct response: CORS passes those over."""
    return {
        "name": row.id,
        "match": match,
        "route": {"cluster": BLACKHOLE},
        "typed_per_filter_config": asked,
        "response_headers_to_add": overwrite_headers(private),
    }


def _preflights(deployment: Deployment) -> list[Yaml]:
    """For the CORS filter to answer, whatever the path: a browser asks before it shows a token."""
    if not origins(deployment):
        return []
    asks = {"name": "access-control-request-method", "present_match": True}
    return [
        {
            "name": "preflight",
            "match": {"prefix": f"{API_ROOT}/", "headers": [*_methods("OPTIONS")["headers"], asks]},
            "route": {"cluster": BLACKHOLE},
            "typed_per_filter_config": without_jwt() | without_ext_authz(),
        }
    ]


def health_route() -> Yaml:
    """Envoy itself answers."""
    return {
        "name": "health",
        "match": {"path": HEALTH_PATH, **_methods(*_SAFE)},
        "direct_response": {"status": 200, "body": {"inline_string": "ok\n"}},
        "typed_per_filter_config": _unasked() | not_counted(),
    }


def readiness_route() -> Yaml:
    """A decision by an authz, and an answer by a transcoder."""
    return {
        "name": READINESS,
        "match": {"path": READINESS_PATH, **_methods(*_SAFE)},
        **_to(TRANSCODER, *_SAFE),
        "typed_per_filter_config": without_jwt() | any_authorization() | ext_authz_operation(READINESS) | not_counted(),
    }


def _for_browsers(name: str, cluster: str) -> Yaml:
    """A page for a browser that asks for what is not there. Everybody else gets the problem below."""
    names_html = {"name": "accept", "string_match": {"contains": "text/html", "ignore_case": True}}
    return {
        "name": name,
        "match": {"prefix": "/", "headers": [*_methods(*_SAFE)["headers"], names_html]},
        **_to(cluster, *_SAFE),
    }


def _nothing_here() -> Yaml:
    return {
        "name": ROUTE_NOT_FOUND.code,
        "match": {"prefix": "/"},
        "direct_response": {"status": ROUTE_NOT_FOUND.status},
        "typed_per_filter_config": _unasked(),
    }


def _unasked() -> Yaml:
    """No token is asked for; one that is sent is ignored, and what is no token, too."""
    return without_jwt() | any_authorization() | without_ext_authz()


def _to(cluster: str, *methods: str) -> Yaml:
    """A token goes no further than this, and an `Expect` that is not Envoy's own to meet is ignored (RFC 9110 §10.1.1).

    Rate headers are authz's to write; what a server says of itself is nobody's business.
    """
    return {
        "route": {"cluster": cluster, "timeout": duration(EDGE_TIMEOUT_S), "retry_policy": _retries(methods)},
        "request_headers_to_remove": [AUTHORIZATION.name, _EXPECT],
        "response_headers_to_remove": ["server", *RATE_HEADERS],
    }


def _retries(methods: tuple[str, ...]) -> Yaml:
    return {
        "retry_on": f"{_BEFORE_SENDING},reset" if set(methods) <= set(_SAFE) else _BEFORE_SENDING,
        "num_retries": 1,
        "retry_back_off": FAST_BACK_OFF,
        **RETRY_ON_SIBLING,
    }


def _path(template: str) -> Yaml:
    """A template's parameter is one segment, whatever it holds: the transcoder says what is wrong with an id."""
    if "{" not in template:
        return {"path": template}
    segments = (ANY_SEGMENT if segment.startswith("{") else re.escape(segment) for segment in template.split("/"))
    return {"safe_regex": {"regex": "/".join(segments)}}


def _methods(*methods: str) -> Yaml:
    match = {"exact": methods[0]} if len(methods) == 1 else {"safe_regex": {"regex": "|".join(methods)}}
    return {"headers": [{"name": ":method", "string_match": match}]}
