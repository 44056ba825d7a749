"""What goes out: JSON for clients (RFC 6749 §5), redirects, and the headers of each.

Owns how an outcome looks on the wire; must not decide one.
"""

import json
from collections.abc import Mapping

from aiohttp import web

from contract.headers import ALLOW, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE
from contract.oauth import BASIC_CHALLENGE, INVALID_CLIENT, NO_STORE, REDIRECT_STATUS, Endpoint
from contract.size_and_time_limits import JSON_MEDIA_TYPE
from contract.vocabulary import Json
from oauth.protocol.errors import ErrorResponse

_CACHED = {"cache-control": "public, max-age=300"}
_NOBODY_ELSES = {"referrer-policy": "no-referrer", **dict(NO_STORE)}


def client_response(members: Mapping[str, Json]) -> web.Response:
    """A good answer to one client."""
    return _json(200, members, dict(NO_STORE))


def public_document(members: Mapping[str, Json], headers: Mapping[str, str] | None = None) -> web.Response:
    """A document for anybody."""
    return _json(200, members, dict(headers or _CACHED))


def error_response(refusal: ErrorResponse, endpoint: Endpoint) -> web.Response:
    """An error for a client (RFC 6749 §5.2)."""
    error = refusal.error
    headers = dict(NO_STORE)
    if error is INVALID_CLIENT:
        headers[WWW_AUTHENTICATE] = BASIC_CHALLENGE
    if error.status == 405:
        headers[ALLOW] = ", ".join(endpoint.methods)
    wait_s = refusal.retry_after_s or error.retry_after_s
    if wait_s is not None:
        headers[RETRY_AFTER] = str(wait_s)
    return _json(error.status, {"error": error.code, "error_description": refusal.description}, headers)


def see_other(url: str) -> web.Response:
    """A 303 to that very URL: the web framework's own redirect would quote it anew, and change a `state`."""
    return web.Response(status=REDIRECT_STATUS, headers={LOCATION: url, **_NOBODY_ELSES})


def _json(status: int, members: Mapping[str, Json], headers: Mapping[str, str]) -> web.Response:
    body = json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()
    return web.Response(status=status, body=body, content_type=JSON_MEDIA_TYPE, headers=headers)
