"""Our reading of Huffman code is hpack's, whatever is read."""

import hpack
from hpack.huffman import HuffmanEncoder
from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH
from hpack.huffman_table import decode_huffman
from hypothesis import example, given
from hypothesis import strategies as st

from grpcfront import huffman

_CODER = HuffmanEncoder(REQUEST_CODES, REQUEST_CODES_LENGTH)


@given(st.binary(max_size=200))
def test_a_text_is_read_as_it_was_written(text: bytes) -> None:
    assert huffman.decode(_CODER.encode(text)) == text


@given(st.binary(max_size=40))
@example(b"")
@example(b"\xff")
@example(b"\xff" * 40)
@example(b"\x00\x00\x01")
def test_any_bytes_are_read_as_hpack_reads_them(coded: bytes) -> None:
    try:
        expected = decode_huffman(coded)
    except hpack.HPACKDecodingError:
        expected = None
    assert huffman.decode(coded) == expected


def test_what_rfc_7541_gives_as_examples_is_read() -> None:
    """Appendix C.4 and C.6."""
    assert huffman.decode(bytes.fromhex("f1e3c2e5f23a6ba0ab90f4ff")) == b"www.example.com"
    assert (
        huffman.decode(bytes.fromhex("d07abe941054d444a8200595040b8166e082a62d1bff"))
        == b"Mon, 21 Oct 2013 20:13:21 GMT"
    )
