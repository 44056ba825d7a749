"""A cursor goes with its tenant and its query, for a time."""

import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.cursor import CursorError, Position, open_cursor, query_hash, seal_cursor
from contract.sealing import parse_key_ring
from contract.vocabulary import TenantId

KEYS = parse_key_ring("1 " + "aa" * 32)
NOW_S = 1_800_000_000
TENANT, OTHER = TenantId(1), TenantId(2)
QUERY = query_hash({"operation": "contacts.list", "order_by": "created_at"})
OTHER_QUERY = query_hash({"operation": "contacts.list", "order_by": "updated_at"})
POSITION = Position(QUERY, "2026-01-31T00:00:00Z|42", NOW_S + 1)
GOOD = seal_cursor(POSITION, KEYS, tenant=TENANT)


def opened(text, *, keys=KEYS, tenant=TENANT, query=QUERY, now_s=NOW_S):
    return open_cursor(text, keys, tenant=tenant, query=query, now_s=now_s)


def flip_a_bit(text: str) -> str:
    sealed = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    sealed[20] ^= 1
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


@given(st.text(max_size=300), st.integers(NOW_S + 1, 2**40), st.integers(0, 2**48 - 1))
def test_what_was_sealed_opens(place, expires_at_s, tenant):
    position = Position(QUERY, place.encode("utf-8", "replace").decode(), expires_at_s)
    text = seal_cursor(position, KEYS, tenant=TenantId(tenant))
    assert opened(text, tenant=TenantId(tenant)) == position


def test_it_can_stand_in_a_url_as_it_is():
    assert GOOD.replace("-", "").replace("_", "").isalnum()


def test_nothing_of_the_place_can_be_seen():
    sealed = base64.urlsafe_b64decode(GOOD + "=" * (-len(GOOD) % 4))
    assert b"2026" not in sealed


def _with_spare(spare: int) -> str:
    """A cursor whose last character has bits that say nothing."""
    return next(
        text
        for size in range(3)
        if len(text := seal_cursor(replace(POSITION, place="x" * size), KEYS, tenant=TENANT)) % 4 == 4 - spare
    )


def respelt(text: str) -> str:
    """The same bytes in other characters: the last one's unused bits are set."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + alphabet[alphabet.index(text[-1]) + 1]


REFUSED = {
    "has unused bits set, one byte over": (respelt(_with_spare(2)), CursorError.MALFORMED),
    "has unused bits set, two bytes over": (respelt(_with_spare(1)), CursorError.MALFORMED),
    "is padded": (_with_spare(1) + "=", CursorError.MALFORMED),
    "is empty": ("", CursorError.MALFORMED),
    "is no base 64": ("%%%%", CursorError.MALFORMED),
    "has one character too many": (GOOD + "A", CursorError.MALFORMED),
    "has one bit flipped": (flip_a_bit(GOOD), CursorError.MALFORMED),
    "is cut": (GOOD[:-4], CursorError.MALFORMED),
    "is outside ASCII": (GOOD[:-1] + "é", CursorError.MALFORMED),
    "is endless": ("A" * 4096, CursorError.MALFORMED),
    "was sealed for another tenant": (seal_cursor(POSITION, KEYS, tenant=OTHER), CursorError.MALFORMED),
    "was sealed under another key": (
        seal_cursor(POSITION, parse_key_ring("1 " + "bb" * 32), tenant=TENANT),
        CursorError.MALFORMED,
    ),
    "belongs to another query": (
        seal_cursor(replace(POSITION, query=OTHER_QUERY), KEYS, tenant=TENANT),
        CursorError.QUERY_MISMATCH,
    ),
    "has expired": (seal_cursor(replace(POSITION, expires_at_s=NOW_S), KEYS, tenant=TENANT), CursorError.EXPIRED),
}


@pytest.mark.parametrize(("text", "refusal"), REFUSED.values(), ids=REFUSED.keys())
def test_refuses_a_cursor_that(text, refusal):
    assert opened(text) is refusal


@given(st.text(max_size=200))
def test_no_text_at_random_opens(text):
    assert opened(text) is CursorError.MALFORMED


def test_something_else_sealed_under_the_same_key_is_no_cursor():
    answer = base64.urlsafe_b64encode(KEYS.seal(b"x" * 40, bound_to=b"answer")).rstrip(b"=").decode()
    assert opened(answer) is CursorError.MALFORMED


def test_a_query_is_the_same_in_whatever_order_it_is_written():
    assert query_hash({"a": 1, "b": [2, "ü"]}) == query_hash({"b": [2, "ü"], "a": 1})


@pytest.mark.parametrize("other", [{"a": 1}, {"a": "1", "b": None}, {"a": 1, "b": 0}, {}, []], ids=repr)
def test_another_query_is_another_query(other):
    assert query_hash(other) != query_hash({"a": 1, "b": None})
