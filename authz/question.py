"""What the edge asks, out of the bytes of a CheckRequest: the operation of the route, and the token that it verified.

Pure. Reads what only the edge can have written (the route's context, filter metadata, the request id), never a path, a
method or a header that a caller could have sent. Whatever is missing or more than expected is no question.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType

from google.protobuf.message import DecodeError
from google.protobuf.struct_pb2 import Struct, Value

from authz.ext_authz_pb2 import AttributeContext, CheckRequest
from contract.headers import REQUEST_ID
from contract.operations import BY_ID, READINESS, UNROUTED, WRONG_METHOD, Operation, Unrouted
from contract.vocabulary import Json, TraceId

SERVICE = "envoy.service.auth.v3.Authorization"
METHOD = "Check"

OPERATION_KEY = "operation"
ALLOWED_METHODS_KEY = "allowed_methods"
JWT_NAMESPACE = "envoy.filters.http.jwt_authn"
PAYLOAD_KEY = "jwt_payload"
HEADER_KEY = "jwt_header"

TOKENS = 4_096
"""Whose members are remembered: reading them again would cost as much as all else about a question."""
_NOTHING = Struct()

NO_TRACE = TraceId("00000000-0000-0000-0000-000000000000")
"""RFC 9562 §5.9: stands where the edge gave no request id."""


@dataclass(frozen=True, slots=True)
class VerifiedToken:
    """The JOSE header and the claims of a token; `metadata` is both as bytes, by which one is told from another."""

    metadata: bytes
    header: Mapping[str, Json] = field(compare=False)
    payload: Mapping[str, Json] = field(compare=False)


@dataclass(frozen=True, slots=True)
class Question:
    """May this token do this? `allowed_methods` is told for WRONG_METHOD only."""

    trace_id: TraceId
    row: Operation | Unrouted
    allowed_methods: tuple[str, ...]
    token: VerifiedToken


@dataclass(frozen=True, slots=True)
class Readiness:
    """Is anyone there?"""

    trace_id: TraceId


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Not what our edge would ask; `why` is for the log."""

    trace_id: TraceId
    why: str


def read_question(message: bytes) -> Question | Readiness | Unreadable:
    """What is asked by a serialised CheckRequest."""
    request = CheckRequest()
    try:
        request.ParseFromString(message)
    except DecodeError:
        return Unreadable(NO_TRACE, "no CheckRequest")
    attributes = request.attributes
    trace_id = TraceId(attributes.request.http.headers.get(REQUEST_ID.name, ""))
    if not trace_id:
        return Unreadable(NO_TRACE, "no request id")
    # The parser merges doubled messages and keeps the last of doubled map entries, in silence: then bytes are missing.
    if request.ByteSize() != len(message):
        return Unreadable(trace_id, "something stands in it twice")
    return _asked(attributes, trace_id)


def _asked(attributes: AttributeContext, trace_id: TraceId) -> Question | Readiness | Unreadable:
    name = attributes.context_extensions.get(OPERATION_KEY, "")
    if name == READINESS:
        return Readiness(trace_id)
    row = BY_ID.get(name) or UNROUTED.get(name)
    if row is None:
        return Unreadable(trace_id, f"no such operation: {name!r}")
    allowed = attributes.context_extensions.get(ALLOWED_METHODS_KEY, "")
    methods = tuple(word.strip() for word in allowed.split(",") if word.strip())
    if row == WRONG_METHOD and not methods:
        return Unreadable(trace_id, "no allowed methods")
    verified = attributes.metadata_context.filter_metadata.get(JWT_NAMESPACE, _NOTHING)
    # The members of a Struct come in any order, another each time; sorted, the same token is the same bytes.
    token = _token(verified.SerializeToString(deterministic=True))
    if isinstance(token, str):
        return Unreadable(trace_id, token)
    return Question(trace_id, row, methods, token)


@lru_cache(maxsize=TOKENS)
def _token(metadata: bytes) -> VerifiedToken | str:
    """The token in the metadata of `jwt_authn`, or what is wrong with it."""
    token = Struct.FromString(metadata).fields
    if set(token) != {PAYLOAD_KEY, HEADER_KEY}:
        return "not exactly one token in the metadata"
    payload, header = token[PAYLOAD_KEY], token[HEADER_KEY]
    if not payload.HasField("struct_value") or not header.HasField("struct_value"):
        return "a token that is no object"
    return VerifiedToken(
        metadata, MappingProxyType(_members(header.struct_value)), MappingProxyType(_members(payload.struct_value))
    )


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
