"""[pure] What anybody may read about this server and about the API it serves: RFC 8414 and RFC 9728 documents."""

from contract.documents import DOCS_PAGE
from contract.oauth import (
    AUTHORIZE,
    CHALLENGE_METHOD,
    GRANT_TYPES,
    INTROSPECT,
    JWKS,
    NO_SECRET,
    RESPONSE_TYPE,
    REVOKE,
    SECRET_METHODS,
    TOKEN,
)
from contract.vocabulary import Json
from oauth.protocol.scopes import KNOWN_SCOPES


def server_metadata(issuer: str, audience: str) -> dict[str, Json]:
    """RFC 8414 §2."""
    with_or_without_secret = [*SECRET_METHODS, NO_SECRET]
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}{AUTHORIZE.path}",
        "token_endpoint": f"{issuer}{TOKEN.path}",
        "jwks_uri": f"{issuer}{JWKS.path}",
        "scopes_supported": list(KNOWN_SCOPES),
        "response_types_supported": [RESPONSE_TYPE],
        "response_modes_supported": ["query"],
        "grant_types_supported": list(GRANT_TYPES),
        "token_endpoint_auth_methods_supported": with_or_without_secret,
        "revocation_endpoint": f"{issuer}{REVOKE.path}",
        "revocation_endpoint_auth_methods_supported": with_or_without_secret,
        "introspection_endpoint": f"{issuer}{INTROSPECT.path}",
        "introspection_endpoint_auth_methods_supported": list(SECRET_METHODS),
        "code_challenge_methods_supported": [CHALLENGE_METHOD],
        "authorization_response_iss_parameter_supported": True,
        "service_documentation": f"{audience}{DOCS_PAGE.path}",
        "protected_resources": [audience],
    }


def resource_metadata(issuer: str, audience: str) -> dict[str, Json]:
    """RFC 9728 §2."""
    return {
        "resource": audience,
        "authorization_servers": [issuer],
        "scopes_supported": list(KNOWN_SCOPES),
        "bearer_methods_supported": ["header"],
        "resource_documentation": f"{audience}{DOCS_PAGE.path}",
    }
