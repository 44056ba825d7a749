"""Ids of UUIDs: opaque, of one type and one tenant, one string a record for ever; 52 characters."""

import re
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.claims import TEXT_CLAIMS
from contract.ids import FOREIGN, MALFORMED_UUID, IdCodec, UuidCodec, parse_id_key
from contract.vocabulary import TenantId

KEY = bytes(range(32))
CODEC = UuidCodec(KEY)
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
TENANT = st.uuids().map(lambda given: TenantId(given.int))
NUMBER = st.uuids().map(lambda given: given.int)
PREFIX = st.sampled_from(["con", "cmp", "usr", "biz"])
ACME = TenantId(UUID("6f1c2f0e-52a7-4d0e-9d55-0b6a8f3f5b10").int)
ADA = UUID("0d4c7a52-8f0b-4e0e-8f8e-6a1f5f0c9b01").int
KNOWN = CODEC.seal("con", ACME, ADA)


@given(PREFIX, TENANT, NUMBER)
def test_what_was_sealed_opens(prefix, tenant, number):
    text = CODEC.seal(prefix, tenant, number)
    assert CODEC.open(prefix, tenant, text) == number
    assert re.fullmatch(rf"{prefix}_[{ALPHABET}]{{52}}", text)
    assert len(text) <= 64


def test_an_id_stays_the_same_for_ever():
    # This very string is in partners' databases: if it changes, the codec broke its promise.
    assert KNOWN == "con_0jb2v59h6433cme9veam18dt7gtxsh29r333f4rk4aaxhs7tdeza"
    assert CODEC.seal_business("biz", ACME) == "biz_1x5pefp7wnvf9sfedv4axt430ac4m04g97re4bcpfx1agxyek2kb"


@given(TENANT, TENANT, NUMBER)
def test_another_tenants_id_is_foreign(one, other, number):
    if one != other:
        assert CODEC.open("con", other, CODEC.seal("con", one, number)) is FOREIGN


@given(TENANT, NUMBER)
def test_another_types_id_under_this_prefix_is_foreign(tenant, number):
    company = CODEC.seal("cmp", tenant, number)
    assert CODEC.open("con", tenant, "con" + company[3:]) is FOREIGN


@given(st.text(ALPHABET, min_size=52, max_size=52))
def test_anything_else_of_the_form_is_foreign(opaque):
    assert CODEC.open("con", ACME, f"con_{opaque}") is FOREIGN


@given(st.integers(0, 51), st.sampled_from(ALPHABET))
def test_no_other_spelling_of_an_id_opens(place, letter):
    opaque = KNOWN[4:]
    changed = "con_" + opaque[:place] + letter + opaque[place + 1 :]
    if changed != KNOWN:
        assert CODEC.open("con", ACME, changed) is FOREIGN


def test_an_id_under_another_key_is_foreign():
    assert UuidCodec(bytes(32)).open("con", ACME, KNOWN) is FOREIGN


OTHER_FORMS = {
    "empty": "",
    "without a prefix": KNOWN[4:],
    "with another prefix": "cmp" + KNOWN[3:],
    "in capitals": "con_" + KNOWN[4:].upper(),
    "a character short": KNOWN[:-1],
    "a character long": KNOWN + "0",
    "with a newline after it": KNOWN + "\n",
    "with an alias of Crockford's": "con_" + "o" + KNOWN[5:],
    "of an integer": IdCodec(KEY).seal("con", TenantId(1), 42),
}


@pytest.mark.parametrize("text", OTHER_FORMS.values(), ids=OTHER_FORMS.keys())
def test_it_is_malformed(text):
    assert CODEC.open("con", ACME, text) is MALFORMED_UUID
    assert CODEC.open_business("con", text) is MALFORMED_UUID


def test_what_is_malformed_is_told_by_an_id_that_is_not():
    assert MALFORMED_UUID.detail("con") == "Not an id: con_ and 52 characters."
    assert CODEC.open("con", ACME, MALFORMED_UUID.example("con")) is FOREIGN


@given(TENANT)
def test_a_business_is_known_by_its_own_id(tenant):
    assert CODEC.open_business("biz", CODEC.seal_business("biz", tenant)) == tenant


@given(TENANT, NUMBER)
def test_no_records_id_is_taken_for_a_business(tenant, number):
    assert CODEC.open_business("biz", CODEC.seal("biz", tenant, number)) is FOREIGN
    assert CODEC.open("biz", tenant, CODEC.seal_business("biz", tenant)) is FOREIGN


@given(TENANT, NUMBER)
def test_tokens_may_carry_them(tenant, number):
    assert TEXT_CLAIMS["sub"].fullmatch(CODEC.seal("usr", tenant, number))
    assert TEXT_CLAIMS["business_id"].fullmatch(CODEC.seal_business("biz", tenant))


@pytest.mark.parametrize("length", [25, 27, 51, 53, 104])
def test_tokens_carry_nothing_of_another_length(length):
    assert not TEXT_CLAIMS["sub"].fullmatch("usr_" + "0" * length)


@pytest.mark.parametrize("size", [0, 16, 31, 33, 64])
def test_a_key_of_another_size_is_refused(size):
    with pytest.raises(ValueError, match="32 bytes"):
        UuidCodec(bytes(size))
    with pytest.raises(ValueError, match="32 bytes"):
        parse_id_key("00" * size)


def test_without_its_tenant_only_the_form_of_an_id_is_seen():
    assert CODEC.looks_like("con", "con_" + "0" * 52)
    assert not CODEC.looks_like("cmp", "con_" + "0" * 52)
    assert not CODEC.looks_like("con", "con_" + "0" * 26)
