"""[pure] HPACK's Huffman code (RFC 7541 §5.2), read byte by byte.

hpack's own table goes by half bytes, and is what this one is made from: each of its steps is found when it is first
needed, and kept.
"""

from hpack.exceptions import HPACKDecodingError
from hpack.huffman_table import HUFFMAN_COMPLETE, HUFFMAN_EMIT_SYMBOL, HUFFMAN_FAIL, HUFFMAN_TABLE

Step = tuple[bytes, "_Node", bool]
"""What a byte adds to the text, where the code stands after it, and whether it may end there."""


class _Node(dict[int, Step]):
    """A place between two bytes of the code: the steps from it, by the byte that comes."""

    def __init__(self, state: int) -> None:
        self._state = state

    def __missing__(self, byte: int) -> Step:
        state, flags, text = self._state, 0, b""
        for half in (byte >> 4, byte & 0xF):
            state, flags, letter = HUFFMAN_TABLE[state << 4 | half]
            if flags & HUFFMAN_FAIL:
                raise HPACKDecodingError("no Huffman code")
            if flags & HUFFMAN_EMIT_SYMBOL:
                text += bytes((letter,))
        step = self[byte] = text, _NODES[state], bool(flags & HUFFMAN_COMPLETE)
        return step


_NODES = [_Node(state) for state in range(len(HUFFMAN_TABLE) >> 4)]


def decode(code: bytes) -> bytes:
    """The text of a code; HPACKDecodingError where there is none."""
    node, ends = _NODES[0], True
    parts = []
    for byte in code:
        text, node, ends = node[byte]
        parts.append(text)
    if not ends:
        raise HPACKDecodingError("a Huffman code that is cut off")
    return b"".join(parts)
