"""A verified JWT is not yet an access token of ours."""

import pytest

from authz.tokens import NonCanonicalToken, is_from_the_future, read_token
from contract.claims import TEXT_CLAIMS, TIME_CLAIMS, Claims
from tests.unit.authz.asking import API_URL, CLAIMS, JWT_HEADER, claims, without


@pytest.mark.parametrize("alg", ["ES256", "RS256"])
def test_a_canonical_token_is_read(alg):
    caller = read_token(JWT_HEADER | {"alg": alg}, CLAIMS, audience=API_URL)
    assert isinstance(caller, Claims)
    assert (caller.subject, caller.business, caller.rate_key) == (CLAIMS["sub"], CLAIMS["business_id"], "pat:1")


OTHER_HEADERS = {
    "has no typ": (without(JWT_HEADER, "typ"), "typ"),
    "is a plain JWT": (JWT_HEADER | {"typ": "JWT"}, "typ"),
    "spells its typ in capitals": (JWT_HEADER | {"typ": "AT+JWT"}, "typ"),
    "spells its typ at length": (JWT_HEADER | {"typ": "application/at+jwt"}, "typ"),
    "has a typ that is no text": (JWT_HEADER | {"typ": None}, "typ"),
    "has no alg": (without(JWT_HEADER, "alg"), "alg"),
    "is signed with a shared secret": (JWT_HEADER | {"alg": "HS256"}, "alg"),
    "names no key": (without(JWT_HEADER, "kid"), "kid"),
    "names its key by nothing": (JWT_HEADER | {"kid": ""}, "kid"),
    "names its key by no text": (JWT_HEADER | {"kid": None}, "kid"),
    "has critical extensions": (JWT_HEADER | {"crit": None}, "crit"),
}


@pytest.mark.parametrize(("header", "member"), OTHER_HEADERS.values(), ids=OTHER_HEADERS.keys())
def test_refuses_a_token_that(header, member):
    assert read_token(header, CLAIMS, audience=API_URL) == NonCanonicalToken(member)


ELSEWHERE = {
    "is over plain HTTP": "http://api.example",
    "has no scheme": "api.example",
    "ends in a slash": "https://api.example/",
    "is one of several": None,
}


@pytest.mark.parametrize("audience", ELSEWHERE.values(), ids=ELSEWHERE.keys())
def test_refuses_a_token_for_an_audience_that(audience):
    assert read_token(JWT_HEADER, CLAIMS | {"aud": audience}, audience=API_URL) == NonCanonicalToken("aud")


@pytest.mark.parametrize("name", [*TEXT_CLAIMS, *TIME_CLAIMS])
def test_refuses_a_token_without(name):
    assert read_token(JWT_HEADER, without(CLAIMS, name), audience=API_URL) == NonCanonicalToken(name)


@pytest.mark.parametrize("name", [*TEXT_CLAIMS, "permissions"])
@pytest.mark.parametrize("value", [None, True, 1.0], ids=["null or a list", "a boolean", "a number"])
def test_refuses_a_token_with_a_text_claim_that_is(name, value):
    assert read_token(JWT_HEADER, CLAIMS | {name: value}, audience=API_URL) == NonCanonicalToken(name)


def test_a_token_may_be_issued_by_a_clock_that_is_five_seconds_ahead_and_no_more():
    issued_at_s = claims().issued_at_s
    assert not is_from_the_future(claims(iat=issued_at_s + 5), issued_at_s)
    assert is_from_the_future(claims(iat=issued_at_s + 6), issued_at_s)
