"""The cursor codec: a place in a result, sealed, bound to its tenant and to the query that it came from.

Keyset, not offset: what is inside is the internal service's own place, a string that nobody here reads.
"""

import base64
import binascii
import hashlib
import json
import struct
from dataclasses import dataclass
from enum import StrEnum

from contract.sealing import KeyRing
from contract.vocabulary import Json, TenantId

_HEAD = struct.Struct(">16sQ")
_MAX_TEXT = 2048
_spelled = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


class CursorError(StrEnum):
    """The `reason` of an `invalid-cursor`."""

    MALFORMED = "malformed"
    QUERY_MISMATCH = "query-mismatch"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Position:
    """Where to go on: `query` is `query_hash` of what was asked, `place` the internal service's own key."""

    query: bytes
    place: str
    expires_at_s: int


def query_hash(query: Json) -> bytes:
    """16 bytes that stand for a query: its operation, order and filters, after the version change."""
    return hashlib.sha256(_spelled(query).encode()).digest()[:16]


def _binding(tenant: TenantId) -> bytes:
    return b"cursor" + tenant.to_bytes(16, "big")  # it may be a UUID


def _text(sealed: bytes) -> str:
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def seal_cursor(position: Position, keys: KeyRing, *, tenant: TenantId) -> str:
    """The text that a client sees as `next`."""
    plain = _HEAD.pack(position.query, position.expires_at_s) + position.place.encode()
    return _text(keys.seal(plain, bound_to=_binding(tenant)))


def open_cursor(text: str, keys: KeyRing, *, tenant: TenantId, query: bytes, now_s: int) -> Position | CursorError:
    """The position behind a cursor that a caller sent; another tenant's does not open at all."""
    if not 0 < len(text) <= _MAX_TEXT or not text.isascii():
        return CursorError.MALFORMED
    try:
        sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        return CursorError.MALFORMED
    if _text(sealed) != text:  # base 64 leaves bits unused, and Python reads its other alphabet too
        return CursorError.MALFORMED
    plain = keys.open(sealed, bound_to=_binding(tenant))
    if plain is None:
        return CursorError.MALFORMED
    asked, expires_at_s = _HEAD.unpack_from(plain)
    if asked != query:
        return CursorError.QUERY_MISMATCH
    if expires_at_s <= now_s:
        return CursorError.EXPIRED
    return Position(asked, plain[_HEAD.size :].decode(), expires_at_s)
