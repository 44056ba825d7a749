"""[pure] The form of every answer of the CRM. Knows nothing of what is in it."""

from collections.abc import Mapping
from typing import Any

from contract.vocabulary import Json
from transcoder.dialect.conversions import Unreadable

Envelope = Mapping[str, Any]
"""`{"ok": true, "result": …}` or `{"ok": false, "error_code": …}`."""


def envelope(answer: Json) -> Envelope:
    """`answer`, if it is an envelope; raises Unreadable."""
    if not isinstance(answer, dict) or not isinstance(answer.get("ok"), bool):
        raise Unreadable("no envelope")
    return answer
