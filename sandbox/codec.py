"""JSON as this CRM reads, writes and keeps it: fractions are decimals, never binary floats.

Owns the two directions. It must not know what is spoken.
"""

from decimal import Decimal

import msgspec

_READER = msgspec.json.Decoder(float_hook=Decimal)
_WRITER = msgspec.json.Encoder(decimal_format="number")
_SORTER = msgspec.json.Encoder(decimal_format="number", order="sorted")


def read_json(text: bytes | str) -> object:
    """What `text` says.

    Raises:
        msgspec.MsgspecError, UnicodeDecodeError, RecursionError: it is no JSON.
    """
    return _READER.decode(text)


def write_json(content: object) -> bytes:
    """`content` as JSON."""
    return _WRITER.encode(content)


def canonical_json(content: object) -> bytes:
    """`content` as JSON that is the same in whatever order its members came."""
    return _SORTER.encode(content)
