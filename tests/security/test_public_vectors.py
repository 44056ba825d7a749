"""Project Wycheproof's vectors for JWS and for P-256, through the listener: none of them is a token here.

They are read from a folder beside the project; where there is none these tests are skipped. What each class of them
does to a token whose signature is right is in `test_respelled_tokens.py`, which needs no folder.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.security.respelling import parts, text
from tests.security.wire import Message
from tests.support.problems import assert_problem
from tests.support.stack import ROOT, Stack

FOLDER = ROOT.parent / "shared" / "wycheproof"
JWS = ("json_web_signature_test.json", "json_web_crypto_test.json")
P256 = "ecdsa_secp256r1_sha256_p1363_test.json"

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"PUBLIC VECTORS NOT TRIED: there is no folder {FOLDER.parent.name}/{FOLDER.name} here"
)


def vectors(name: str) -> Iterator[dict[str, Any]]:
    for group in json.loads((FOLDER / name).read_text())["testGroups"]:
        yield from group["tests"]


def _refused(stack: Stack, token: str, what: object) -> None:
    answer = Message().send(stack, token)
    assert answer.status_code == 401, (what, answer.status_code, answer.text)
    code = answer.json()["code"]
    assert code in ("invalid-token", "authentication-required"), what
    assert_problem(answer, code, decided=False, api_url=stack.api_url)


def _sendable(token: str) -> bool:
    return bool(token) and token.isascii() and token.isprintable()


@pytest.mark.parametrize("name", JWS)
def test_no_signed_message_of_others_is_a_token(stack: Stack, name: str) -> None:
    """Valid or not under keys of their own: here it is by no key of ours. Neither is its signature under our claims."""
    head, _ = parts(stack.token())
    tried = 0
    for vector in vectors(name):
        jws = vector.get("jws", vector.get("jwe", ""))
        token = jws if isinstance(jws, str) else json.dumps(jws)
        for each in (token, f"{head}.{token.rpartition('.')[2]}"):
            if _sendable(each):
                _refused(stack, each, vector["tcId"])
                tried += 1
    assert tried > 50


def test_no_signature_of_others_fits_a_token_of_ours(stack: Stack) -> None:
    head, _ = parts(stack.token())
    tried = 0
    for vector in vectors(P256):
        signature = bytes.fromhex(vector["sig"])
        _refused(stack, f"{head}.{text(signature)}", vector["comment"])
        tried += 1
    assert tried > 200
