"""[pure] The form of every answer of the CRM. Knows nothing of what is in it."""

from collections.abc import Callable
from typing import Any

import msgspec

from transcoder.dialect.conversions import INTEGER, UnreadableResponse, decoder

NO_RESULT = msgspec.Raw(b"null")


class Paging(msgspec.Struct, gc=False):
    """What a list says of what follows."""

    has_more: bool | None = None
    next_key: str | None = None
    total: INTEGER | None = None


class Envelope(msgspec.Struct, gc=False):
    """`{"ok": true, "result": …}` or `{"ok": false, "error_code": …}`; what `result` is, only who asked knows.

    The members of a refusal are read by the row of its code.
    """

    ok: bool
    result: msgspec.Raw = NO_RESULT
    paging: Paging | None = None
    created: bool = False
    changed: bool = True
    error_code: Any = None
    message: Any = None
    field: Any = None
    rule: Any = None
    deleted_at: Any = None
    revision: Any = None
    retry_after_ms: Any = None
    existing_id: Any = msgspec.UNSET


ReadEnvelope = Callable[[bytes | msgspec.Raw], Envelope]

read_envelope: ReadEnvelope = decoder(Envelope)
"""Reads an answer; raises UnreadableResponse."""
read_envelopes = decoder(list[Envelope])
"""Reads an answer for each item."""


def envelope_reader(kind: Any) -> ReadEnvelope:
    """Reads an answer whose result is of that kind, all of it in one pass: `result` is then read already.

    A result that is not stays raw, and whoever reads it says what is wrong with it.
    """
    whole = msgspec.defstruct("Envelope", [("result", kind, NO_RESULT)], bases=(Envelope,), gc=False)
    read: ReadEnvelope = decoder(whole)

    def either(raw: bytes | msgspec.Raw) -> Envelope:
        try:
            return read(raw)
        except UnreadableResponse:
            return read_envelope(raw)

    return either


read_any = decoder(Any)
"""Reads what has no form, or of which none is expected."""
