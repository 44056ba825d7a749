"""Which tokens pass the edge, and what is said of those that do not."""

import time
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from contract.claims import TokenError
from contract.headers import CHALLENGE, CHALLENGE_INVALID_TOKEN
from contract.size_and_time_limits import CLOCK_SKEW_S
from tests.envoy.standing import Edge
from tests.support.problems import assert_problem

PATH = "/v1/contacts"
STRANGER = ec.generate_private_key(ec.SECP256R1())

Forger = Callable[[Edge], str]
FAULTY: dict[str, tuple[TokenError, Forger]] = {
    "has expired": (TokenError.EXPIRED, lambda edge: edge.token(exp=int(time.time()) - CLOCK_SKEW_S - 5)),
    "is not valid yet": (TokenError.NOT_YET_VALID, lambda edge: edge.token(nbf=int(time.time()) + 600)),
    "is of another issuer": (TokenError.WRONG_ISSUER, lambda edge: edge.token(iss="https://elsewhere.example")),
    "is meant for another API": (TokenError.WRONG_AUDIENCE, lambda edge: edge.token(aud="https://elsewhere.example")),
    "names a key that is not ours": (
        TokenError.UNKNOWN_KEY,
        lambda edge: edge.sign_otherwise(edge.claims(), kid="another"),
    ),
    "is signed by a stranger": (
        TokenError.BAD_SIGNATURE,
        lambda edge: edge.sign_otherwise(edge.claims(), key=STRANGER),
    ),
    "is no JWT": (TokenError.MALFORMED, lambda _: "abc"),
    "is empty": (TokenError.MALFORMED, lambda _: ""),
    # Envoy has the same word for this as for a wrong signature.
    "never expires": (TokenError.BAD_SIGNATURE, lambda edge: edge.token(exp=None)),
    "has something behind it": (TokenError.MALFORMED, lambda edge: f"{edge.token()};x"),
    "is two": (TokenError.MALFORMED, lambda edge: f"{edge.token()} {edge.token()}"),
    "is padded": (TokenError.MALFORMED, lambda edge: f"{edge.token()}=="),
    "is of another type": (TokenError.MALFORMED, lambda edge: edge.sign_otherwise(edge.claims(), typ="JWT")),
}


@pytest.mark.parametrize(("fault", "forge"), FAULTY.values(), ids=FAULTY.keys())
async def test_refuses_a_token_that(fault: TokenError, forge: Forger, edge: Edge) -> None:
    answer = await edge.http.get(PATH, headers={"Authorization": f"Bearer {forge(edge)}"})
    body = assert_problem(answer, "invalid-token", decided=False, api_url=edge.api_url)
    assert (body["reason"], body["detail"]) == (fault, fault.detail)
    assert answer.headers.get_list("WWW-Authenticate") == [CHALLENGE_INVALID_TOKEN]


async def test_a_clock_that_is_a_little_off_is_forgiven(edge: Edge) -> None:
    just_expired = edge.token(exp=int(time.time()) - CLOCK_SKEW_S + 2)
    answer = await edge.http.get(PATH, headers={"Authorization": f"Bearer {just_expired}"})
    assert answer.status_code == 200


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR", "Bearer "])
async def test_the_scheme_has_no_case(scheme: str, edge: Edge) -> None:
    answer = await edge.http.get(PATH, headers={"Authorization": f"{scheme} {edge.token()}"})
    assert answer.status_code == 200


ELSEWHERE: dict[str, Callable[[str], tuple[str, dict[str, str]]]] = {
    "in the query": lambda token: (f"{PATH}?access_token={token}", {}),
    "in a cookie": lambda token: (PATH, {"Cookie": f"access_token={token}"}),
    "under another scheme": lambda token: (PATH, {"Authorization": f"Basic {token}"}),
    "behind another scheme": lambda token: (PATH, {"Authorization": f"Basic Bearer {token}"}),
    "without a scheme": lambda token: (PATH, {"Authorization": token}),
}


@pytest.mark.parametrize("place", ELSEWHERE.values(), ids=ELSEWHERE.keys())
async def test_a_token_is_ignored(place: Callable[[str], tuple[str, dict[str, str]]], edge: Edge) -> None:
    token = edge.token()
    path, headers = place(token)
    answer = await edge.http.get(path, headers=headers)
    assert_problem(answer, "authentication-required", decided=False, api_url=edge.api_url)
    assert answer.headers.get_list("WWW-Authenticate") == [CHALLENGE]
    assert token not in str(answer.headers)


@pytest.mark.parametrize("first", ["Basic x", "Bearer x", "good"])
async def test_two_authorization_lines_are_refused(first: str, edge: Edge) -> None:
    good = f"Bearer {edge.token()}"
    lines = [("Authorization", good if first == "good" else first), ("Authorization", good)]
    assert (await edge.http.get(PATH, headers=lines)).status_code == 401


async def test_the_challenge_quotes_nothing_of_the_request(edge: Edge) -> None:
    answer = await edge.http.get(f"{PATH}?secret=hush", headers={"Host": "evil.example"})
    assert answer.status_code == 401
    assert "hush" not in str(answer.headers) + answer.text
    assert "evil" not in str(answer.headers) + answer.text
