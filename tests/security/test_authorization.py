"""The Authorization header: one line, `Bearer`, one JWT; nothing else is looked for, and none of it is told back."""

import pytest

from tests.security.wire import Message
from tests.support.problems import assert_problem
from tests.support.stack import Stack

GET = Message()


def _says(*values: str) -> Message:
    return GET.but(authorization=tuple(f"Authorization: {value}" for value in values))


NOTHING_THERE = {
    "no header": GET.but(authorization=()),
    "an empty one": _says(""),
    "no scheme": _says("{token}"),
    "another scheme": _says("Basic {token}"),
    "an invented scheme": _says("Token {token}"),
    "a scheme with a colon": _says("Bearer: {token}"),
    "a scheme that runs into the token": _says("Bearer{token}"),
    "a tab behind the scheme": _says("Bearer\t{token}"),
    "a no-break space behind the scheme": _says("Bearer\xa0{token}"),
    "an encoded space behind the scheme": _says("Bearer%20{token}"),
    "a comma before the scheme": _says(",Bearer {token}"),
    "another scheme first": _says("Basic eDp5, Bearer {token}"),
    "another scheme in a line before": _says("Basic eDp5", "Bearer {token}"),
    "the proxy's header": GET.but(authorization=("Proxy-Authorization: Bearer {token}",)),
    "an invented header": GET.but(authorization=("X-Authorization: Bearer {token}",)),
    "a token in the query": GET.but(line="GET /v1/me?access_token={token} HTTP/1.1", authorization=()),
    "a token in a cookie": GET.but(authorization=("Cookie: access_token={token}; Authorization=Bearer {token}",)),
}


@pytest.mark.parametrize("message", NOTHING_THERE.values(), ids=NOTHING_THERE)
def test_finds_no_token_in(stack: Stack, message: Message) -> None:
    token = stack.token()
    answer = message.send(stack, token)
    assert_problem(answer, "authentication-required", decided=False, api_url=stack.api_url)
    assert answer.headers["www-authenticate"] == 'Bearer realm="api"'
    assert token not in str(answer.headers) + answer.text


NO_TOKEN = {
    "a scheme alone": _says("Bearer"),
    "two": _says("Bearer {token}, Bearer {token}"),
    "two in two lines": _says("Bearer {token}", "Bearer {token}"),
    "one, and another scheme in a line behind": _says("Bearer {token}", "Basic eDp5"),
    "a comma behind it": _says("Bearer {token},"),
    "a scheme twice": _says("Bearer Bearer {token}"),
    "a tab behind the space": _says("Bearer \t{token}"),
    "quotes": _says('Bearer "{token}"'),
    "padding": _says("Bearer {token}=="),
    "a semicolon": _says("Bearer {token};x"),
    "an encoded line feed": _says("Bearer {token}%0a"),
    "a dot before it": _says("Bearer .{token}"),
    "a dot behind it": _says("Bearer {token}."),
    "a fourth part": _says("Bearer {token}.x"),
    "dots alone": _says("Bearer .."),
    "nothing like it": _says("Bearer x"),
    "a lot of nothing": _says("Bearer " + "a" * 50_000),
}


@pytest.mark.parametrize("message", NO_TOKEN.values(), ids=NO_TOKEN)
def test_takes_for_no_good_token(stack: Stack, message: Message) -> None:
    token = stack.token()
    answer = message.send(stack, token)
    body = assert_problem(answer, "invalid-token", decided=False, api_url=stack.api_url)
    assert body["reason"] == "malformed"
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert token not in str(answer.headers) + answer.text


GOOD = ("Bearer {token}", "bearer {token}", "BEARER {token}", "Bearer  {token}", "  Bearer {token}  ")


@pytest.mark.parametrize("value", GOOD)
def test_takes(stack: Stack, value: str) -> None:
    assert _says(value).send(stack).status_code == 200


def test_a_header_with_an_underscore_is_no_other_spelling_of_one_without(stack: Stack) -> None:
    answer = GET.but(more=("x_gw_operation: contacts.delete",)).send(stack)
    assert_problem(answer, "malformed-request", decided=False, api_url=stack.api_url)
