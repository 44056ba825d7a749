"""Requests that are refused whatever their route: by size, method, Host, target or the form of Authorization (RBAC)."""

from contract.claims import RS256_HEADER
from contract.headers import AUTHORIZATION, OVERSIZED
from envoy_config.proto import Yaml, any_message, extension
from envoy_config.route_overrides import RBAC

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""The methods that can be meant for some path; CONNECT, TRACE and inventions are 501."""

TOO_LARGE = "headers-too-large"
UNKNOWN_METHOD = "unknown-method"
REPEATED_HOST = "two-hosts"
INVALID_TARGET = "odd-target"
UNSUPPORTED_SCHEME = "other-scheme"
MALFORMED_TOKEN = "odd-token"  # noqa: S105

_BEARER = "(?i:bearer)"
"""RFC 9110 §11.1: schemes have no case."""
_PART = r"[A-Za-z0-9_\-]+"
_ES256 = rf"{_PART}\.{_PART}\.[A-Za-z0-9_\-]{{86}}"
"""A signature of 64 octets (RFC 7518 §3.4). Envoy 1.40 verifies padded ones too: of 96, of 4,000 octets."""
_RS256 = rf"{RS256_HEADER}[A-Za-z0-9_\-]*\.{_PART}\.{_PART}"
"""As long as its key. Whatever does not begin so has to have the length of an ES256 signature."""
_JWT = f"(?:{_ES256}|{_RS256})"


def denied_details(policy: str) -> str:
    """The response code details of a refusal by that policy."""
    return f"rbac_access_denied_matched_policy[{policy}]"


def rbac_filter() -> Yaml:
    """The filter. An Authorization that is there must be `Bearer` and one JWT.

    jwt_authn takes what stands behind the first space for the token, up to where its alphabet ends, with dots before
    and after it: all that is lenient about it ends here. Two Authorization lines were joined by a comma, which no JWT
    has. A signature has the length of an ES256 one unless the token is signed by RS256.
    OPTIONS needs no token, and nothing that it reaches looks at one.
    """
    bearer = _matches(AUTHORIZATION.name, f"{_BEARER}( .*)?")
    asks = _not(_matches(":method", "OPTIONS"))
    return extension(
        RBAC,
        "envoy.extensions.filters.http.rbac.v3.RBAC",
        **_denying(
            {
                **_always(),
                UNSUPPORTED_SCHEME: _all(asks, _present(AUTHORIZATION.name), _not(bearer)),
                MALFORMED_TOKEN: _all(asks, bearer, _not(_matches(AUTHORIZATION.name, f"{_BEARER} +{_JWT}"))),
            }
        ),
    )


def any_authorization() -> Yaml:
    """For a host that knows other schemes too."""
    return {RBAC: any_message("envoy.extensions.filters.http.rbac.v3.RBACPerRoute", rbac=_denying(_always()))}


def _always() -> dict[str, Yaml]:
    return {
        TOO_LARGE: _present(OVERSIZED.name),
        UNKNOWN_METHOD: _not(_matches(":method", "|".join(METHODS))),
        # RFC 9112 §3.2: more than one Host is a 400. Envoy joins them by a comma, which no host name has.
        REPEATED_HOST: _matches(":authority", ".*,.*"),
        # RFC 3986 §2: a URL is ASCII. Envoy refuses other bytes in HTTP/1.1; over HTTP/2 it escapes those of the
        # path, and lets those of the query through. CONNECT has no target of this form.
        INVALID_TARGET: _all(_present(":path"), _not(_matches(":path", "[!-~]*"))),
    }


def _denying(policies: dict[str, Yaml]) -> Yaml:
    # Counted by policy: the 501 of an unknown method is no failure of ours, and alerts have to tell it apart.
    return {"rules": _deny(policies), "track_per_rule_stats": True}


def _deny(policies: dict[str, Yaml]) -> Yaml:
    return {
        "action": "DENY",
        "policies": {
            name: {"permissions": [permission], "principals": [{"any": True}]} for name, permission in policies.items()
        },
    }


def _present(name: str) -> Yaml:
    return {"header": {"name": name, "present_match": True}}


def _matches(name: str, regex: str) -> Yaml:
    return {"header": {"name": name, "string_match": {"safe_regex": {"regex": regex}}}}


def _not(permission: Yaml) -> Yaml:
    return {"not_rule": permission}


def _all(*permissions: Yaml) -> Yaml:
    return {"and_rules": {"rules": list(permissions)}}
