"""[pure] A body in chunks (RFC 9112 §7.1), out of bytes in whatever pieces they come. Owns its end and its bounds.

Strict, for what one takes for a size another may take for content: extensions and trailers are read over, and nothing
else that is not in the grammar.
"""

import re

from infra.httpserver.heads import Malformed

BESIDE_BYTES = 64 * 1024
"""What a body may have beside its content: extensions, trailers."""
_LINES_BYTES = 24
"""What each chunk may take for its lines beside that."""
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})(?:;[\t -~\x80-\xff]*)?")
_TRAILER = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t -~\x80-\xff]*")


class Chunks:
    """Feed it until it has `ended`; what is behind the end is left in `rest`."""

    def __init__(self) -> None:
        self.ended = False
        self.rest = b""
        self._line = b""
        self._left = 0
        """Of a chunk that was begun, its line end included."""
        self._in_trailers = False
        self._beside = BESIDE_BYTES

    def feed(self, data: bytes) -> bytes:
        """The content in it. Malformed: there is no telling where the body ends."""
        # By places: to cut each chunk off what is left would copy all of it for each chunk of a byte.
        parts: list[bytes] = []
        at = 0
        while at < len(data) and not self.ended:
            at = self._content(data, at, parts) if self._left else self._next_line(data, at)
        self.rest = data[at:]
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _content(self, data: bytes, at: int, parts: list[bytes]) -> int:
        ends = min(at + self._left, len(data))
        content_ends = min(at + max(0, self._left - 2), ends)
        if content_ends > at:
            parts.append(data[at:content_ends])
        # Of the line end may come one byte, or none, or both.
        if not b"\r\n"[2 - min(2, self._left) :].startswith(data[content_ends:ends]):
            raise Malformed("a chunk that is longer than it says")
        self._left -= ends - at
        return ends

    def _next_line(self, data: bytes, at: int) -> int:
        end = data.find(b"\n", at)
        line = data[at:] if end < 0 else data[at:end]
        self._beside -= len(line)
        if self._beside < 0:
            raise Malformed("more beside its content than is read")
        self._line += line
        if end < 0:
            return len(data)
        line, self._line = self._line, b""
        if not line.endswith(b"\r"):
            raise Malformed("a line that ends with a line feed alone")
        self._read_line(line[:-1])
        return end + 1

    def _read_line(self, line: bytes) -> None:
        if self._in_trailers:
            if not line:
                self.ended = True
            elif not _TRAILER.fullmatch(line):
                raise Malformed("a trailer that is none")
            return
        told = _SIZE.fullmatch(line)
        if not told:
            raise Malformed("a chunk's size that is none")
        size = int(told[1], 16)
        self._in_trailers = not size
        if size:
            self._left = size + 2
            self._beside += min(len(line) + 1, _LINES_BYTES)
