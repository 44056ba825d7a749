"""[pure] What our log may say of an internal service's answer: its form and its machine-readable words, no value in it.

Real services quote what customers wrote ("ada@northwind.example already exists"), and a log is no place for that.
"""

import re
from typing import Any

import msgspec

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
"""What a program would use as a code or as a member's name."""
_CODES = ("code", "error_code", "errorCode")
_QUOTED = re.compile(r"(enum value|unknown field) .*?(?=(?: - at `\$[^`]*`)?$)", re.DOTALL)
"""What msgspec quotes of what it read: an unknown choice, and the name of a member that it was told to refuse."""
_KEYS = 12
_MOST = 200
"""Characters of a fault."""


def describe_reply(status: int, body: bytes) -> str:
    """The status of a refusal, the names of its members and its code: `status 409: {code, message}, code E_TAKEN`."""
    return f"status {status}: {_form(body)}"


def _form(body: bytes) -> str:
    if not body:
        return "no body"
    try:
        told = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return f"{len(body)} bytes that are no JSON"
    if not isinstance(told, dict):
        return f"JSON, a {type(told).__name__}"
    names = [safe_word(name) for name in list(told)[:_KEYS]]
    codes = [f", code {safe_word(told[name])}" for name in _CODES if name in told]
    return "{" + ", ".join(names) + "}" + "".join(codes[:1])


def safe_word(value: Any) -> str:
    """A code or a member's name as it is; of anything else, that could be a customer's, its type."""
    return value if isinstance(value, str) and _WORD.fullmatch(value) else f"<{type(value).__name__}>"


def describe_decode_error(fault: Exception) -> str:
    """What msgspec found wrong, and where, without the value that it found there."""
    return _QUOTED.sub(r"\1", str(fault))[:_MOST]
