"""Huffman code, read byte by byte, says what hpack's decoder reads out of it."""

from collections.abc import Callable

import pytest
from hpack.exceptions import HPACKDecodingError
from hpack.huffman import HuffmanEncoder
from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH
from hpack.huffman_table import decode_huffman
from hypothesis import given
from hypothesis import strategies as st

from infra.grpcserver.huffman import decode

ENCODER = HuffmanEncoder(REQUEST_CODES, REQUEST_CODES_LENGTH)
OF_THE_RFC = {  # RFC 7541, C.4 and C.6
    "f1e3c2e5f23a6ba0ab90f4ff": b"www.example.com",
    "a8eb10649cbf": b"no-cache",
    "6402": b"302",
    "aec3771a4b": b"private",
    "": b"",
}


def read(reader: Callable[[bytes], bytes], code: bytes) -> bytes | None:
    try:
        return reader(code)
    except HPACKDecodingError:
        return None


@pytest.mark.parametrize(("code", "text"), OF_THE_RFC.items(), ids=OF_THE_RFC.values())
def test_the_examples_of_the_rfc(code, text):
    assert decode(bytes.fromhex(code)) == text


@given(st.binary(max_size=80))
def test_any_text_comes_back(text):
    assert decode(ENCODER.encode(text)) == text


@given(st.binary(max_size=12))
def test_any_bytes_are_a_code_if_hpack_says_so(code):
    assert read(decode, code) == read(decode_huffman, code)


@given(st.text("0123456789abcdef-", min_size=1, max_size=60), st.integers(1, 4))
def test_a_code_that_is_cut_off_is_one_if_hpack_says_so(text, less):
    code = ENCODER.encode(text.encode())[:-less]
    assert read(decode, code) == read(decode_huffman, code)


@pytest.mark.parametrize("code", ["ff", "ffffffff", "07ff", "1fff"])
def test_more_padding_than_a_code_may_have_and_the_end_of_string_are_refused(code):
    assert read(decode, bytes.fromhex(code)) is None
