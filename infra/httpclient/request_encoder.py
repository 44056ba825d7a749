"""[pure] A request as bytes. Owns which fields the client itself writes; must not know what the others mean.

Callers' values go into a head that a server takes apart at its line ends, so none may hold one (RFC 9110 §5.5).
"""

import re
from collections.abc import Mapping
from functools import lru_cache

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_TARGET = re.compile(r"/[!-\"$-~]*")
"""Visible ASCII; a `#` never leaves a client (RFC 9112 §3.2)."""
_OURS = {"connection", "content-length", "expect", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
"""What says where a message ends and what becomes of its connection."""
_WITHOUT_A_BODY = {"GET", "HEAD", "OPTIONS", "TRACE", "DELETE"}
"""Of the others a server expects one, and is told of an empty one (RFC 9110 §8.6)."""


@lru_cache(maxsize=512)
def _checked(name: str) -> str:
    """That name of a field, in lower case; ValueError if it is none, or not the caller's to set."""
    lower = name.lower()
    if not _NAME.fullmatch(name) or lower in _OURS:
        raise ValueError(f"no field that may be sent: {name!r}")
    return lower


@lru_cache(maxsize=64)
def _checked_method(method: str) -> str:
    if not _NAME.fullmatch(method) or method == "CONNECT":
        raise ValueError(f"no method that may be sent: {method!r}")
    return method


class RequestEncoder:
    """Writes the heads of requests to one server, each with `fields` unless the caller sets one of them himself."""

    def __init__(self, host: str, fields: Mapping[str, str]) -> None:
        self._fields = {_checked(name): f"{name}: {value}\r\n" for name, value in {"Host": host, **fields}.items()}
        self._all = "".join(self._fields.values())
        _without_ends(self._all, len(self._fields))

    def encode(self, method: str, target: str, fields: Mapping[str, str], body: bytes | None) -> bytes:
        """The whole request. ValueError: it would be another one, or two, in a server's eyes."""
        if not _TARGET.fullmatch(target):
            raise ValueError(f"no target that may be sent: {target!r}")
        sent = {_checked(name): f"{name}: {value}\r\n" for name, value in fields.items()}
        text = "".join(sent.values())
        _without_ends(text, len(fields))
        is_usual = self._fields.keys().isdisjoint(sent)
        text = self._all + text if is_usual else "".join({**self._fields, **sent}.values())
        head = f"{_checked_method(method)} {target} HTTP/1.1\r\n{text}{_length(method, body)}\r\n".encode()
        return head + body if body else head


def _length(method: str, body: bytes | None) -> str:
    if body is None and method in _WITHOUT_A_BODY:
        return ""
    return f"Content-Length: {len(body or b'')}\r\n"


def _without_ends(text: str, lines: int) -> None:
    """Each line has the one end that we wrote; a value with another would begin a line of its own."""
    if text.count("\r") != lines or text.count("\n") != lines or "\0" in text:
        raise ValueError("a field's value with a line end, or with a null")
