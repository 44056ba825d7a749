"""[pure] What the edge asks, out of the bytes of a CheckRequest: the route's operation, and the token that it verified.

Reads what only the edge can have written (the route's context, filter metadata, the request id), never a path, a
method or a header that a caller could have sent. Whatever is missing or more than expected is no question.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from google.protobuf.message import DecodeError
from google.protobuf.struct_pb2 import Struct, Value

from authz.ext_authz_pb2 import AttributeContext, CheckRequestSpelling
from contract.headers import REQUEST_ID
from contract.operations import BY_ID, READINESS, UNROUTED, WRONG_METHOD, Operation, UnroutedOperation
from contract.vocabulary import Json, TraceId

SERVICE = "envoy.service.auth.v3.Authorization"
METHOD = "Check"

OPERATION_KEY = "operation"
ALLOWED_METHODS_KEY = "allowed_methods"
JWT_NAMESPACE = "envoy.filters.http.jwt_authn"
PAYLOAD_KEY = "jwt_payload"
HEADER_KEY = "jwt_header"

_NOTHING = Struct()
_NO_REQUEST = "no CheckRequest"
_TWICE = "something stands in it twice"
_NO_MATTER = b"\x0a\x12\x22"
"""Tags (protobuf, "Encoding") of `AttributeContext.source` = 1, `destination` = 2 and `request` = 4."""

NO_TRACE = TraceId("00000000-0000-0000-0000-000000000000")
"""RFC 9562 §5.9: stands where the edge gave no request id."""


@dataclass(frozen=True, slots=True)
class VerifiedToken:
    """The JOSE header and the claims of a token."""

    header: Mapping[str, Json]
    payload: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class CheckSubject:
    """May this token do this? `allowed_methods` is told for WRONG_METHOD only."""

    operation: Operation | UnroutedOperation
    allowed_methods: tuple[str, ...]
    token: VerifiedToken


@dataclass(frozen=True, slots=True)
class ReadinessProbe:
    """Is anyone there?"""


class ParsedCheck(NamedTuple):
    """What is asked this time: `matter` is all that counts for the answer, the same bytes whenever it is the same."""

    trace_id: TraceId
    cache_key: bytes
    traceparent: str = ""
    """The trace that it belongs to, as W3C spells it, where one is told."""


class InvalidCheck(NamedTuple):
    """Not what our edge would ask; `why` is for the log."""

    trace_id: TraceId
    reason: str


def parse_check(message: bytes, traceparent: str = "") -> ParsedCheck | InvalidCheck:
    """What is asked by a serialised CheckRequest."""
    try:
        check = CheckRequestSpelling.FromString(message)
    except DecodeError:
        return InvalidCheck(NO_TRACE, _NO_REQUEST)
    trace_id = TraceId(check.attributes.request.http.headers.get(REQUEST_ID.name, ""))
    if not trace_id:
        return InvalidCheck(NO_TRACE, "no request id")
    # Maps come in any order, another each time: sorted.
    spelled = check.SerializeToString(deterministic=True)
    # The parser merges doubled messages and keeps the last of doubled map entries, in silence: then bytes are missing.
    if len(spelled) != len(message):
        return InvalidCheck(trace_id, _TWICE)
    return ParsedCheck(trace_id, _cache_key(spelled), traceparent)


def _cache_key(spelled: bytes) -> bytes:
    """The attributes without what is new in each request and what nobody here reads, which stand first in them."""
    at, end = _field_content(spelled, 0)
    while at < end and spelled[at] in _NO_MATTER:
        _, at = _field_content(spelled, at)
    return spelled[at:end]


def _field_content(spelled: bytes, at: int) -> tuple[int, int]:
    """Where the content of a field begins and where it ends, by the length before it (a varint)."""
    size = spelled[at + 1]
    begins, shift = at + 2, 7
    while size >> shift:
        size += (spelled[begins] - 1) << shift
        begins, shift = begins + 1, shift + 7
    return begins, begins + size


def parse_subject(cache_key: bytes) -> CheckSubject | ReadinessProbe | str:
    """What is asked by a question's `matter`, or what is wrong with it."""
    try:
        attributes = AttributeContext.FromString(cache_key)
    except DecodeError:
        return _NO_REQUEST
    if attributes.ByteSize() != len(cache_key):
        return _TWICE
    context = attributes.context_extensions
    name = context.get(OPERATION_KEY, "")
    if name == READINESS:
        return ReadinessProbe()
    row = BY_ID.get(name) or UNROUTED.get(name)
    if row is None:
        return f"no such operation: {name!r}"
    methods = tuple(word.strip() for word in context.get(ALLOWED_METHODS_KEY, "").split(",") if word.strip())
    if row == WRONG_METHOD and not methods:
        return "no allowed methods"
    token = _token(attributes.metadata_context.filter_metadata.get(JWT_NAMESPACE, _NOTHING))
    return token if isinstance(token, str) else CheckSubject(row, methods, token)


def _token(metadata: Struct) -> VerifiedToken | str:
    """The token in the metadata of `jwt_authn`, or what is wrong with it."""
    token = metadata.fields
    if set(token) != {PAYLOAD_KEY, HEADER_KEY}:
        return "not exactly one token in the metadata"
    payload, header = token[PAYLOAD_KEY], token[HEADER_KEY]
    if not payload.HasField("struct_value") or not header.HasField("struct_value"):
        return "a token that is no object"
    return VerifiedToken(_members(header.struct_value), _members(payload.struct_value))


def _members(struct: Struct) -> dict[str, Json]:
    return {name: _scalar(value) for name, value in struct.fields.items()}


def _scalar(value: Value) -> Json:
    """No claim of ours is a list or an object: those become None, which is not of any claim's form."""
    match value.WhichOneof("kind"):
        case "string_value":
            return value.string_value
        case "number_value":
            return value.number_value
        case "bool_value":
            return value.bool_value
    return None
