"""What a fuzzer found worth keeping of each pure part, and bytes at random: all of it is read as it must be."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract import cursor
from contract.ids import FOREIGN, Codec, IdCodec, UuidCodec
from contract.sealing import parse_key_ring
from contract.vocabulary import TenantId
from tests.fuzz import texts
from tests.fuzz.corpus import known
from tests.fuzz.parts import PARTS
from tests.spec.operations import PREFIXES
from transcoder.http import strict_json
from transcoder.operations import update

parts = pytest.mark.parametrize("name", PARTS)
AT_RANDOM = 1_500
KINDS: dict[str, set[object]] = {
    "json": {"invalid-json", "invalid-utf8", "trailing-data", "duplicate-member", "nul-character", dict, list, str},
    "ids": {int, type(FOREIGN)},
    "cursor": {True, False},
    "headers": {406, 415, "invalid-parameter"},
    "problem": {"rate-limited", "validation-failed"},
    "filters": {"refused", "taken"},
    "merge_patch": {"refused", "taken"},
    "versions": {"deals", "tasks", "notes", "contacts"},
    "parameters": {"read", "invalid-parameter"},
}
"""What is among what is kept, at least."""


def kept(name: str) -> list[bytes]:
    return known(Path(__file__).with_name(f"{name}.corpus"))


@parts
def test_those_that_were_kept_are_read_as_they_must_be(name: str) -> None:
    found: set[object] = set()
    for data in kept(name):
        outcome = PARTS[name](data)
        found |= set(outcome) if isinstance(outcome, tuple) else {outcome}
    assert found >= KINDS[name], KINDS[name] - found


@parts
def test_bytes_at_random_are_read_as_they_must_be(name: str) -> None:
    chance = random.Random(name)
    for _ in range(AT_RANDOM):
        PARTS[name](chance.randbytes(chance.randrange(160)))


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_what_was_kept_is_read_as_it_must_be_when_a_byte_is_another(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(list(PARTS)))
    seed = bytearray(data.draw(st.sampled_from(kept(name))) or b"\0")
    seed[data.draw(st.integers(0, len(seed) - 1))] = data.draw(st.integers(0, 255))
    PARTS[name](bytes(seed))


NUMBERS = {IdCodec: 2**63 - 1, UuidCodec: 2**128 - 1}
tenants = st.integers(1, 2**40)


@pytest.mark.parametrize("kind", NUMBERS)
@settings(max_examples=300, deadline=None)
@given(data=st.data(), key=st.binary(min_size=32, max_size=32), one=tenants, other=tenants)
def test_no_id_of_one_business_opens_for_another(
    kind: Callable[[bytes], Codec], data: st.DataObject, key: bytes, one: int, other: int
) -> None:
    codec, prefix = kind(key), data.draw(st.sampled_from(list(PREFIXES.values())))
    number = data.draw(st.integers(0, NUMBERS[kind]))  # type: ignore[index]
    text = codec.seal(prefix, TenantId(one), number)
    assert codec.open(prefix, TenantId(one), text) == number
    assert one == other or codec.open(prefix, TenantId(other), text) == FOREIGN


@settings(max_examples=300, deadline=None)
@given(
    one=tenants,
    other=tenants,
    place=st.text(st.characters(exclude_categories=["Cs"])),
    query=st.binary(min_size=16, max_size=16),
)
def test_no_cursor_of_one_business_opens_for_another(one: int, other: int, place: str, query: bytes) -> None:
    keys = parse_key_ring(f"7 {texts.KEY.hex()}")
    position = cursor.Position(query, place, texts.NOW_S + 1)
    text = cursor.seal_cursor(position, keys, tenant=TenantId(one))

    def opened(tenant: int) -> object:
        return cursor.open_cursor(text, keys, tenant=TenantId(tenant), query=query, now_s=texts.NOW_S)

    assert opened(one) == position
    assert one == other or opened(other) is cursor.CursorError.MALFORMED


def _lenient(raw: bytes) -> Any:
    return {}


def _forgetful(call: Any) -> Any:
    return {}


WRONG: dict[str, tuple[str, Any, str, Any]] = {
    "takes whatever comes for JSON": ("json", strict_json, "parse", _lenient),
    "forgets what a patch says": ("merge_patch", update, "check", _forgetful),
    "opens a cursor for anybody": ("cursor", cursor, "_binding", lambda _: b""),
}


@pytest.mark.parametrize(("name", "module", "function", "wrong"), WRONG.values(), ids=WRONG)
def test_the_judge_sees_a_part_that(
    monkeypatch: pytest.MonkeyPatch, name: str, module: Any, function: str, wrong: Any
) -> None:
    monkeypatch.setattr(module, function, wrong)
    with pytest.raises(AssertionError):
        for data in kept(name):
            PARTS[name](data)
