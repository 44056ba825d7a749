"""Claims are wholly of their form, or the first that is not is named."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.claims import MAX_CLAIM, OPTIONAL_TEXT_CLAIMS, TEXT_CLAIMS, TIME_CLAIMS, Claims, TokenKind, parse_claims
from contract.rate_plans import STARTER
from contract.roles import Role

GOOD = {
    "sub": "usr_2028xzawvf4039wj1pg44gawme",
    "business_id": "biz_2028xzawvf4039wj1pg44gawme",
    "role": "manager",
    "scope": "contacts:read contacts:write",
    "plan": "starter",
    "client_id": "https://app.example/",
    "token_kind": "oauth",
    "rate_key": "grant:12.a-b_c",
    "jti": "a-token",
    "iat": 1_800_000_000,
    "exp": 1_800_000_900.0,
}


def test_claims_become_a_caller():
    assert parse_claims(GOOD) == Claims(
        subject=GOOD["sub"],
        business=GOOD["business_id"],
        role=Role.MANAGER,
        permissions=None,
        scopes=frozenset({"contacts:read", "contacts:write"}),
        plan=STARTER,
        client="https://app.example/",
        kind=TokenKind.OAUTH,
        rate_key="grant:12.a-b_c",
        jti="a-token",
        issued_at_s=1_800_000_000,
        expires_at_s=1_800_000_900,
    )


def test_a_token_may_have_no_scope_at_all():
    caller = parse_claims(GOOD | {"scope": ""})
    assert isinstance(caller, Claims)
    assert caller.scopes == frozenset()


@pytest.mark.parametrize(("text", "permissions"), [("", frozenset()), ("a:b", {"a:b"}), ("a:b c:d", {"a:b", "c:d"})])
def test_permissions_may_be_given(text, permissions):
    caller = parse_claims(GOOD | {"permissions": text})
    assert isinstance(caller, Claims)
    assert caller.permissions == permissions


def test_tokens_of_the_same_scopes_share_one_set_of_them():
    one, other = (
        parse_claims({**GOOD, "jti": jti, "scope": " ".join(["contacts:read", "deals:read"])}) for jti in "ab"
    )
    assert isinstance(one, Claims) and isinstance(other, Claims)
    assert one.scopes is other.scopes


def test_other_claims_are_no_matter():
    assert parse_claims(GOOD | {"nonce": ["x"], "role_id": 7}) == parse_claims(GOOD)


@pytest.mark.parametrize("name", [*TEXT_CLAIMS, *TIME_CLAIMS])
def test_names_a_claim_that_is_missing(name):
    assert parse_claims({other: value for other, value in GOOD.items() if other != name}) == name


NOT_TEXT = [None, True, 5, 5.0, [], ["contacts:read"], {}, {"a": 1}]


@pytest.mark.parametrize("name", [*TEXT_CLAIMS, *OPTIONAL_TEXT_CLAIMS])
@pytest.mark.parametrize("value", NOT_TEXT, ids=repr)
def test_names_a_text_claim_that_is_no_text(name, value):
    assert parse_claims(GOOD | {name: value}) == name


@pytest.mark.parametrize("name", TIME_CLAIMS)
@pytest.mark.parametrize(
    "value", [None, True, "1800000000", 0, -1, math.nan, math.inf, -math.inf, 2.0**40, 1e300, [1]], ids=repr
)
def test_names_a_time_that_is_none(name, value):
    assert parse_claims(GOOD | {name: value}) == name


OTHERWISE_SPELLED = {
    "a subject in capitals": ("sub", GOOD["sub"].upper()),
    "a business as subject": ("sub", GOOD["business_id"]),
    "a subject one character short": ("sub", GOOD["sub"][:-1]),
    "a subject with a newline after it": ("sub", GOOD["sub"] + "\n"),
    "a user as business": ("business_id", GOOD["sub"]),
    "a role in capitals": ("role", "Admin"),
    "two roles": ("role", "viewer|admin"),
    "the beginning of a role": ("role", "admi"),
    "an empty role": ("role", ""),
    "an unknown plan": ("plan", "unlimited"),
    "an unknown kind": ("token_kind", "refresh"),
    "two spaces between scopes": ("scope", "a:b  c:d"),
    "a space before the scopes": ("scope", " a:b"),
    "a space after the scopes": ("scope", "a:b "),
    "a tab between scopes": ("scope", "a:b\tc:d"),
    "a quotation mark in a scope": ("scope", 'a:"b'),
    "a scope outside ASCII": ("scope", "a:ü"),
    "endless scopes": ("scope", "a" * (MAX_CLAIM + 1)),
    "a newline in the client": ("client_id", "a\r\nx-gw-role: admin"),
    "a space in the client": ("client_id", "a b"),
    "an empty client": ("client_id", ""),
    "a client that is too long": ("client_id", "a" * 256),
    "a brace in the rate key": ("rate_key", "a}b"),
    "an empty rate key": ("rate_key", ""),
    "a rate key that is too long": ("rate_key", "a" * 129),
    "a newline after the jti": ("jti", "a\n"),
    "an empty jti": ("jti", ""),
    "a space between permissions and nothing": ("permissions", "a:b "),
}


@pytest.mark.parametrize(("name", "value"), OTHERWISE_SPELLED.values(), ids=OTHERWISE_SPELLED.keys())
def test_names_a_claim_with(name, value):
    assert parse_claims(GOOD | {name: value}) == name


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*GOOD, "permissions", "other"]), JSON))
def test_never_fails_on_whatever_a_token_may_hold(changes):
    assert isinstance(parse_claims(GOOD | changes), Claims | str)


@given(st.sampled_from(sorted(TEXT_CLAIMS)), st.text())
def test_what_is_read_can_be_sent_in_a_header_and_stand_in_a_key(name, value):
    caller = parse_claims(GOOD | {name: value})
    if isinstance(caller, Claims):
        for text in (caller.subject, caller.business, caller.client, caller.rate_key, caller.jti, *caller.scopes):
            assert text.isascii()
            assert text.isprintable()
            assert " " not in text
