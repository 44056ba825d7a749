"""[pure] The head of a request, out of its bytes (RFC 9112 §3, §5, §6.3). Owns what is a request, and its bounds.

llhttp judges each line; what frames the message is then taken literally or not at all, so that nobody in front can see
another end of it than we do (§11.2). Must not know of connections.
"""

import re
from collections.abc import Mapping, Sequence, Set
from urllib.parse import parse_qsl

import httptools
import msgspec

LINE_BYTES = 64 * 1024
"""The longest request line and field. Who stands in front bounds all fields together below this."""
HEAD_BYTES = 128 * 1024
"""All lines together."""
FIELDS = 512
"""Of one name there may come twice as many as of different ones, and the edge's and authz's own."""
_END = b"\r\n\r\n"
_BEGINS = re.compile(rb"(?:[A-Z-]{1,24}(?: |\Z)|\r?\Z)")
_EMPTY_LINES = re.compile(rb"(?:\r\n)*")
_BARE_LINE_FEED = re.compile(rb"(?<!\r)\n")
_FIRST = re.compile(rb"(?!CONNECT )([A-Z-]+) (/[!-\"$->@-~]*)(?:\?([!-\"$-~]*))? HTTP/1\.([01])\r\n")
"""Origin form: a proxy's absolute one and CONNECT's are not for us, and a `#` never leaves a client (§3.2)."""
_LENGTH = re.compile(r"0*([0-9]{1,20})")
"""llhttp has refused what is beyond 64 bits. Noughts before it are read over: Python takes no number of any length."""
_CHUNKED = re.compile(r"chunked", re.ASCII | re.IGNORECASE)
"""Letters outside ASCII that become a k in lower case are none: llhttp does not look where an upgrade is asked for."""
_NONE: frozenset[str] = frozenset()
_NOBODY = object()


class Malformed(Exception):
    """It is no request; the text says why, for whoever debugs."""


class Head(msgspec.Struct, frozen=True, gc=False):
    """What stands before a body. `fields` by names in lower case, lines of one name joined; `repeated` had several."""

    method: str
    path: str
    query: str
    fields: Mapping[str, str]
    repeated: Set[str]
    length: int | None
    """Of the body; None: it is chunked. Nought: there is none."""
    keeps_alive: bool
    is_1_1: bool

    @property
    def expects_continue(self) -> bool:
        """Whether the body comes once it was asked for (RFC 9110 §10.1.1)."""
        return self.is_1_1 and self.fields.get("expect", "").lower() == "100-continue"


def end_of_head(data: bytes | bytearray, seen: int) -> int:
    """Where the head ends, its empty line included; -1 where more is to come. `seen` bytes were looked at before.

    Malformed: whatever comes, it will not become one.
    """
    end = data.find(_END, max(0, seen - 3))
    if end < 0 and (_BARE_LINE_FEED.search(data, seen) or not _BEGINS.match(data)):
        raise Malformed("not HTTP/1.1")
    if (len(data) if end < 0 else end) > HEAD_BYTES:
        raise Malformed(f"a head of more than {HEAD_BYTES} bytes")
    return end + 4 if end >= 0 else -1


def past_empty_lines(data: bytes | bytearray) -> bytes | bytearray:
    """What follows the empty lines that some send before a request (RFC 9112 §2.2)."""
    found = _EMPTY_LINES.match(data)
    return data[found.end() :] if found else data


def read_head(head: bytes) -> Head:
    """A head in whole."""
    try:
        # A new parser for each: nothing that one left behind may reach into the next. It tells nobody what it finds: to
        # call us for each field took longer than all the rest.
        httptools.HttpRequestParser(_NOBODY).feed_data(head)
    except httptools.HttpParserUpgrade:
        pass  # which may be left undone (RFC 9110 §7.8)
    except httptools.HttpParserError as fault:
        raise Malformed(f"not HTTP: {fault.__context__ or fault}") from None
    first = _FIRST.match(head)
    if first is None:
        raise Malformed("not HTTP/1.1, or no target that is served")
    # Callers write what they like: bytes that are no text go through unharmed.
    text = head[first.end() : -4].decode("utf-8", "surrogateescape")
    lines = text.split("\r\n") if text else []
    if len(lines) > FIELDS or (len(head) > LINE_BYTES and max(map(len, head.split(b"\r\n"))) > LINE_BYTES):
        raise Malformed("more, or longer, fields than are read")
    method, path, query, minor = first.groups(b"")
    is_1_1 = minor == b"1"
    fields = {}
    for line in lines:
        name, _, value = line.partition(":")
        fields[name.lower()] = value.strip(" \t")
    repeated = _NONE if len(fields) == len(lines) else _join(fields, lines)
    if ("host" not in fields and is_1_1) or "host" in repeated:
        raise Malformed("one Host is needed")
    length, keeps_alive = _length(fields, is_1_1), _keeps_alive(fields, is_1_1)
    return Head(method.decode(), path.decode(), query.decode(), fields, repeated, length, keeps_alive, is_1_1)


def _join(fields: dict[str, str], lines: Sequence[str]) -> Set[str]:
    """Several lines of one field are one list (RFC 9110 §5.3); returns the names of those."""
    told: dict[str, list[str]] = {}
    for line in lines:
        name, _, value = line.partition(":")
        told.setdefault(name.lower(), []).append(value.strip(" \t"))
    fields |= {name: ", ".join(values) for name, values in told.items()}
    return {name for name, values in told.items() if len(values) > 1}


def _length(fields: Mapping[str, str], is_1_1: bool) -> int | None:
    coding, length = fields.get("transfer-encoding"), fields.get("content-length")
    if coding is not None:
        if not _CHUNKED.fullmatch(coding) or length is not None or not is_1_1:
            raise Malformed("a transfer coding that is not read")
        return None
    if length is None:
        return 0
    told = _LENGTH.fullmatch(length)
    if told is None:
        raise Malformed("a length that is none")
    return int(told[1])


def _keeps_alive(fields: Mapping[str, str], is_1_1: bool) -> bool:
    told = fields.get("connection")
    if told is None:
        return is_1_1
    options = {option.strip().lower() for option in told.split(",")}
    return "close" not in options and (is_1_1 or "keep-alive" in options)


def pairs_of(query: str) -> list[tuple[str, str]]:
    """Names and values of a query, in their order; empty ones too. Bytes that are no UTF-8 are surrogates."""
    return parse_qsl(query, keep_blank_values=True, errors="surrogateescape")
