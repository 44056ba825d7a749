"""Verifying the token: signature, issuer, audience, expiry (`jwt_authn`). All else about it is authz's to check."""

from contract.headers import AUTHORIZATION
from contract.operations import JWKS_PATH
from contract.size_and_time_limits import CLOCK_SKEW_S
from envoy_config.clusters import OAUTH
from envoy_config.deployment import Deployment
from envoy_config.proto import Yaml, duration, extension
from envoy_config.route_overrides import JWT, JWT_HEADER, JWT_PAYLOAD

_PROVIDER = "api"
_CACHED_TOKENS = 1_000
"""A worker. A cache hit costs 26–29 µs of CPU, a miss 104–117 µs (ES256)."""
_KEYS_FRESH_S = 60
_FETCH_S = 1
_REFETCH_S = 0.2


def jwt_authn(deployment: Deployment) -> Yaml:
    """The filter. Every route wants a token unless it says otherwise."""
    return extension(
        JWT,
        "envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
        providers={_PROVIDER: _provider(deployment)},
        rules=[{"match": {"prefix": "/"}, "requires": {"provider_name": _PROVIDER}}],
        # The default answer quotes the URL, and with it a token that stood in the query.
        strip_failure_response=True,
    )


def _provider(deployment: Deployment) -> Yaml:
    return {
        "issuer": deployment.auth_url,
        "audiences": [deployment.api_url],
        "require_expiration": True,
        "clock_skew_seconds": CLOCK_SKEW_S,
        # Naming the place turns the default ones off, `?access_token=` among them. A space ends the scheme, whatever
        # its case: `refusals` has made sure that it is Bearer.
        "from_headers": [{"name": AUTHORIZATION.name, "value_prefix": " "}],
        "forward": False,
        "payload_in_metadata": JWT_PAYLOAD,
        "header_in_metadata": JWT_HEADER,
        "jwt_cache_config": {"jwt_cache_size": _CACHED_TOKENS},
        "remote_jwks": {
            "http_uri": {"uri": f"http://{OAUTH}{JWKS_PATH}", "cluster": OAUTH, "timeout": duration(_FETCH_S)},
            "cache_duration": duration(_KEYS_FRESH_S),
            "async_fetch": {"failed_refetch_duration": duration(_REFETCH_S)},
        },
    }
