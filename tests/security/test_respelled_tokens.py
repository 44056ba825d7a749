"""One token in its many spellings: each is refused, or it is that token: counted and limited as one."""

import json
import math
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from tests.security.respelling import ORDER, parts, respellings, text
from tests.security.test_tokens import _header, _key, _refused, _signed, _text, _token
from tests.security.wire import Message
from tests.spec.operations import PLANS
from tests.support.problems import assert_problem
from tests.support.stack import Stack

SEARCH = Message(
    "POST /v1/contacts/search HTTP/1.1", more=("Content-Type: application/json", "Content-Length: 2"), body="{}"
)
COST = 5
BURST, DAILY = PLANS["starter"]
DAY_S = 86_400


def spellings(token: str) -> dict[str, str]:
    found = dict(respellings(token))
    assert len(found) > 40
    assert len({token, *found.values()}) == len(found) + 1, "each is another text"
    return found


def _a_token(stack: Stack) -> str:
    """One whose signature has a character that the two alphabets of base64 write differently: most have, by chance."""
    while not {"-", "_"} & set((token := stack.token(plan="starter")).rpartition(".")[2]):
        pass
    return token


def _send(stack: Stack, token: str, message: Message = SEARCH) -> httpx.Response:
    answer = message.send(stack, token)
    assert answer.status_code in (200, 401, 429), answer.text
    if answer.status_code == 401:
        assert_problem(answer, "invalid-token", decided=False, api_url=stack.api_url)
        assert token not in answer.text + str(answer.headers)
    return answer


def test_a_token_counts_as_one_in_whatever_spelling_it_comes(stack: Stack) -> None:
    """By the daily policy, which refills so slowly that every unit shows."""
    me = Message()
    token = _a_token(stack)
    began_s = time.monotonic()
    seen: Counter[int] = Counter()
    for spelling in (token, *spellings(token).values(), token):
        answer = _send(stack, spelling, me)
        seen[answer.status_code] += 1
    spent = seen[200]
    refilled = math.ceil((time.monotonic() - began_s) * DAILY / DAY_S)
    left = int(answer.headers["x-ratelimit-daily-remaining"])
    assert DAILY - spent <= left <= DAILY - spent + refilled
    assert seen[200] > 2, "some are taken for it, or this test shows nothing"
    assert seen[401] > 10


