"""Ids: opaque, of one type and one tenant, one string a record for ever."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.ids import FOREIGN, MALFORMED, MAX_NUMBER, MAX_TENANT, IdCodec
from contract.vocabulary import TenantId

CODEC = IdCodec(bytes(range(32)))
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
TENANT = st.integers(0, MAX_TENANT).map(TenantId)
NUMBER = st.integers(0, MAX_NUMBER)
PREFIX = st.sampled_from(["con", "cmp", "usr", "biz"])
KNOWN = CODEC.seal("con", TenantId(1), 42)


@given(PREFIX, TENANT, NUMBER)
def test_what_was_sealed_opens(prefix, tenant, number):
    text = CODEC.seal(prefix, tenant, number)
    assert CODEC.open(prefix, tenant, text) == number
    assert re.fullmatch(rf"{prefix}_[{ALPHABET}]{{26}}", text)


def test_an_id_stays_the_same_for_ever():
    # This very string is in partners' databases: if it changes, the codec broke its promise.
    assert KNOWN == "con_0ng4pxmtez6s7gfcz1wa1nt086"


@given(TENANT, TENANT, NUMBER)
def test_another_tenants_id_is_foreign(one, other, number):
    if one != other:
        assert CODEC.open("con", other, CODEC.seal("con", one, number)) is FOREIGN


@given(TENANT, NUMBER)
def test_another_types_id_under_this_prefix_is_foreign(tenant, number):
    company = CODEC.seal("cmp", tenant, number)
    assert CODEC.open("con", tenant, "con" + company[3:]) is FOREIGN


@given(st.text(ALPHABET, min_size=26, max_size=26))
def test_anything_else_of_the_form_is_foreign(opaque):
    opened = CODEC.open("con", TenantId(1), f"con_{opaque}")
    assert opened is FOREIGN or CODEC.seal("con", TenantId(1), opened) == f"con_{opaque}"


@given(st.integers(0, 25), st.sampled_from(ALPHABET))
def test_no_other_spelling_of_an_id_opens(place, letter):
    opaque = KNOWN[4:]
    changed = "con_" + opaque[:place] + letter + opaque[place + 1 :]
    if changed != KNOWN:
        assert CODEC.open("con", TenantId(1), changed) is FOREIGN


@given(st.integers(0, 25), st.sampled_from(ALPHABET))
def test_without_its_tenant_an_id_with_one_letter_changed_is_known_for_none_of_ours(place, letter):
    opaque = KNOWN[4:]
    changed = "con_" + opaque[:place] + letter + opaque[place + 1 :]
    assert CODEC.looks_like("con", changed) is (changed == KNOWN)
    assert not CODEC.looks_like("cmp", KNOWN)


def test_an_id_under_another_key_is_foreign():
    assert IdCodec(bytes(32)).open("con", TenantId(1), KNOWN) is FOREIGN


OTHER_FORMS = {
    "empty": "",
    "without a prefix": KNOWN[4:],
    "with another prefix": "cmp" + KNOWN[3:],
    "with a capital prefix": "CON" + KNOWN[3:],
    "in capitals": "con_" + KNOWN[4:].upper(),
    "a character short": KNOWN[:-1],
    "a character long": KNOWN + "0",
    "with a newline after it": KNOWN + "\n",
    "with a space before it": " " + KNOWN,
    "with an alias of Crockford's": "con_" + "o" + KNOWN[5:],
    "with another underscore": "con__" + KNOWN[5:],
    "with full-width digits": "con_" + "０" + KNOWN[5:],
    "with a null": "con_" + "\0" + KNOWN[5:],
}


@pytest.mark.parametrize("text", OTHER_FORMS.values(), ids=OTHER_FORMS.keys())
def test_it_is_malformed(text):
    assert CODEC.open("con", TenantId(1), text) is MALFORMED
    assert CODEC.open_business("con", text) is MALFORMED


@given(st.text())
def test_no_text_at_random_opens(text):
    assert CODEC.open("con", TenantId(1), text) is MALFORMED


@given(st.integers(0, MAX_NUMBER - 1))
def test_neighbours_share_nothing_that_could_be_counted(number):
    one, other = (CODEC.seal("con", TenantId(1), each)[4:] for each in (number, number + 1))
    # 128 bits of a cipher: 12 or more equal places of 26 would come by chance once in some 10^9.
    assert sum(a == b for a, b in zip(one, other, strict=True)) < 12


@given(st.integers(0, MAX_TENANT).map(TenantId))
def test_a_business_is_known_by_its_own_id(tenant):
    assert CODEC.open_business("biz", CODEC.seal("biz", tenant, tenant)) == tenant


@given(TENANT, NUMBER)
def test_a_business_id_that_is_not_sealed_under_itself_is_foreign(tenant, number):
    if tenant != number:
        assert CODEC.open_business("biz", CODEC.seal("biz", tenant, number)) is FOREIGN


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_key_of_another_size_is_refused(size):
    with pytest.raises(ValueError, match="32 bytes"):
        IdCodec(bytes(size))
