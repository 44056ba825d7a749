"""The names of the HTTP filters, and how a route turns one off or feeds it."""

from envoy_config.proto import Yaml, any_message

RBAC = "envoy.filters.http.rbac"
JWT = "envoy.filters.http.jwt_authn"
EXT_AUTHZ = "envoy.filters.http.ext_authz"

JWT_PAYLOAD = "jwt_payload"
"""Under this key of `JWT`'s metadata authz finds the verified claims,"""
JWT_HEADER = "jwt_header"
"""and under this one the JOSE header."""


def without_jwt() -> Yaml:
    """For a route: no token is asked for."""
    return {JWT: any_message("envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig", disabled=True)}


def without_ext_authz() -> Yaml:
    """For a route: authz is not asked."""
    return {EXT_AUTHZ: any_message("envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute", disabled=True)}


def without_rbac() -> Yaml:
    """For a route: another entry looks at method and Authorization."""
    return {RBAC: any_message("envoy.extensions.filters.http.rbac.v3.RBACPerRoute")}


def ext_authz_operation(operation: str, **context: str) -> Yaml:
    """For a route: authz decides on `operation`. This, and never the path, is what it goes by."""
    return {
        EXT_AUTHZ: any_message(
            "envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute",
            check_settings={"context_extensions": {"operation": operation} | context},
        )
    }
