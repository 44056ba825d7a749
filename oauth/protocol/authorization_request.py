"""[pure] An authorization request (RFC 6749 §4.1.1): whom it comes from, what is wrong with it, and the way back.

Three outcomes, in this order: nobody to trust is a page; a trusted client's mistake is a redirect, after the user has
logged in (RFC 9700 §4.11.2); a good one waits for the user's decision.
"""

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from contract.oauth import (
    AUTHORIZATION_CODE,
    CHALLENGE_METHOD,
    INVALID_REQUEST,
    INVALID_SCOPE,
    INVALID_TARGET,
    RESPONSE_TYPE,
    UNAUTHORIZED_CLIENT,
    UNSUPPORTED_RESPONSE_TYPE,
)
from contract.vocabulary import Json
from oauth.protocol.clients import Client
from oauth.protocol.errors import BAD_REDIRECT, ErrorResponse, PageProblem
from oauth.protocol.parameters import Parameters
from oauth.protocol.pkce import is_challenge
from oauth.protocol.scopes import parse_scope


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """What a trusted client asks of the user; or, with an `error`, what it is told once the user has logged in."""

    client_id: str
    redirect_uri: str
    state: str | None
    scope: tuple[str, ...] = ()
    challenge: str = ""
    error: str | None = None
    description: str | None = None

    def to_json(self) -> dict[str, Json]:
        """As it is kept until the decision; the client stands beside it."""
        return {
            "redirect_uri": self.redirect_uri,
            "state": self.state,
            "scope": list(self.scope),
            "challenge": self.challenge,
            "error": self.error,
            "description": self.description,
        }


def from_json(client_id: str, kept: dict[str, Json]) -> AuthorizationRequest:
    """What was kept."""
    return AuthorizationRequest(client_id, **{**kept, "scope": tuple(kept["scope"])})


def evaluate_request(parameters: Parameters, client: Client, audience: str) -> AuthorizationRequest | PageProblem:
    """What a request of `client` amounts to."""
    uri = parameters.get("redirect_uri")
    if uri is None or client.disabled or not client.owns_redirect(uri):
        return BAD_REDIRECT
    state = parameters.get("state")
    refusal = _refusal(parameters, client, audience)
    if refusal is not None:
        return AuthorizationRequest(client.id, uri, state, error=refusal.error.code, description=refusal.description)
    scope = _scope(parameters, client) or ()
    return AuthorizationRequest(client.id, uri, state, scope, parameters.get("code_challenge") or "")


def _refusal(parameters: Parameters, client: Client, audience: str) -> ErrorResponse | None:
    """The first thing that is wrong."""
    if parameters.fault is not None:
        return ErrorResponse(INVALID_REQUEST, f"{parameters.fault.detail}.")
    response_type = parameters.get("response_type")
    if response_type is None:
        return ErrorResponse(INVALID_REQUEST, "response_type is missing.")
    if response_type != RESPONSE_TYPE:
        return ErrorResponse(UNSUPPORTED_RESPONSE_TYPE)
    if parameters.get("response_mode") not in (None, "query"):
        return ErrorResponse(INVALID_REQUEST, "The only response_mode is query.")
    if not client.may_use(AUTHORIZATION_CODE):
        return ErrorResponse(UNAUTHORIZED_CLIENT)
    # Said aloud: without a method RFC 7636 §4.3 would mean `plain`.
    if parameters.get("code_challenge_method") != CHALLENGE_METHOD:
        return ErrorResponse(INVALID_REQUEST, f"PKCE is required: code_challenge_method={CHALLENGE_METHOD}.")
    if not is_challenge(parameters.get("code_challenge") or ""):
        return ErrorResponse(INVALID_REQUEST, "PKCE is required: code_challenge is missing or no SHA-256 in base64url.")
    if _scope(parameters, client) is None:
        return ErrorResponse(INVALID_SCOPE)
    if not is_for_api(parameters, audience):
        return ErrorResponse(INVALID_TARGET)
    return None


def _scope(parameters: Parameters, client: Client) -> tuple[str, ...] | None:
    """The scopes asked for: all that the client has where it names none; None for one that is not to be had."""
    text = parameters.get("scope")
    asked = client.scope if text is None else parse_scope(text)
    return asked if asked and set(asked) <= set(client.scope) else None


def is_for_api(parameters: Parameters, audience: str) -> bool:
    """Whether every `resource`, if any, is the API (RFC 8707 §2)."""
    return set(parameters.resources) <= {audience}


def redirect_with_answer(redirect_uri: str, issuer: str, state: str | None, **members: str) -> str:
    """The redirect URI with an answer in its query: `state` as it came, and who answers (RFC 9207)."""
    told = {**members, **({} if state is None else {"state": state}), "iss": issuer}
    joint = "&" if "?" in redirect_uri else "?"
    return f"{redirect_uri}{joint}{urlencode(told, quote_via=quote)}"


def error_redirect(asked: AuthorizationRequest, issuer: str, error: str, description: str | None = None) -> str:
    """The redirect that tells a client of an error (RFC 6749 §4.1.2.1)."""
    more = {} if description is None else {"error_description": description}
    return redirect_with_answer(asked.redirect_uri, issuer, asked.state, error=error, **more)
