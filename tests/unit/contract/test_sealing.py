"""What leaves our hands comes back whole, for the same purpose, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.sealing import parse_key_ring

ONE = "aa" * 32
TWO = "bb" * 32
RING = parse_key_ring(f"1 {ONE}\n")


@given(st.binary(max_size=200), st.binary(max_size=50))
def test_what_was_sealed_opens(plain, bound_to):
    assert RING.open(RING.seal(plain, bound_to=bound_to), bound_to=bound_to) == plain


@given(st.binary(max_size=50), st.binary(max_size=50))
def test_it_does_not_open_for_another_purpose(one, other):
    if one != other:
        assert RING.open(RING.seal(b"plain", bound_to=one), bound_to=other) is None


@given(st.data())
def test_it_does_not_open_with_a_bit_flipped(data):
    sealed = bytearray(RING.seal(b"plain", bound_to=b"x"))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    assert RING.open(bytes(sealed), bound_to=b"x") is None


@given(st.data())
def test_it_does_not_open_when_it_is_cut(data):
    sealed = RING.seal(b"plain", bound_to=b"x")
    assert RING.open(sealed[: data.draw(st.integers(0, len(sealed) - 1))], bound_to=b"x") is None


@given(st.binary(max_size=200))
def test_no_bytes_at_random_open(sealed):
    assert RING.open(sealed, bound_to=b"x") is None


def test_the_same_is_never_sealed_alike():
    assert len({RING.seal(b"plain", bound_to=b"x") for _ in range(1000)}) == 1000


def test_the_first_key_seals_and_all_open():
    before, overlap, after = parse_key_ring(f"1 {ONE}"), parse_key_ring(f"2 {TWO}\n1 {ONE}"), parse_key_ring(f"2 {TWO}")
    old = before.seal(b"old", bound_to=b"x")
    new = overlap.seal(b"new", bound_to=b"x")
    assert (overlap.open(old, bound_to=b"x"), overlap.open(new, bound_to=b"x")) == (b"old", b"new")
    assert (after.open(old, bound_to=b"x"), after.open(new, bound_to=b"x")) == (None, b"new")


def test_another_key_of_the_same_number_does_not_open():
    assert parse_key_ring(f"1 {TWO}").open(RING.seal(b"plain", bound_to=b"x"), bound_to=b"x") is None


def test_empty_lines_are_no_matter():
    assert parse_key_ring(f"\n1 {ONE}\n\n  \n2 {TWO}\n").current == 1


NO_RINGS = {
    "empty": "",
    "blank": "\n \n",
    "without a number": ONE,
    "with number 0": f"0 {ONE}",
    "with number 256": f"256 {ONE}",
    "with a negative number": f"-1 {ONE}",
    "with a number outside ASCII": f"１ {ONE}",
    "with a number twice": f"1 {ONE}\n1 {TWO}",
    "with a number twice, otherwise spelled": f"1 {ONE}\n01 {TWO}",
    "with a short key": f"1 {ONE[:-2]}",
    "with a long key": f"1 {ONE}aa",
    "with half a byte": f"1 {ONE[:-1]}",
    "with a key that is no hex": f"1 {'zz' * 32}",
    "with a number only": "1",
}


@pytest.mark.parametrize("text", NO_RINGS.values(), ids=NO_RINGS.keys())
def test_refuses_a_key_file_that_is(text):
    with pytest.raises(ValueError, match=r".+"):
        parse_key_ring(text)


@pytest.mark.parametrize("text", [f"1 {'zz' * 32}", f"1 {ONE[:-2]}", f"999 {ONE}"])
def test_what_is_wrong_is_told_without_the_key(text):
    with pytest.raises(ValueError, match=r".+") as refused:
        parse_key_ring(text)
    assert text.split()[1] not in str(refused.value)
