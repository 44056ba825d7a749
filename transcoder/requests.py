"""Reading a request: what the edge and authz wrote about it, its path, its body. The shell around the pure readers."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from functools import lru_cache

from aiohttp import StreamReader, web
from multidict import istr

from contract import headers, ids
from contract.bounds import MAX_IDEMPOTENCY_KEY
from contract.ids import Codec
from contract.problems import (
    INTERNAL_ERROR,
    INVALID_ID,
    INVALID_PARAMETER,
    INVALID_TOKEN,
    MALFORMED_REQUEST,
    PAYLOAD_TOO_LARGE,
    REQUEST_TIMEOUT,
    ItemError,
)
from contract.resources import Resource
from contract.resources.shape import BUSINESS_PREFIX, USER_PREFIX
from contract.vocabulary import Json, TenantId, TraceId, UserId
from transcoder import strict_json
from transcoder.call import Token
from transcoder.errors import ApiError
from transcoder.plans import Plan
from transcoder.records import Actor
from transcoder.values import malformed_id

_KEY_CHARACTERS = frozenset(chr(code) for code in range(0x20, 0x7F))


_REQUEST_ID, _OPERATION, _BUSINESS, _SUBJECT, _PERMISSIONS, _ROLE = (
    istr(row.name)
    for row in (
        headers.REQUEST_ID,
        headers.OPERATION,
        headers.BUSINESS,
        headers.SUBJECT,
        headers.PERMISSIONS,
        headers.ROLE,
    )
)
_OF_A_TOKEN = tuple(
    istr(row.name)
    for row in (
        headers.SCOPES,
        headers.PLAN,
        headers.TOKEN_KIND,
        headers.CLIENT,
        headers.EXPIRES_AT,
        headers.BUSINESS,
        headers.SUBJECT,
    )
)
"""Names that are looked up as they are: one of another type is put into lower case each time."""


def trace_id(request: web.BaseRequest) -> TraceId:
    """The edge's id of this request."""
    return TraceId(request.headers.get(_REQUEST_ID, ""))


def operation_id(request: web.BaseRequest) -> str:
    """The operation that the edge routed to and authz decided on."""
    return request.headers.get(_OPERATION, "")


def id_texts(request: web.BaseRequest, plan: Plan) -> list[str]:
    """The texts of the records' ids in the path, outermost first; it is not matched again, only taken apart."""
    given = request.rel_url.raw_path.split("/")
    if len(given) != plan.parts:
        raise ApiError(INTERNAL_ERROR, outcome="not-applied", cause="path and operation do not go together")
    return [given[place] for place in plan.id_places]


def actor(request: web.BaseRequest, codec: Codec, deadline_s: float) -> Actor:
    """The caller as authz describes it. A token whose ids are not of this deployment is no token of ours."""
    told = request.headers
    tenant = codec.open_business(BUSINESS_PREFIX, told.get(_BUSINESS, ""))
    if isinstance(tenant, ids.Malformed | ids.Foreign):
        raise _not_ours("business_id")
    user = codec.open(USER_PREFIX, tenant, told.get(_SUBJECT, ""))
    if isinstance(user, ids.Malformed | ids.Foreign):
        raise _not_ours("sub")
    permissions, role = told.get(_PERMISSIONS, ""), told.get(_ROLE, "")
    return Actor(TenantId(tenant), UserId(user), permissions, role, trace_id(request), deadline_s)


def _not_ours(claim: str) -> ApiError:
    challenge = {headers.WWW_AUTHENTICATE: headers.CHALLENGE_INVALID_TOKEN}
    return ApiError(INVALID_TOKEN, headers=challenge, cause=f"{claim} does not open", reason="malformed")


def token(request: web.BaseRequest) -> Token:
    """The caller's token as authz describes it."""
    told = request.headers.get
    return _token(*[told(name, "") for name in _OF_A_TOKEN])


@lru_cache(maxsize=1024)
def _token(scopes: str, plan: str, kind: str, client: str, expires_at: str, business: str, subject: str) -> Token:
    """The same for all calls with it."""
    return Token(scopes, plan, kind, client, int(expires_at or 0), business, subject)


def record_number(resource: Resource, text: str, codec: Codec, tenant: TenantId) -> int | ids.Foreign:
    """A record that the path names; a malformed id is `invalid-id`."""
    opened = codec.open(resource.prefix, tenant, text)
    if isinstance(opened, ids.Malformed):
        fault = malformed_id(resource.prefix, opened)
        item = ItemError(fault.code, fault.detail, parameter=resource.parameter, example=fault.example)
        raise ApiError(INVALID_ID, errors=[item])
    return opened


def idempotency_key(request: web.BaseRequest) -> str | None:
    """The `Idempotency-Key`: printable ASCII within its bound."""
    values = request.headers.getall(headers.IDEMPOTENCY_KEY.name, [])
    if not values:
        return None
    key = values[0]
    if len(values) > 1 or not 1 <= len(key) <= MAX_IDEMPOTENCY_KEY or not set(key) <= _KEY_CHARACTERS:
        detail = f"Expected one key of 1 to {MAX_IDEMPOTENCY_KEY} printable ASCII characters."
        item = ItemError("invalid-header", detail, header=headers.IDEMPOTENCY_KEY.title)
        raise ApiError(INVALID_PARAMETER, errors=[item])
    return key


async def body_begins(request: web.BaseRequest, deadline_s: float) -> bytes | None:
    """None when the request has no body, else what was read of it; only a chunked one, which may be empty, is begun."""
    if not request.body_exists:
        return None
    length = request.content_length
    if length is not None:
        return b"" if length else None
    async with _arriving(deadline_s):
        return await request.content.readany() or None


async def read_body(request: web.BaseRequest, begun: bytes, deadline_s: float, limit_bytes: int) -> bytes:
    """The whole body, within its bound and in time; the edge's own buffer limit may not hold (it streams)."""
    content, length = request.content, request.content_length or 0
    if length <= limit_bytes:
        if content.is_eof():
            # It came together with its headers, as most do: there is nothing to wait for, and no deadline to set.
            body = begun + content.read_nowait()
        else:
            body = await _arrived(content, begun, deadline_s, limit_bytes)
        if len(body) <= limit_bytes:
            return body
    raise ApiError(PAYLOAD_TOO_LARGE, limit_bytes=limit_bytes)


async def _arrived(content: StreamReader, begun: bytes, deadline_s: float, limit_bytes: int) -> bytes:
    """The whole, or what is more than the bound."""
    body = bytearray(begun)
    async with _arriving(deadline_s):
        while len(body) <= limit_bytes:
            part = await content.readany()
            if not part:
                break
            body += part
    return bytes(body)


@contextlib.asynccontextmanager
async def _arriving(deadline_s: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout_at(deadline_s):
            yield
    except TimeoutError:
        raise ApiError(REQUEST_TIMEOUT) from None
    except (web.RequestPayloadError, ConnectionError) as error:
        raise ApiError(MALFORMED_REQUEST, "The body did not arrive whole.", cause=repr(error)) from None


def parse_body(raw: bytes) -> Json:
    """The JSON in a body; `malformed-request` with line and column."""
    value = strict_json.parse(raw)
    if isinstance(value, strict_json.Malformed):
        detail = f"{value.detail} (line {value.line}, column {value.column})."
        raise ApiError(MALFORMED_REQUEST, detail, reason=value.reason, line=value.line, column=value.column)
    return value
