"""[pure] What a request's header fields say: which method is called, until when, and what is wrong with it.

Knows names and forms of fields (RFC 9113 §8.2 and §8.3, gRPC's PROTOCOL-HTTP2); not how they are compressed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from infra.grpcserver.statuses import BAD_TIMEOUT, COMPRESSED, NOT_GRPC, NOT_POST, CallError

Field = tuple[bytes, bytes]


class RequestHead(NamedTuple):
    """A call as it begins. With a `refusal`, that is its answer, whatever its message is."""

    path: str
    timeout_s: float | None = None
    content_length: int | None = None
    error: CallError | None = None
    kept: Sequence[str] = ()
    """Values of those fields that are kept for whoever is called."""


@dataclass(frozen=True, slots=True)
class MalformedHeaders:
    """No request by RFC 9113 §8.1.1."""

    reason: str


KNOWN_FIELDS = {
    b":method",
    b":scheme",
    b":path",
    b":authority",
    b"content-type",
    b"content-length",
    b"grpc-timeout",
    b"grpc-encoding",
    b"te",
}
"""The fields whose values matter here; the values of all others are not looked at, but for those to be kept."""

_OWED = (b":method", b":scheme", b":path")
_PSEUDO = {*_OWED, b":authority"}
_OF_A_CONNECTION = {b"connection", b"proxy-connection", b"keep-alive", b"transfer-encoding", b"upgrade"}
_UPPER_CASE = frozenset(range(ord("A"), ord("Z") + 1))
_NO_NAME = frozenset({*range(0x21), *range(0x7F, 0x100)})
_IN_NO_VALUE = b"\0\r\n"
_GRPC = b"application/grpc"
_UNITS_S = {b"H": 3600.0, b"M": 60.0, b"S": 1.0, b"m": 1e-3, b"u": 1e-6, b"n": 1e-9}
_MOST_DIGITS = 8


def parse_head(fields: Sequence[Field], keep: Sequence[bytes] = ()) -> RequestHead | MalformedHeaders:
    """A request's head out of its fields, in their order; the values of `keep` are for whoever is called."""
    trouble = _trouble(fields)
    if trouble:
        return MalformedHeaders(trouble)
    said = dict(fields)
    if missing := [name for name in _OWED if not said.get(name)]:
        return MalformedHeaders(f"no {missing[0].decode()}")
    length = said.get(b"content-length")
    if length is not None and not (length.isdigit() and len(length) < 20):
        return MalformedHeaders("content-length is no number")
    timeout_s, refusal = _timeout_s(said.get(b"grpc-timeout")), _refusal(said)
    if timeout_s is _BAD:
        timeout_s, refusal = None, refusal or BAD_TIMEOUT
    path = said[b":path"].decode("latin-1")
    kept = tuple(said.get(name, b"").decode("latin-1") for name in keep)
    return RequestHead(path, timeout_s, None if length is None else int(length), refusal, kept)


def parse_trailers(fields: Sequence[Field]) -> MalformedHeaders | None:
    """What is wrong with the fields after a message: nothing in them is for us."""
    if any(name.startswith(b":") for name, _ in fields):
        return MalformedHeaders("a pseudo field among the trailers")
    trouble = _trouble(fields)
    return MalformedHeaders(trouble) if trouble else None


def _trouble(fields: Iterable[Field]) -> str:
    seen: set[bytes] = set()
    regular = False
    for name, value in fields:
        if name.startswith(b":"):
            if regular or name not in _PSEUDO or name in seen:
                return "a pseudo field that is unknown, doubled or late"
        else:
            regular = True
            if not name or not _NO_NAME.isdisjoint(name) or not _UPPER_CASE.isdisjoint(name) or b":" in name:
                return "a field name that HTTP/2 does not have"
            if name in _OF_A_CONNECTION or (name == b"te" and value != b"trailers"):
                return "a field of HTTP/1.1 connections"
            if name in KNOWN_FIELDS and name in seen:
                return "a field that stands twice"
        if not is_field_value(value):
            return "a field value that HTTP/2 does not have"
        seen.add(name)
    return ""


def is_field_value(value: bytes) -> bool:
    """Whether a field may have it (RFC 9113 §8.2.1)."""
    return value == value.strip(b" \t") and len(value) == len(value.translate(None, _IN_NO_VALUE))


def _refusal(said: dict[bytes, bytes]) -> CallError | None:
    if said[b":method"] != b"POST":
        return NOT_POST
    kind = said.get(b"content-type", b"")
    if not (kind.startswith(_GRPC) and kind[len(_GRPC) : len(_GRPC) + 1] in (b"", b"+", b";")):
        return NOT_GRPC
    if said.get(b"grpc-encoding", b"identity") != b"identity":
        return COMPRESSED
    return None


_BAD = -1.0


def _timeout_s(text: bytes | None) -> float | None:
    if text is None:
        return None
    digits, unit = text[:-1], text[-1:]
    if not digits.isdigit() or len(digits) > _MOST_DIGITS or unit not in _UNITS_S:
        return _BAD
    return int(digits) * _UNITS_S[unit]
