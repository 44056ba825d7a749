"""Base 32 of many numbers at once: what the standard library says of each alone."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.base32 import Base32

RFC_4648 = "abcdefghijklmnopqrstuvwxyz234567"


def alone(number: bytes) -> str:
    """By the standard library, which pads behind; here zeros stand before."""
    digits = -(-8 * len(number) // 5)
    padded = bytes(-len(number) % 5) + number
    return base64.b32encode(padded).decode().lower()[-digits:]


@pytest.mark.parametrize("size", [1, 5, 16, 32])
@given(content=st.data())
def test_many_are_spelt_as_each_is_alone_and_read_back(size: int, content: st.DataObject) -> None:
    numbers = content.draw(st.lists(st.binary(min_size=size, max_size=size), max_size=150))
    spelling = Base32(size, RFC_4648)
    texts = spelling.encode_many(numbers)
    assert list(texts) == [alone(number) for number in numbers]
    assert [spelling.encode(number) for number in numbers] == list(texts)
    assert [spelling.decode(text) for text in texts] == numbers


@given(numbers=st.lists(st.binary(min_size=5, max_size=5), max_size=70))
def test_of_each_only_its_first_digits_are_told_where_no_more_are_wanted(numbers: list[bytes]) -> None:
    spelling = Base32(5, RFC_4648, 7)
    assert list(spelling.encode_many(numbers)) == [alone(number)[:7] for number in numbers]
    assert [spelling.encode(number) for number in numbers] == [alone(number)[:7] for number in numbers]


def test_what_is_longer_than_its_size_is_no_number() -> None:
    assert Base32(16, RFC_4648).decode("7" * 26) is None
    assert Base32(5, RFC_4648).decode("7" * 8) == b"\xff" * 5
