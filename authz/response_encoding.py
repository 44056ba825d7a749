"""[pure] A CheckResponse in protobuf's wire format, put together from pieces of bytes.

An empty CheckResponse is an allow, and so is one whose status is left out: exactly one function here writes an allow,
and every denial carries a status of its own. Knows no header and no verdict. A test holds every byte of it to the
generated classes.
"""

from collections.abc import Iterable
from functools import lru_cache
from itertools import chain, repeat
from struct import Struct

Headers = Iterable[tuple[str, str]]

# Field numbers of envoy/service/auth/v3/external_auth.proto and its neighbours, each with its wire type (protobuf,
# "Encoding"): 2 has a length before it, 0 is a varint.
TO_UPSTREAM = b"\x12"
"""`OkHttpResponse.headers` = 2"""
TO_CALLER = b"\x32"
"""`OkHttpResponse.response_headers_to_add` = 6"""
IN_DENIAL = b"\x12"
"""`DeniedHttpResponse.headers` = 2"""

_STATUS_OK = b"\x0a\x00"
"""`CheckResponse.status` = 1, google.rpc.Code 0, which is not written."""
_STATUS_PERMISSION_DENIED = b"\x0a\x02\x08\x07"
"""Which code it is does not matter to Envoy, as long as it is not OK."""
_OK_RESPONSE = b"\x1a"
_DENIED_RESPONSE = b"\x12"
_HTTP_STATUS = b"\x0a"
_CODE = b"\x08"
_BODY = b"\x1a"
_FIRST = b"\x0a"
"""`HeaderValueOption.header` = 1, `HeaderValue.key` = 1"""
_SECOND = b"\x12"
"""`HeaderValue.value` = 2"""
END = b"\x18\x02"
"""`append_action` = 3, OVERWRITE_IF_EXISTS_OR_ADD: by default Envoy appends, and a header would be told twice."""

_TWO_BYTES = Struct("BB")
_ONE_BYTE = [bytes((number,)) for number in range(128)]


def header_options(headers: Headers, field: bytes) -> bytes:
    """HeaderValueOptions, each as an element of the repeated `field`."""
    return b"".join([_option(_key(name), value.encode(), field) for name, value in headers])


def variable_options(names: Iterable[str], field: bytes, longest: int) -> list[list[bytes]]:
    """Of options whose values are others in each answer, none empty or longer than the longest: what stands before each
    value, by its length. After the last of them stands `END`.
    """
    ends = chain((b"",), repeat(END))
    return [
        [end + _before(name, field, length) for length in range(longest + 1)]
        for end, name in zip(ends, names, strict=False)
    ]


def _before(name: str, field: bytes, length: int) -> bytes:
    whole = header_options(((name, "-" * length),), field)
    return whole[: len(whole) - length - len(END)]


def ok_response(upstream: bytes, downstream: bytes) -> bytes:
    """Let it through, with options for TO_UPSTREAM and TO_CALLER."""
    return b"".join((_STATUS_OK, _OK_RESPONSE, _varint(len(upstream) + len(downstream)), upstream, downstream))


def denied_response(status: int, headers: bytes, body: bytes) -> bytes:
    """Refuse it, with options for IN_DENIAL."""
    answered = _sized(_HTTP_STATUS, _CODE + _varint(status))
    return _STATUS_PERMISSION_DENIED + _sized(_DENIED_RESPONSE, answered + headers + _sized(_BODY, body))


@lru_cache(maxsize=256)
def _key(name: str) -> bytes:
    return _text(_FIRST, name.encode())


def _option(key: bytes, value: bytes, field: bytes) -> bytes:
    size, inner = len(value), len(key) + 2 + len(value)
    if value and inner < 124:
        # Nearly all are as short as this: every length is one byte, and all of it is put together at once.
        return b"%b%c%b%c%b%b%c%b%b" % (field, inner + 4, _FIRST, inner, key, _SECOND, size, value, END)
    header = key + _text(_SECOND, value)
    return _sized(field, _sized(_FIRST, header) + END)


def _text(field: bytes, content: bytes) -> bytes:
    # An empty one is not written.
    return _sized(field, content) if content else b""


def _sized(field: bytes, content: bytes) -> bytes:
    return b"".join((field, _varint(len(content)), content))


def _varint(number: int) -> bytes:
    if number < 128:
        return _ONE_BYTE[number]
    if number < 16_384:
        return _TWO_BYTES.pack(number & 0x7F | 0x80, number >> 7)
    return bytes((number & 0x7F | 0x80,)) + _varint(number >> 7)