def test_a_token_is_limited_as_one_in_whatever_spelling_it_comes(stack: Stack) -> None:
    token = _a_token(stack)
    accepted = [each for each in spellings(token).values() if _send(stack, each, Message()).status_code == 200]
    other = _a_token(stack)
    texts = [dict(respellings(other))[name] for name in _names(token, accepted)]
    began_s = time.monotonic()
    seen = Counter(_send(stack, texts[turn % len(texts)]).status_code for turn in range(2 * BURST // COST))
    refilled = math.ceil((time.monotonic() - began_s) * BURST / 10 / COST)
    assert BURST // COST <= seen[200] <= BURST // COST + refilled
    assert seen[200] + seen[429] == 2 * BURST // COST
    assert seen[429] or refilled >= BURST // COST


def _names(token: str, accepted: list[str]) -> list[str]:
    return [name for name, spelling in respellings(token) if spelling in accepted]


def test_a_respelling_of_another_s_signature_opens_nothing(stack: Stack) -> None:
    """The classes again, around a signature that is not right: lenient about spelling, never about who signed."""
    head, _ = parts(_token(stack))
    other = ec.generate_private_key(ec.SECP256R1())
    r, s = utils.decode_dss_signature(other.sign(head.encode(), ec.ECDSA(hashes.SHA256())))
    forged = f"{head}.{text(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"
    for name, spelling in (("as it is", forged), *respellings(forged)):
        assert _send(stack, spelling, Message()).status_code == 401, name


NUMBERS = {"0": 0, "1": 1, "n - 1": ORDER - 1, "n": ORDER, "n + 1": ORDER + 1, "2^256 - 1": 2**256 - 1}


@pytest.mark.parametrize("r", NUMBERS)
@pytest.mark.parametrize("s", NUMBERS)
def test_refuses_a_signature_of_numbers_at_the_edge(stack: Stack, r: str, s: str) -> None:
    head, _ = parts(_token(stack))
    signature = NUMBERS[r].to_bytes(32, "big") + NUMBERS[s].to_bytes(32, "big")
    _refused(stack, f"{head}.{text(signature)}", None)


CLAIMS = ("iss", "aud", "sub", "business_id", "role", "scope", "plan", "client_id", "token_kind", "rate_key", "jti")


@pytest.mark.parametrize("name", [*CLAIMS, "iat", "exp"])
@pytest.mark.parametrize("first", [True, False], ids=["before", "behind"])
def test_refuses_claims_that_hold_one_twice(stack: Stack, name: str, first: bool) -> None:
    claims = stack.claims()
    one = json.dumps(claims)
    again = f"{json.dumps(name)}:{json.dumps(claims[name])}"
    payload = f"{{{again},{one[1:]}" if first else f"{one[:-1]},{again}}}"
    _refused(stack, _signed(stack, json.dumps(_header(stack)).encode(), payload.encode()))


@pytest.mark.parametrize("name", ["alg", "kid", "typ", "crit"])
def test_refuses_a_header_that_holds_a_member_twice(stack: Stack, name: str) -> None:
    header = _header(stack) | ({"crit": []} if name == "crit" else {})
    payload = json.dumps(stack.claims()).encode()
    whole = json.dumps(header)
    for other in (header[name], "none"):
        for raw in (
            f"{whole[:-1]},{json.dumps(name)}:{json.dumps(other)}}}",
            f"{{{json.dumps(name)}:{json.dumps(other)},{whole[1:]}",
        ):
            _refused(stack, _signed(stack, raw.encode(), payload), None)


def _public(key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    x, y = (_text(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


Trick = Callable[[Stack, ec.EllipticCurvePrivateKey], dict[str, Any]]
OWN_KEY: dict[str, Trick] = {
    "in the header": lambda _, key: {"jwk": _public(key)},
    "in the header, by another name": lambda _, key: {"jwk": _public(key), "kid": "mine"},
    "in the header, by our key's name": lambda stack, key: {"jwk": _public(key) | {"kid": _header(stack)["kid"]}},
    "at a URL": lambda stack, _: {"jku": f"{stack.api_url}/keys"},
    "at the URL of a certificate": lambda stack, _: {"x5u": f"{stack.api_url}/cert.pem"},
    "in a certificate": lambda _, __: {"x5c": ["MIIB"]},
    "as its thumbprint": lambda _, __: {"x5t#S256": _text(bytes(32))},
}


@pytest.mark.parametrize("trick", OWN_KEY)
def test_refuses_a_token_that_brings_its_own_key(stack: Stack, trick: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    header = _header(stack) | OWN_KEY[trick](stack, key)
    _refused(stack, _signed(stack, json.dumps(header).encode(), json.dumps(stack.claims()).encode(), key), None)


TYPES = ("at+JWT", "at+jwt ", "application/at+jwt", "at", "jwt", "dpop+jwt", "at+jwt;x=1", "", 1, [], {}, True)


@pytest.mark.parametrize("typ", TYPES, ids=repr)
def test_refuses_a_type_that_is_not_the_one(stack: Stack, typ: Any) -> None:
    _refused(stack, _token(stack, _header(stack) | {"typ": typ}))


ALGORITHMS = (
    "None",
    "NONE",
    "nOnE",
    "",
    "HS256",
    "hs256",
    "PS256",
    "ES256K",
    "EdDSA",
    "ES512",
    "ES256 ",
    "ES256\0",
)


@pytest.mark.parametrize("alg", ALGORITHMS, ids=repr)
def test_refuses_an_algorithm_that_is_not_the_key_s(stack: Stack, alg: str) -> None:
    _refused(stack, _token(stack, _header(stack) | {"alg": alg}), None)
    head, _, _ = _token(stack, _header(stack) | {"alg": alg}).rpartition(".")
    _refused(stack, f"{head}.", None)


def test_the_key_at_hand_is_the_stack_s(stack: Stack) -> None:
    """Without it all of the above would be refused for that alone."""
    assert Message().send(stack, _token(stack)).status_code == 200
    assert _key(stack).curve.name == "secp256r1"
