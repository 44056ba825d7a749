"""[pure] Header blocks of one connection: HPACK (RFC 7541), at the price of a look where a block is like one before.

Decoding costs more than all else about a call. Our SETTINGS_HEADER_TABLE_SIZE is nought, so that from its
acknowledgement on a block means the same whatever came before it: then a block that is spelled like an earlier one but
for the values of fields that nobody reads (a trace's ids change with every call) has the earlier one's head. Where such
a value is to be kept for whoever is called, it alone is read.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hpack import Decoder, HPACKError, OversizedHeaderListError
from hpack.hpack import decode_integer

from infra.grpcserver.errors import ErrorCode, ProtocolError
from infra.grpcserver.huffman import decode
from infra.grpcserver.request_headers import (
    KNOWN_FIELDS,
    Field,
    MalformedHeaders,
    RequestHead,
    is_field_value,
    parse_head,
    parse_trailers,
)

MAX_HEADER_LIST_BYTES = 64 * 1024
"""SETTINGS_MAX_HEADER_LIST_SIZE."""
_SHAPES = 8
"""That are remembered: one peer speaks in few."""
_SHORT = 0x7F
"""A value whose length stands in one byte."""

_NEVER = b"\0never"


@dataclass(frozen=True, slots=True)
class BlockTemplate:
    """A block with holes: each chunk but the last ends where a value that nobody reads begins, with its length.

    A chunk ends with a whole field name, and the next begins with a whole field: by this, what fits is parsed as the
    first one was. Whether a value in a hole is good Huffman code is never found out.
    """

    chunks: Sequence[bytes]
    last: bytes
    head: RequestHead
    kept: Sequence[tuple[int, int]] = ()
    """Holes whose values are kept: which, and the place in `Head.kept`."""

    def read(self, block: bytes) -> RequestHead | None:
        """The head of a block that differs in nothing but the holes; None for any other."""
        at, holes = 0, []
        for chunk in self.chunks:
            if not block.startswith(chunk, at):
                return None
            at += len(chunk)
            length = block[at] & _SHORT if at < len(block) else _SHORT
            if length == _SHORT:
                return None
            holes.append(at)
            at += 1 + length
        if at + len(self.last) != len(block) or not block.endswith(self.last):
            return None
        return self._with_kept(self.head, block, holes) if self.kept else self.head

    def _with_kept(self, head: RequestHead, block: bytes, holes: Sequence[int]) -> RequestHead | None:
        kept = [*head.kept]
        for hole, place in self.kept:
            value = _short_text(block, holes[hole])
            if value is None:
                return None
            kept[place] = value
        return head._replace(kept=tuple(kept))


class HeaderBlockDecoder:
    """Reads all header blocks of a connection, in their order."""

    def __init__(self, keep: Sequence[str] = ()) -> None:
        self._keep = [name.encode() for name in keep]
        self._decoder = Decoder(max_header_list_size=MAX_HEADER_LIST_BYTES)
        self._acknowledged = False
        self._stateless = False
        self._last_block = _NEVER
        self._last_head: RequestHead | MalformedHeaders = MalformedHeaders("")
        self._shapes: list[BlockTemplate] = []

    def on_settings_ack(self) -> None:
        """The peer has heard that there is no table."""
        self._decoder.max_allowed_table_size = 0
        self._acknowledged = True

    def decode_head(self, block: bytes) -> RequestHead | MalformedHeaders:
        """Of a block that begins a request; ConnectionFault where it cannot be decoded."""
        if block == self._last_block:
            return self._last_head
        head: RequestHead | MalformedHeaders | None
        head = next((known for shape in self._shapes if (known := shape.read(block))), None)
        if head is None:
            fields = self._decoded(block)
            head = parse_head(fields, self._keep)
            if self._stateless and isinstance(head, RequestHead):
                # What is wrong with a malformed block may stand in a value that a shape leaves open.
                self._learn(block, fields, head)
        if self._stateless:
            self._last_block, self._last_head = block, head
        # Whoever shrinks its table says so at the start of the next block, and is decoded in full once more.
        self._stateless = self._acknowledged
        return head

    def check_trailers(self, block: bytes) -> MalformedHeaders | None:
        """What is wrong with a block that ends a request."""
        return parse_trailers(self._decoded(block))

    def _decoded(self, block: bytes) -> list[Field]:
        try:
            return [(bytes(field[0]), bytes(field[1])) for field in self._decoder.decode(block, raw=True)]
        except OversizedHeaderListError as error:
            raise ProtocolError(ErrorCode.ENHANCE_YOUR_CALM, "header fields without end") from error
        except HPACKError as error:
            raise ProtocolError(ErrorCode.COMPRESSION_ERROR, "this is not HPACK") from error

    def _learn(self, block: bytes, fields: Sequence[Field], head: RequestHead) -> None:
        chunks: list[bytes] = []
        kept, done = [], 0
        for (name, _), span in zip(fields, _value_spans(block), strict=True):
            if span is not None and name not in KNOWN_FIELDS:
                begins, ends = span
                if name in self._keep:
                    kept.append((len(chunks), self._keep.index(name)))
                chunks.append(block[done:begins])
                done = ends
        self._shapes.insert(0, BlockTemplate(chunks, block[done:], head, kept))
        del self._shapes[_SHAPES:]


def _short_text(block: bytes, at: int) -> str | None:
    """The text at a place where its length stands in one byte; None where only a full decoder may say what it is."""
    size = block[at]
    coded = block[at + 1 : at + 1 + (size & _SHORT)]
    try:
        text = decode(coded) if size > _SHORT else coded
    except HPACKError:
        return None
    return text.decode("latin-1") if is_field_value(text) else None


def _value_spans(block: bytes) -> Iterator[tuple[int, int] | None]:
    """For each field of a good block where its value stands, its length included; None where it is an index."""
    at = 0
    while at < len(block):
        first = block[at]
        if first & 0x80:  # RFC 7541 §6.1
            at += decode_integer(block[at:], 7)[1]
            yield None
        elif first & 0x60 == 0x20:  # §6.3: no field, but a size of the table
            at += decode_integer(block[at:], 5)[1]
        else:  # §6.2
            index, size = decode_integer(block[at:], 6 if first & 0x40 else 4)
            at += size
            begins = at if index else _after_text(block, at)
            at = _after_text(block, begins)
            yield begins, at


def _after_text(block: bytes, at: int) -> int:
    length, size = decode_integer(block[at:], 7)
    return at + size + length
