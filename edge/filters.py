"""The names of the HTTP filters, and how a route turns one off or feeds it."""

from edge.shapes import Yaml, typed

RBAC = "envoy.filters.http.rbac"
JWT = "envoy.filters.http.jwt_authn"
EXT_AUTHZ = "envoy.filters.http.ext_authz"

JWT_PAYLOAD = "jwt_payload"
"""Under this key of `JWT`'s metadata authz finds the verified claims,"""
JWT_HEADER = "jwt_header"
"""and under this one the JOSE header."""


def no_token() -> Yaml:
    """For a route: no token is asked for."""
    return {JWT: typed("envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig", disabled=True)}


def no_decision() -> Yaml:
    """For a route: authz is not asked."""
    return {EXT_AUTHZ: typed("envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute", disabled=True)}


def no_refusals() -> Yaml:
    """For a route: another entry looks at method and Authorization."""
    return {RBAC: typed("envoy.extensions.filters.http.rbac.v3.RBACPerRoute")}


def decision(operation: str, **context: str) -> Yaml:
    """For a route: authz decides on `operation`. This, and never the path, is what it goes by."""
    return {
        EXT_AUTHZ: typed(
            "envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute",
            check_settings={"context_extensions": {"operation": operation} | context},
        )
    }
