"""[pure] What is kept of a keyed request beside its answer, for `GET /v1/requests`: no value that a customer wrote."""

import hashlib

import msgspec


class Receipt(msgspec.Struct, frozen=True, array_like=True):
    """One request: which operation, whose, when; and once it is done its status, its record and how long it took.

    Numbers of records are text here: those of UUIDs do not fit into an integer of msgpack.
    """

    operation: str
    user: str
    trace_id: str
    received_at_ms: int
    status: int | None = None
    record: str | None = None
    duration_ms: int | None = None


pack = msgspec.msgpack.Encoder().encode
"""A receipt as bytes."""
unpack = msgspec.msgpack.Decoder(Receipt).decode
"""The receipt in bytes of `pack`."""


def key_digest(idempotency_key: str) -> str:
    """What a caller's key is found by; the key itself is not kept."""
    return hashlib.sha256(idempotency_key.encode()).hexdigest()
