"""A token signed by our own key is accepted in one form only; by any other key, in none."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from tests.security.wire import Message
from tests.support.problems import assert_problem
from tests.support.stack import Stack

Forge = Callable[[Stack], str]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _header(stack: Stack) -> dict[str, Any]:
    return {"alg": "ES256", "kid": stack.facts["SIGNING_KID"], "typ": "at+jwt"}


def _key(stack: Stack) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(stack.signing_key.encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def _signed(stack: Stack, header: bytes, claims: bytes, key: ec.EllipticCurvePrivateKey | None = None) -> str:
    """By our key unless by another, over these very bytes."""
    head = f"{_text(header)}.{_text(claims)}"
    r, s = utils.decode_dss_signature((key or _key(stack)).sign(head.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{head}.{_text(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _token(stack: Stack, header: dict[str, Any] | None = None, claims: dict[str, Any] | None = None) -> str:
    return _signed(stack, json.dumps(header or _header(stack)).encode(), json.dumps(claims or stack.claims()).encode())


def _refused(stack: Stack, token: str, reason: str | None = "malformed") -> None:
    answer = Message().send(stack, token)
    body = assert_problem(answer, "invalid-token", decided=False, api_url=stack.api_url)
    assert reason is None or body["reason"] == reason
    assert answer.headers["www-authenticate"].startswith('Bearer realm="api", error="invalid_token"')
    assert token not in answer.text + str(answer.headers)


def test_the_good_token_is_good(stack: Stack) -> None:
    assert Message().send(stack, _token(stack)).status_code == 200


HEADERS: dict[str, tuple[dict[str, Any], str]] = {
    "another type": ({"typ": "JWT"}, "malformed"),
    "its type in capitals": ({"typ": "AT+JWT"}, "malformed"),
    "a list of types": ({"typ": ["at+jwt"]}, "malformed"),
    "a type that is null": ({"typ": None}, "malformed"),
    "no signature": ({"alg": "none"}, "malformed"),
    "an algorithm in lower case": ({"alg": "es256"}, "malformed"),
    "a list of algorithms": ({"alg": ["ES256"]}, "malformed"),
    "another curve": ({"alg": "ES384"}, "unknown-key"),
    "another kind of key": ({"alg": "RS256"}, "unknown-key"),
    "an empty key id": ({"kid": ""}, "malformed"),
    "a key id that is null": ({"kid": None}, "malformed"),
    "a key id that is a number": ({"kid": 1}, "malformed"),
    "a key id that is a path": ({"kid": "../../etc/passwd"}, "unknown-key"),
    "a key id that is SQL": ({"kid": "' OR 1=1 --"}, "unknown-key"),
    "a critical extension": ({"crit": ["exp"]}, "malformed"),
    "no critical extensions": ({"crit": []}, "malformed"),
    "critical extensions that are null": ({"crit": None}, "malformed"),
    "an unencoded payload": ({"b64": False, "crit": ["b64"]}, "malformed"),
}


@pytest.mark.parametrize(("change", "reason"), HEADERS.values(), ids=HEADERS)
def test_refuses_a_header_with(stack: Stack, change: dict[str, Any], reason: str) -> None:
    _refused(stack, _token(stack, _header(stack) | change), reason)


@pytest.mark.parametrize("name", ["typ", "alg", "kid"])
def test_refuses_a_header_without(stack: Stack, name: str) -> None:
    _refused(stack, _token(stack, {other: value for other, value in _header(stack).items() if other != name}))


TEXTS = ("sub", "business_id", "role", "plan", "client_id", "token_kind", "rate_key", "jti")
ODD: dict[str, Callable[[Any], Any]] = {
    "is null": lambda _: None,
    "is empty": lambda _: "",
    "is a number": lambda _: 5,
    "is a boolean": lambda _: True,
    "is a list": lambda value: [value],
    "is an object": lambda value: {"value": value},
    "begins with a space": lambda value: f" {value}",
    "ends in a line feed": lambda value: f"{value}\n",
    "ends in a NUL": lambda value: f"{value}\0",
    "ends in a letter that is not ASCII": lambda value: f"{value}é",
    "is huge": lambda value: f"{value}{'a' * 20_000}",
}


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("change", ODD.values(), ids=ODD)
def test_refuses_a_claim_that(stack: Stack, name: str, change: Callable[[Any], Any]) -> None:
    claims = stack.claims()
    _refused(stack, _token(stack, claims=claims | {name: change(claims[name])}))


@pytest.mark.parametrize("name", [*TEXTS, "scope", "iat"])
def test_refuses_claims_without(stack: Stack, name: str) -> None:
    _refused(stack, _token(stack, claims=stack.claims(**{name: None})))


CLAIMS: dict[str, tuple[Callable[[Stack], dict[str, Any]], str]] = {
    "an audience over plain HTTP": (lambda stack: {"aud": stack.api_url.replace("https", "http", 1)}, "malformed"),
    "an audience without a scheme": (lambda stack: {"aud": stack.api_url.removeprefix("https://")}, "malformed"),
    "an audience with a slash": (lambda stack: {"aud": f"{stack.api_url}/"}, "malformed"),
    "an audience among others": (lambda stack: {"aud": ["https://other.example", stack.api_url]}, "malformed"),
    "an audience in capitals": (lambda stack: {"aud": stack.api_url.upper()}, "wrong-audience"),
    "the auth host as its audience": (lambda stack: {"aud": stack.facts["ISSUER"]}, "wrong-audience"),
    "an issuer with a slash": (lambda stack: {"iss": f"{stack.facts['ISSUER']}/"}, "wrong-issuer"),
    "an expiry that is text": (lambda _: {"exp": "4000000000"}, "malformed"),
    "an expiry beyond all time": (lambda _: {"exp": 2**63}, "malformed"),
    "an expiry before all time": (lambda _: {"exp": -1}, "malformed"),
    "an expiry ten seconds ago": (lambda _: {"exp": int(time.time()) - 10}, "expired"),
    "a beginning in a minute": (lambda _: {"nbf": int(time.time()) + 60}, "not-yet-valid"),
    "an issue at no time": (lambda _: {"iat": 0}, "malformed"),
    "an issue beyond all time": (lambda _: {"iat": 1e300}, "malformed"),
    "an issue in a minute": (lambda _: {"iat": int(time.time()) + 60}, "not-yet-valid"),
    "two spaces between scopes": (lambda _: {"scope": "contacts:read  contacts:write"}, "malformed"),
    "a tab between scopes": (lambda _: {"scope": "contacts:read\tcontacts:write"}, "malformed"),
    "a list of scopes": (lambda _: {"scope": ["contacts:read"]}, "malformed"),
    "too long a scope": (lambda _: {"scope": "x" * 4097}, "malformed"),
    "permissions that are null": (lambda _: {"permissions": None}, "malformed"),
    "a list of permissions": (lambda _: {"permissions": ["contacts:read"]}, "malformed"),
    "a line feed between permissions": (lambda _: {"permissions": "a\nb"}, "malformed"),
    "a role that nobody has": (lambda _: {"role": "owner"}, "malformed"),
    "two roles": (lambda _: {"role": "admin member"}, "malformed"),
    "a plan that nobody sells": (lambda _: {"plan": "unlimited"}, "malformed"),
    "a hash tag for its family": (lambda _: {"rate_key": "{x}"}, "malformed"),
    "a user of another business": (lambda stack: {"sub": stack.claims(tenant=2)["sub"]}, "malformed"),
    "another business than its user's": (
        lambda stack: {"business_id": stack.claims(tenant=2)["business_id"]},
        "malformed",
    ),
    "a contact for its user": (lambda stack: {"sub": f"con_{stack.claims()['sub'][4:]}"}, "malformed"),
    "an id of nothing for its user": (lambda _: {"sub": "usr_2028xzawvf4039wj1pg44gawme"}, "malformed"),
    "an id of nothing for its business": (lambda _: {"business_id": "biz_2028xzawvf4039wj1pg44gawme"}, "malformed"),
}
BY_THE_TRANSCODER = {
    "a user of another business",
    "another business than its user's",
    "an id of nothing for its user",
    "an id of nothing for its business",
}
"""It alone opens ids; its refusal has a receipt and rate headers, since authz has accepted the token."""


@pytest.mark.parametrize("case", CLAIMS)
def test_refuses_claims_with(stack: Stack, case: str) -> None:
    change, reason = CLAIMS[case]
    token = _token(stack, claims=stack.claims() | change(stack))
    if case not in BY_THE_TRANSCODER:
        _refused(stack, token, reason)
        return
    body = assert_problem(Message().send(stack, token), "invalid-token", decided=True, api_url=stack.api_url)
    assert body["reason"] == reason


PAYLOADS: dict[str, Callable[[bytes], bytes]] = {
    "a role twice": lambda raw: raw[:-1] + b',"role":"viewer"}',
    "an expiry twice": lambda raw: raw[:-1] + b',"exp":4000000001}',
    "a byte order mark": lambda raw: b"\xef\xbb\xbf" + raw,
    "something behind it": lambda raw: raw + b"x",
    "a list around it": lambda raw: b"[" + raw + b"]",
    "NaN": lambda raw: raw[:-1] + b',"z":NaN}',
    "half a surrogate pair": lambda raw: raw[:-1] + b',"z":"\\ud800"}',
    "no UTF-8": lambda raw: raw[:-1] + b',"z":"\xff"}',
    "UTF-16": lambda raw: raw.decode().encode("utf-16"),
    "a comment": lambda raw: raw[:-1] + b"/**/}",
    "nothing in it": lambda _: b"",
}


@pytest.mark.parametrize("change", PAYLOADS.values(), ids=PAYLOADS)
def test_refuses_a_payload_with(stack: Stack, change: Callable[[bytes], bytes]) -> None:
    claims = json.dumps(stack.claims()).encode()
    _refused(stack, _signed(stack, json.dumps(_header(stack)).encode(), change(claims)))


def _by_secret(secret: Callable[[ec.EllipticCurvePublicKey], bytes]) -> Forge:
    def forge(stack: Stack) -> str:
        header, claims = _header(stack) | {"alg": "HS256"}, stack.claims()
        head = f"{_text(json.dumps(header).encode())}.{_text(json.dumps(claims).encode())}"
        key = secret(_key(stack).public_key())
        return f"{head}.{_text(hmac.new(key, head.encode(), hashlib.sha256).digest())}"

    return forge


def _with_signature(change: Callable[[bytes], bytes]) -> Forge:
    def forge(stack: Stack) -> str:
        head, _, signature = _token(stack).rpartition(".")
        return f"{head}.{_text(change(base64.urlsafe_b64decode(signature + '==')))}"

    return forge


def _padded(raw: bytes, half: int) -> bytes:
    """Both numbers with zeros in front: the same numbers, and no ES256 signature (RFC 7518 §3.4)."""
    return raw[:32].rjust(half, b"\0") + raw[32:].rjust(half, b"\0")


def _by_a_stranger(stack: Stack) -> str:
    header, claims = json.dumps(_header(stack)).encode(), json.dumps(stack.claims()).encode()
    return _signed(stack, header, claims, ec.generate_private_key(ec.SECP256R1()))


SPKI = serialization.PublicFormat.SubjectPublicKeyInfo
SIGNATURES: dict[str, Forge] = {
    "by a stranger": _by_a_stranger,
    "of zeros": _with_signature(lambda _: bytes(64)),
    "with a bit changed": _with_signature(lambda raw: bytes([raw[0] ^ 1]) + raw[1:]),
    "cut short": _with_signature(lambda raw: raw[:-1]),
    "in DER": _with_signature(
        lambda raw: utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    ),
    "padded to 96 octets": _with_signature(lambda raw: _padded(raw, 48)),
    "padded to 256 octets, as long as one by RS256": _with_signature(lambda raw: _padded(raw, 128)),
    "padded to 4,000 octets": _with_signature(lambda raw: _padded(raw, 2_000)),
    "with one character more": lambda stack: f"{_token(stack)}A",
    "of nothing": _with_signature(lambda _: b""),
    "by the public key as a secret, in PEM": _by_secret(lambda key: key.public_bytes(serialization.Encoding.PEM, SPKI)),
    "by the public key as a secret, in DER": _by_secret(lambda key: key.public_bytes(serialization.Encoding.DER, SPKI)),
    "by an empty secret": _by_secret(lambda _: b""),
}


@pytest.mark.parametrize("forge", SIGNATURES.values(), ids=SIGNATURES)
def test_refuses_a_signature(stack: Stack, forge: Forge) -> None:
    _refused(stack, forge(stack), None)


def test_one_token_in_two_spellings_has_one_budget(stack: Stack) -> None:
    """(r, n - s) verifies as (r, s) does: nothing counts token texts."""
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    token = _token(stack, claims=stack.claims(plan="starter"))
    head, _, signature = token.rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    other = raw[:32] + (order - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")
    search = Message(
        "POST /v1/contacts/search HTTP/1.1", more=("Content-Type: application/json", "Content-Length: 2"), body="{}"
    )
    first, second = search.send(stack, token), search.send(stack, f"{head}.{_text(other)}")
    assert (first.status_code, second.status_code) == (200, 200)
    assert int(second.headers["x-ratelimit-remaining"]) < int(first.headers["x-ratelimit-remaining"])
