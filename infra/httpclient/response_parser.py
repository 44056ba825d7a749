"""[pure] One answer, out of bytes in whatever pieces they come (RFC 9112 §6.3). Owns what is an answer, and its bounds.

llhttp reads the lines of heads and the framing of chunks. Where a head ends, and a body of known length, is counted
here, so that what lies behind is never read as part of anything. Must not know of connections: it says whether another
answer may follow on the same one.
"""

from enum import Enum, auto

import httptools
import msgspec

from infra.httpclient.errors import ConnectionDropped, InvalidResponse

MAX_HEAD_BYTES = 64 * 1024
"""Of all heads of an answer together, informational ones too; and about what chunks may have beside their content."""
MAX_FIELDS = 128
_CHUNK_LINES_BYTES = 24
"""What each chunk may take for its lines beside that."""
_VERSIONS = (b"HTTP/1.1 ", b"HTTP/1.0 ")
_END = b"\r\n\r\n"
_WITHOUT_A_BODY = (204, 304)
_SWITCHING_PROTOCOLS = 101


class Reply(msgspec.Struct, frozen=True, gc=False):
    """An answer in whole."""

    status: int
    body: bytes


class _Body(Enum):
    NONE = auto()
    COUNTED = auto()
    CHUNKED = auto()
    UNTIL_THE_END = auto()


_NONE, _COUNTED, _CHUNKED, _UNTIL_THE_END = _Body


class ResponseParser:
    """Feed it until there is a `reply`; once it has raised Dropped or Unreadable there will be none."""

    def __init__(self, *, max_body_bytes: int, to_head: bool = False) -> None:
        self.reply: Reply | None = None
        self.reusable = False
        """With a reply: whether another request may follow."""
        self._max_body_bytes = max_body_bytes
        self._to_head = to_head
        self._head = b""
        self._head_bytes = 0
        self._fields = 0
        self._framing: _Body | None = None
        self._codings: list[bytes] = []
        self._length: int | None = None
        self._body = bytearray()

    @property
    def has_begun(self) -> bool:
        """Whether an answer has: its head is there, which is not an informational one."""
        return self._framing is not None

    def feed(self, data: bytes) -> None:
        """The next bytes."""
        if self._framing is None:
            data = self._past_heads(data)
        if self._framing is _COUNTED:
            self._take_counted(data)
        elif self._framing is _CHUNKED:
            self._take_chunks(data)
        elif self._framing is _UNTIL_THE_END:
            self._keep(data)
        elif self._framing is _NONE:
            self._finish(b"", surplus=data)

    def on_eof(self) -> None:
        """There will be no more: the connection has ended in order."""
        if self._framing is None:
            raise ConnectionDropped("the connection ended before an answer had begun")
        if self._framing is not _UNTIL_THE_END:
            raise InvalidResponse("the connection ended within an answer")
        self._finish(bytes(self._body))

    def _past_heads(self, data: bytes) -> bytes:
        """What follows the last head; before that has come in whole, nothing."""
        if self._head:
            data = self._head + data
        while (end := data.find(_END)) >= 0:
            head, data = data[: end + 4], data[end + 4 :]
            self._head_bytes += len(head)
            self._bounded()
            self._read_head(head)
            if self._framing is not None:
                return data
        self._head = data
        self._bounded(len(data))
        # What can never become a head is not waited for.
        if not data.startswith(_VERSIONS) and not any(version.startswith(data) for version in _VERSIONS):
            raise InvalidResponse("not HTTP/1.1")
        if data.count(b"\n") != data.count(b"\r\n"):
            raise InvalidResponse("a line that ends with a line feed alone")
        return b""

    def _bounded(self, unread_bytes: int = 0) -> None:
        if self._head_bytes + unread_bytes > MAX_HEAD_BYTES:
            raise InvalidResponse(f"a head of more than {MAX_HEAD_BYTES} bytes")

    def _read_head(self, head: bytes) -> None:
        if not head.startswith(_VERSIONS):
            raise InvalidResponse("not HTTP/1.1")
        # A new parser for each head: nothing that one left behind may reach into the next.
        self._parser = httptools.HttpResponseParser(self)
        self._codings, self._length = [], None
        self._parse(head)
        status = self._parser.get_status_code()
        if status // 100 != 1 or status == _SWITCHING_PROTOCOLS:
            self._status = status
            self._framing = self._framed(head)
        if self._framing is not _CHUNKED:
            del self._parser  # it refers to us, as we to it

    def _framed(self, head: bytes) -> _Body:
        if not 200 <= self._status < 600:
            raise InvalidResponse(f"a status of {self._status}")
        if self._codings and (self._codings != [b"chunked"] or not head.startswith(_VERSIONS[0])):
            raise InvalidResponse("a transfer coding that nobody asked for")
        if self._to_head or self._status in _WITHOUT_A_BODY:
            return _NONE
        if self._codings:
            self._chunk_bytes = self._chunks = 0
            self._is_whole = self._is_followed = False
            return _CHUNKED
        if self._length is None:
            return _UNTIL_THE_END
        if self._length > self._max_body_bytes:
            raise InvalidResponse(f"a body of more than {self._max_body_bytes} bytes")
        return _COUNTED if self._length else _NONE

    def _take_counted(self, data: bytes) -> None:
        missing = (self._length or 0) - len(self._body)
        if len(data) < missing:
            self._body += data
        elif self._body:
            self._body += data[:missing]
            self._finish(bytes(self._body), surplus=data[missing:])
        else:
            self._finish(data[:missing], surplus=data[missing:])

    def _take_chunks(self, data: bytes) -> None:
        self._chunk_bytes += len(data)
        self._parse(data)
        if self._is_whole:
            del self._parser
            self._finish(bytes(self._body), surplus=self._is_followed)
        elif self._chunk_bytes - len(self._body) > MAX_HEAD_BYTES + self._chunks * _CHUNK_LINES_BYTES:
            raise InvalidResponse("chunks with more beside their content than is worth reading")

    def _keep(self, part: bytes) -> None:
        self._body += part
        if len(self._body) > self._max_body_bytes:
            raise InvalidResponse(f"a body of more than {self._max_body_bytes} bytes")

    def _finish(self, body: bytes, *, surplus: bytes | bool = b"") -> None:
        self.reply = Reply(self._status, body)
        self.reusable = self._keeps_alive and not surplus and self._framing is not _UNTIL_THE_END

    def _parse(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as fault:
            if self._framing is _CHUNKED and self._is_whole:
                self._is_followed = True  # by something that is no answer
                return
            raise InvalidResponse(f"not HTTP: {fault.__context__ or fault}") from None

    # What the parser calls.

    def on_header(self, name: bytes, value: bytes) -> None:
        self._fields += 1
        if self._fields > MAX_FIELDS:
            raise InvalidResponse(f"more than {MAX_FIELDS} fields")
        if self._framing is not None:
            return  # a trailer, which frames nothing
        name = name.lower()
        if name == b"content-length":
            self._length = int(value)
        elif name == b"transfer-encoding":
            self._codings.append(value.lower())

    def on_headers_complete(self) -> None:
        self._keeps_alive = self._parser.should_keep_alive()

    def on_message_begin(self) -> None:
        if self._framing is not None:
            self._is_followed = True

    def on_chunk_header(self) -> None:
        self._chunks += 1

    def on_body(self, part: bytes) -> None:
        if not self._is_whole:
            self._keep(part)

    def on_message_complete(self) -> None:
        if self._framing is not None:
            self._is_whole = True
