"""What Envoy itself says: each of its refusals as a problem, with the contract's bytes (`local_reply_config`).

The first row that fits answers. authz's denials and answers of ours below 400 are somebody's words already.
"""

import json
from dataclasses import dataclass, field

from contract.claims import TokenError
from contract.documents import DOCUMENT_ALLOW
from contract.failure_modes import AUTHZ_UNAVAILABLE, CAPACITY_EXHAUSTED, KEYS_UNAVAILABLE, TRANSCODER_UNAVAILABLE
from contract.headers import (
    ALLOW,
    CHALLENGE,
    CHALLENGE_INVALID_TOKEN,
    REQUEST_ID,
    RETRY_AFTER,
    WWW_AUTHENTICATE,
    common_response_headers,
)
from contract.problems import (
    AUTHENTICATION_REQUIRED,
    HEADERS_TOO_LARGE,
    INTERNAL_ERROR,
    INVALID_TOKEN,
    MALFORMED_REQUEST,
    METHOD_NOT_ALLOWED,
    NOT_SUPPORTED,
    PAYLOAD_TOO_LARGE,
    RATE_LIMITED,
    REQUEST_TIMEOUT,
    ROUTE_NOT_FOUND,
    UPGRADE_REQUIRED,
    UPSTREAM_INVALID,
    UPSTREAM_TIMEOUT,
    Problem,
    render,
)
from contract.rate_plans import DEFAULT_PLAN
from contract.size_and_time_limits import MAX_BODY_BYTES, MAX_HEADER_BYTES, PROBLEM_MEDIA_TYPE
from contract.vocabulary import Json
from envoy_config.concurrency_limits import DENIED_DETAILS
from envoy_config.cors import cors_on_local_replies, origins, private_answer
from envoy_config.deployment import Deployment
from envoy_config.proto import Yaml, escape_format, extension, overwrite_headers
from envoy_config.rbac import MALFORMED_TOKEN, TOO_LARGE, UNKNOWN_METHOD, UNSUPPORTED_SCHEME, denied_details
from envoy_config.route_overrides import JWT


@dataclass(frozen=True, slots=True)
class LocalReply:
    """When Envoy is about to answer so (a CEL expression), it answers with `problem`.

    `code`: Envoy's own, where it is always the same. It is compared first, so that few expressions are evaluated.
    """

    condition: str
    problem: Problem
    members: dict[str, Json] = field(default_factory=dict)
    headers: tuple[tuple[str, str], ...] = ()
    outcome: str | None = None
    code: int | None = None


def local_replies(deployment: Deployment) -> Yaml:
    """The configuration."""
    return {"mappers": [*_denied(deployment), _untouched(), *(_mapper(reply, deployment) for reply in REPLIES)]}


def _details(text: str) -> str:
    return f'response.code_details == "{text}"'


def _begins(text: str) -> str:
    return f'response.code_details.startsWith("{text}")'


def _any(*conditions: str) -> str:
    return " || ".join(conditions)


def _fault(words: str, fault: TokenError, code: int = 401) -> LocalReply:
    return _invalid_token(_no_access(words), fault, code)


def _no_access(words: str) -> str:
    """jwt_authn's own words, as they stand in the details."""
    return _details(f"{_NO_ACCESS}{{{words.replace(' ', '_')}}}")


def _no_token(when: str, code: int) -> LocalReply:
    return LocalReply(when, AUTHENTICATION_REQUIRED, headers=((WWW_AUTHENTICATE, CHALLENGE),), code=code)


def _invalid_token(when: str, fault: TokenError, code: int | None = None) -> LocalReply:
    challenge = ((WWW_AUTHENTICATE, CHALLENGE_INVALID_TOKEN),)
    return LocalReply(when, INVALID_TOKEN, {"reason": fault.value, "detail": fault.detail}, challenge, code=code)


