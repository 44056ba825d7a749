"""Reading a request: what the edge and authz wrote about it, its path, its body. The shell around the pure readers."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from contract import headers, ids
from contract.ids import Codec
from contract.problems import (
    INTERNAL_ERROR,
    INVALID_ID,
    INVALID_PARAMETER,
    MALFORMED_REQUEST,
    PAYLOAD_TOO_LARGE,
    REQUEST_TIMEOUT,
    ItemError,
)
from contract.resources import Resource
from contract.size_and_time_limits import MAX_IDEMPOTENCY_KEY
from contract.vocabulary import Json, TenantId, TraceId
from transcoder.http import strict_json
from transcoder.http.messages import Body, BodyLost, Request
from transcoder.operations.operation_table import OperationEntry
from transcoder.presentation.errors import ApiError
from transcoder.validation.values import malformed_id_error

_KEY_CHARACTERS = frozenset(chr(code) for code in range(0x20, 0x7F))


_REQUEST_ID, _OPERATION, _IDEMPOTENCY_KEY = (
    row.name for row in (headers.REQUEST_ID, headers.OPERATION, headers.IDEMPOTENCY_KEY)
)


def trace_id(request: Request) -> TraceId:
    """The edge's id of this request."""
    return TraceId(request.headers.get(_REQUEST_ID, ""))


def operation_id(request: Request) -> str:
    """The operation that the edge routed to and authz decided on."""
    return request.headers.get(_OPERATION, "")


def path_ids(request: Request, plan: OperationEntry) -> list[str]:
    """The texts of the records' ids in the path, outermost first; it is not matched again, only taken apart."""
    given = request.path.split("/")
    if len(given) != plan.path_segments:
        raise ApiError(INTERNAL_ERROR, outcome="not-applied", cause="path and operation do not go together")
    return [given[place] for place in plan.id_places]


def record_number(resource: Resource, text: str, codec: Codec, tenant: TenantId) -> int | ids.ForeignId:
    """A record that the path names; a malformed id is `invalid-id`."""
    opened = codec.open(resource.prefix, tenant, text)
    if isinstance(opened, ids.MalformedId):
        fault = malformed_id_error(resource.prefix, opened)
        item = ItemError(fault.code, fault.detail, parameter=resource.parameter, example=fault.example)
        raise ApiError(INVALID_ID, errors=[item])
    return opened


def idempotency_key(request: Request) -> str | None:
    """The `Idempotency-Key`: printable ASCII within its bound."""
    key = request.headers.get(_IDEMPOTENCY_KEY)
    if key is None:
        return None
    is_one = _IDEMPOTENCY_KEY not in request.repeated
    if not is_one or not 1 <= len(key) <= MAX_IDEMPOTENCY_KEY or not set(key) <= _KEY_CHARACTERS:
        detail = f"Expected one key of 1 to {MAX_IDEMPOTENCY_KEY} printable ASCII characters."
        item = ItemError("invalid-header", detail, header=headers.IDEMPOTENCY_KEY.title)
        raise ApiError(INVALID_PARAMETER, errors=[item])
    return key


async def read_first_chunk(body: Body, deadline_s: float) -> bytes | None:
    """None when the body is empty, else what was read of it; only a chunked one, of which it is not told, is begun."""
    if body.length is not None:
        return b"" if body.length else None
    return await _in_time(body.part(), deadline_s) or None


async def read_body(body: Body, first_chunk: bytes, deadline_s: float, limit_bytes: int) -> bytes:
    """The whole body, within its bound and in time; the edge's own buffer limit may not hold (it streams)."""
    if (body.length or 0) <= limit_bytes:
        # It came together with its headers, as most do: there is nothing to wait for, and no deadline to set.
        rest = body.rest()
        raw = await _in_time(_whole(body, first_chunk, limit_bytes), deadline_s) if rest is None else first_chunk + rest
        if len(raw) <= limit_bytes:
            return raw
    raise ApiError(PAYLOAD_TOO_LARGE, limit_bytes=limit_bytes)


async def _whole(body: Body, begun: bytes, limit_bytes: int) -> bytes:
    """The whole, or what is more than the bound."""
    raw = bytearray(begun)
    while len(raw) <= limit_bytes:
        part = await body.part()
        if not part:
            break
        raw += part
    return bytes(raw)


async def _in_time(arriving: Coroutine[Any, Any, bytes], deadline_s: float) -> bytes:
    # No context manager: `contextlib` keeps what was raised in a frame that its own traceback keeps. A lost body would
    # stay, and its connection with it, until the collector comes.
    try:
        async with asyncio.timeout_at(deadline_s):
            return await arriving
    except TimeoutError:
        raise ApiError(REQUEST_TIMEOUT) from None
    except BodyLost as error:
        raise ApiError(MALFORMED_REQUEST, "The body did not arrive whole.", cause=repr(error)) from None


def parse_body(raw: bytes) -> Json:
    """The JSON in a body; `malformed-request` with line and column."""
    value = strict_json.parse(raw)
    if isinstance(value, strict_json.MalformedJson):
        detail = f"{value.detail} (line {value.line}, column {value.column})."
        raise ApiError(MALFORMED_REQUEST, detail, reason=value.reason, line=value.line, column=value.column)
    return value
