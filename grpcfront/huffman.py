"""[pure] Texts in HPACK's Huffman code (RFC 7541 §5.2 and appendix B), a byte at a time.

What a byte says after the bits that came before it is found out once: a trace's id then costs a look per byte, where
`hpack`, which goes by half bytes, takes longer than all else about a call.
"""

from functools import lru_cache

from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH

_LONGEST_BITS = 30
_NOTHING = 0b1
"""No bits: those that belong to no symbol yet stand after a 1, by which their noughts count."""
_SYMBOLS = {
    1 << length | code: bytes((symbol,))
    for symbol, (code, length) in enumerate(zip(REQUEST_CODES, REQUEST_CODES_LENGTH, strict=True))
    if symbol < 256
}
"""Without EOS, which must not come."""
_PADDING = {(1 << bits + 1) - 1 for bits in range(8)}
"""§5.2: fewer bits than a byte has, all ones."""
_STEPS = 65_536
"""As many as there are: an inner node of the tree, and a byte."""


def decode(coded: bytes) -> bytes | None:
    """The text; None where this is no text's code."""
    text, bits = [], _NOTHING
    for byte in coded:
        said, bits = _step(bits, byte)
        text.append(said)
    return b"".join(text) if bits in _PADDING else None


@lru_cache(maxsize=_STEPS)
def _step(bits: int, byte: int) -> tuple[bytes, int]:
    said = b""
    for shift in range(7, -1, -1):
        bits = bits << 1 | byte >> shift & 1
        if symbol := _SYMBOLS.get(bits):
            said, bits = said + symbol, _NOTHING
    # Ones without end lead nowhere, and stay there.
    return said, bits if bits.bit_length() <= _LONGEST_BITS else 0