def _throttled(when: str, policy: str) -> LocalReply:
    members = {"policy": policy, "retry_after_seconds": _ROOM_IN_S}
    return LocalReply(when, RATE_LIMITED, members, ((RETRY_AFTER, str(_ROOM_IN_S)),), code=429)


def _maybe_written(problem: Problem, code: int | None = None) -> tuple[LocalReply, LocalReply]:
    """The request may have been at work when the answer was lost: nothing is said of a write, unless it was none."""
    return (
        LocalReply(_SAFE, problem, outcome=_NOT_APPLIED, code=code),
        LocalReply(_ANY, problem, outcome=_UNKNOWN, code=code),
    )


_NOT_APPLIED = "not-applied"
_UNKNOWN = "unknown"
_NO_ROOM = "ext_authz_invalid"
"""With what authz adds they would be more headers than Envoy allows. Lines of one name count here, not in the rule."""
_ROOM_IN_S = 1
_ADDRESS_POLICY = "address"
_NO_ACCESS = "jwt_authn_access_denied"
_SAFE = 'request.method in ["GET", "HEAD", "OPTIONS"]'
_VERIFIED = f'"{JWT}" in metadata.filter_metadata'
_RESET = "upstream_reset_before_response_started{"
_UNSENT = ("overflow", "remote_connection_failure", "local_connection_failure", "connection_timeout")

_ANY = "true"

REPLIES: tuple[LocalReply, ...] = (
    # First: each row that is looked at before costs a flood its part.
    LocalReply(_details(DENIED_DETAILS), CAPACITY_EXHAUSTED.problem, code=503),
    _fault("Jwt verification fails", TokenError.BAD_SIGNATURE),
    _no_token(_no_access("Jwt is missing"), 401),
    _fault("Jwt is expired", TokenError.EXPIRED),
    LocalReply(_details(denied_details(UNKNOWN_METHOD)), NOT_SUPPORTED, code=403),
    # Envoy has an opinion of its own about QUERY, before it comes to ours about methods.
    LocalReply(_details("query_missing_content_type"), NOT_SUPPORTED, code=400),
    # A 501 of the codec: `Transfer-Encoding` is anything but `chunked`.
    LocalReply(_details("http1.invalid_transfer_encoding"), MALFORMED_REQUEST, code=501),
    _no_token(_details(denied_details(UNSUPPORTED_SCHEME)), 403),
    _invalid_token(_details(denied_details(MALFORMED_TOKEN)), TokenError.MALFORMED, 403),
    # Not the token's fault: there is nothing yet to verify it by.
    LocalReply(_no_access("Jwks remote fetch is failed"), KEYS_UNAVAILABLE.problem, code=401),
    _fault("Jwt not yet valid", TokenError.NOT_YET_VALID),
    _fault("Jwt issuer is not configured", TokenError.WRONG_ISSUER),
    _fault("Audiences in Jwt are not allowed", TokenError.WRONG_AUDIENCE, 403),
    _fault("Jwks doesn't have key to match kid or alg from Jwt", TokenError.UNKNOWN_KEY),
    _invalid_token(_begins(_NO_ACCESS), TokenError.MALFORMED),
    LocalReply(_ANY, ROUTE_NOT_FOUND, code=404),
    # Of what is read and nothing else; of operations authz says it, of documents the transcoder.
    LocalReply(
        _ANY,
        METHOD_NOT_ALLOWED,
        {"allowed_methods": list(DOCUMENT_ALLOW)},
        ((ALLOW, ", ".join(DOCUMENT_ALLOW)),),
        code=405,
    ),
    LocalReply(_ANY, REQUEST_TIMEOUT, code=408),
    LocalReply(_ANY, PAYLOAD_TOO_LARGE, {"limit_bytes": MAX_BODY_BYTES}, code=413),
    LocalReply(_ANY, UPGRADE_REQUIRED, code=426),
    _throttled(_VERIFIED, DEFAULT_PLAN.burst.name),
    _throttled(_ANY, _ADDRESS_POLICY),
    LocalReply(
        _any("response.code == 431", _details(denied_details(TOO_LARGE)), _details(_NO_ROOM)),
        HEADERS_TOO_LARGE,
        {"limit_bytes": MAX_HEADER_BYTES},
    ),
    LocalReply("response.code < 500", MALFORMED_REQUEST),
    LocalReply(_details("ext_authz_error"), AUTHZ_UNAVAILABLE.problem, code=503),
    LocalReply(_any(_begins("overload"), _details("no_healthy_upstream")), TRANSCODER_UNAVAILABLE.problem),
    LocalReply(_any(*(_begins(_RESET + cause) for cause in _UNSENT)), TRANSCODER_UNAVAILABLE.problem),
    *_maybe_written(TRANSCODER_UNAVAILABLE.problem, 503),
    *_maybe_written(UPSTREAM_INVALID, 502),
    *_maybe_written(UPSTREAM_TIMEOUT, 504),
    *_maybe_written(INTERNAL_ERROR),
)


