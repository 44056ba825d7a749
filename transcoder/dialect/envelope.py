"""[pure] The form of every answer of the CRM. Knows nothing of what is in it."""

from typing import Any

import msgspec

from transcoder.dialect.conversions import INTEGER, decoder

NOTHING = msgspec.Raw(b"null")


class Paging(msgspec.Struct, gc=False):
    """What a list says of what follows."""

    has_more: bool | None = None
    next_key: str | None = None
    total: INTEGER | None = None


class Envelope(msgspec.Struct):
    """`{"ok": true, "result": …}` or `{"ok": false, "error_code": …}`; what `result` is, only who asked knows.

    The members of a refusal are read by the row of its code.
    """

    ok: bool
    result: msgspec.Raw = NOTHING
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


envelope = decoder(Envelope)
"""Reads an answer; raises Unreadable."""
envelopes = decoder(list[Envelope])
"""Reads an answer for each item."""
anything = decoder(Any)
"""Reads what has no form, or of which none is expected."""