_DENIED = _details("ext_authz_denied")


def _denied(deployment: Deployment) -> list[Yaml]:
    """Authz's own words stay as they are; it does not know that there are other origins."""
    if not origins(deployment):
        return []
    return [{"filter": _cel(_DENIED), "headers_to_add": overwrite_headers(private_answer(deployment))}]


def _untouched() -> Yaml:
    """Somebody's words already: they stay as they are."""
    return {"filter": _cel(_any("response.code < 400", _DENIED))}


def _mapper(reply: LocalReply, deployment: Deployment) -> Yaml:
    headers = (
        *common_response_headers(deployment.api_url),
        *private_answer(deployment),
        *cors_on_local_replies(deployment),
        *_retry_after(reply.problem),
        *reply.headers,
    )
    return {
        "filter": _filter(reply),
        "status_code": reply.problem.status,
        "headers_to_add": overwrite_headers(((REQUEST_ID.name, _TRACE_ID), *headers)),
        "body_format_override": {"json_format": _body(reply, deployment.api_url), "content_type": PROBLEM_MEDIA_TYPE},
    }


def _retry_after(problem: Problem) -> tuple[tuple[str, str], ...]:
    return () if problem.retry_after_s is None else ((RETRY_AFTER, str(problem.retry_after_s)),)


def _filter(reply: LocalReply) -> Yaml:
    code = [] if reply.code is None else [_is(reply.code)]
    when = [] if code and reply.condition == _ANY else [_cel(reply.condition)]
    one, *more = *code, *when
    return {"and_filter": {"filters": [one, *more]}} if more else one


def _is(code: int) -> Yaml:
    """Envoy wants the name of a setting that could say otherwise at run time; nobody sets it."""
    value = {"default_value": code, "runtime_key": "edge.as_rendered"}
    return {"status_code_filter": {"comparison": {"op": "EQ", "value": value}}}


def _cel(expression: str) -> Yaml:
    return {
        "extension_filter": extension(
            "cel", "envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter", expression=expression
        )
    }


_TRACE_ID = '%COALESCE({"operators": [{"command": "REQ", "param": "' + REQUEST_ID.name + '"}, "UNIQUE_ID"]})%'
"""The request's id; a new one where a request was refused before it got one, and that one only here: `UNIQUE_ID` is
another at every use, so that the body and the access log read it from the answer."""


def _body(reply: LocalReply, api_url: str) -> Yaml:
    """The contract's own rendering, its strings made safe for a format; the trace id is filled in by Envoy."""
    body = json.loads(
        render(
            reply.problem,
            api_url=api_url,
            trace_id=_HERE,
            with_instance=False,
            outcome=reply.outcome,
            **reply.members,
        )
    )
    return {name: _formatted(value) for name, value in body.items()}


_HERE = "trace-id"


def _formatted(value: Json) -> Json:
    if value == _HERE:
        return f"%RESP({REQUEST_ID.name})%"
    return escape_format(value) if isinstance(value, str) else value
