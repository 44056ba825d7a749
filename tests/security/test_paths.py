"""Routes decide, path text does not: one operation for every spelling that passes, a problem for every other."""

import pytest

from tests.security.wire import Message
from tests.support.problems import assert_problem
from tests.support.stack import Stack

OPAQUE = "2028xzawvf4039wj1pg44gawme"
CONTACT = f"/v1/contacts/con_{OPAQUE}"

SAME_AS_ME = (
    "//v1/me",
    "/v1//me",
    "/./v1/me",
    "/v1/x/../me",
    "/../v1/me",
    "/v1/%2e/me",
    "/v1/x/%2e%2e/me",
    "/v1/m%65",
    "/%76%31/me",
    "/v1\\me",
    "/v1/me?",
    "/v1/" + "../" * 5_000 + "v1/me",
)


@pytest.mark.parametrize("path", SAME_AS_ME, ids=lambda path: path[:20])
def test_is_another_spelling_of_me(stack: Stack, path: str) -> None:
    answer = Message(f"GET {path} HTTP/1.1").send(stack)
    assert answer.status_code == 200, answer.text
    assert "user" in answer.json()["data"]


MALFORMED = (
    "/v1/%2fme",
    "/v1%2Fme",
    "/v1/me%5c",
    "/v1/me%00",
    "/v1/me#x",
    "/v1/me#",
    "/v1/me?x#y",
    "/v1/me\x7f",
    "/v1/me\x01",
    "/v1/m\xe9",
    "/v1/me?\xff",
    f"{CONTACT}%2ftags%2fadd",
    "*",
)


@pytest.mark.parametrize("path", MALFORMED, ids=ascii)
def test_is_malformed(stack: Stack, path: str) -> None:
    answer = Message(f"GET {path} HTTP/1.1").send(stack)
    assert_problem(answer, "malformed-request", decided=False, api_url=stack.api_url)


UNKNOWN = (
    "/v1",
    "/v1/",
    "/v1/ME",
    "/v1/me/",
    "/v1/me/.",
    "/v1/me/..",
    "/v1/contacts/..",
    "/v1/me;x=1",
    "/v1/me%3bx",
    "/v1/me%3fx=1",
    "/v1/me%23x",
    "/v1/me%0a",
    "/v1/me%0d%0ax:y",
    "/v1/me%20",
    "/v1/m%",
    "/v1/m%zz",
    "/v1/m%ff",
    "/v1/m%u0065",
    "/v1/me.json",
    f"{CONTACT}/",
    f"{CONTACT}/tags",
    "/v1/contacts/a/b/c/d/e",
    "/v1" + "/a" * 5_000,
)


@pytest.mark.parametrize("path", UNKNOWN, ids=lambda path: path[:20])
def test_is_no_path_of_ours(stack: Stack, path: str) -> None:
    answer = Message(f"GET {path} HTTP/1.1").send(stack)
    assert_problem(answer, "route-not-found", decided=True, api_url=stack.api_url)


@pytest.mark.parametrize(
    "path",
    ["/", "/V1/me", "/v1;x/me", "/metrics", "/stats", "/server_info", "/config_dump", "/jwks", "/HEALTHZ", "/readyz/x"],
)
def test_is_nothing_outside_the_root(stack: Stack, path: str) -> None:
    answer = Message(f"GET {path} HTTP/1.1").send(stack)
    assert_problem(answer, "route-not-found", decided=False, api_url=stack.api_url)


@pytest.mark.parametrize("path", ["/v1/contacts/search", "/v1/contacts/upsert", "/v1/contacts/batch/create"])
def test_a_word_in_the_place_of_an_id_is_no_id(stack: Stack, path: str) -> None:
    answer = Message(f"GET {path} HTTP/1.1").send(stack)
    assert_problem(answer, "method-not-allowed", decided=True, api_url=stack.api_url)


IDS = (
    "...",
    ":",
    "~",
    "*",
    "[",
    "'OR'1'='1",
    "$(id)",
    "%25",
    "%2525",
    "%E2%80%AE",
    "%ed%a0%80",
    "0",
    "-1",
    "null",
    f"con_{OPAQUE.upper()}",
    f"con_{OPAQUE};x=1",
    f"con_{OPAQUE}%20",
    f"con_{OPAQUE}%0a",
    f"con_{OPAQUE}%23",
    f"con_{OPAQUE},con_{OPAQUE}",
    f"con_{OPAQUE[1:]}",
    f"con_{'i' * 26}",
    f"cmp_{OPAQUE}",
    f"_{OPAQUE}",
    "a" * 55_000,
)


@pytest.mark.parametrize("text", IDS, ids=lambda text: text[:20])
def test_is_no_id(stack: Stack, text: str) -> None:
    answer = Message(f"GET /v1/contacts/{text} HTTP/1.1").send(stack)
    assert_problem(answer, "invalid-id", decided=True, api_url=stack.api_url)


@pytest.mark.parametrize("opaque", ["0" * 26, "8" * 26, "z" * 26, OPAQUE])
def test_is_an_id_of_nothing(stack: Stack, opaque: str) -> None:
    answer = Message(f"GET /v1/contacts/con_{opaque} HTTP/1.1").send(stack)
    assert_problem(answer, "resource-not-found", decided=True, api_url=stack.api_url)


PARAMETERS = (
    "limit",
    "limit=",
    "limit=1&limit=1",
    "limit=1&lim%69t=2",
    "limit=1;limit=2",
    "limit=+1",
    "limit=1.0",
    "limit=0x1",
    "limit=1%00",
    "limit=%d9%a1",
    "limit=%ed%a0%80",
    "limit=99999999999999999999",
    "Limit=1",
    "limit[]=1",
    "limit[$gt]=1",
    "=1",
    "?limit=1",
    "%00=1",
    "%ff=%ff",
    "%ed%a0%80=1",
    "a%0d%0ab=1",
    "fields=*",
    "fields=__class__",
    "fields=id,",
    "order_by=__init__",
    "order_by=owner_user_id",
    "ids=,,,",
    "created_since=2026-01-01T00:00:00%2B24:00",
    "created_since=%D9%A2026-01-01T00:00:00Z",
    "external_id=%00",
    "external_id=%ff",
    "external_id=%ed%a0%80",
    "external_id=%c0%80",
    "fields=%ff",
    "deleted=%ff",
    "dry_run=true",
    "access_token=x",
    "a&" * 2_000,
)


@pytest.mark.parametrize("query", PARAMETERS, ids=lambda query: query[:20])
def test_is_no_parameter(stack: Stack, query: str) -> None:
    answer = Message(f"GET /v1/contacts?{query} HTTP/1.1").send(stack)
    body = assert_problem(answer, "invalid-parameter", decided=True, api_url=stack.api_url)
    assert 1 <= len(body["errors"]) <= 50


METHODS = ("TRACE", "get", "PROPFIND", "QUERY", "PURGE", "M-SEARCH", "LINK", "GETX", "PRI", "A" * 1_000)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method[:20])
@pytest.mark.parametrize("path", ["/v1/contacts", "/v1/nothing", "/"])
def test_is_no_method(stack: Stack, method: str, path: str) -> None:
    answer = Message(f"{method} {path} HTTP/1.1").send(stack)
    assert_problem(answer, "not-supported", decided=False, api_url=stack.api_url)


def test_connect_is_no_method_either(stack: Stack) -> None:
    answer = Message("CONNECT {host} HTTP/1.1").send(stack)
    assert_problem(answer, "not-supported", decided=False, api_url=stack.api_url)


CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"


def test_no_letter_of_an_id_can_be_another(stack: Stack) -> None:
    """Neither leads to another record, and all of them are answered as one thing."""
    with stack.caller() as client:
        record_id = client.post("/v1/contacts", json={"first_name": "x"}).json()["data"]["id"]
        prefix, _, opaque = record_id.partition("_")
        for place, letter in enumerate(opaque):
            for step in (1, 16):
                other = CROCKFORD[(CROCKFORD.index(letter) + step) % len(CROCKFORD)]
                answer = client.get(f"/v1/contacts/{prefix}_{opaque[:place]}{other}{opaque[place + 1 :]}")
                code = "resource-not-found" if answer.status_code == 404 else "invalid-id"
                assert_problem(answer, code, decided=True, api_url=stack.api_url)
        for stranger in ("cmp", "deal", "usr", "biz"):
            answer = client.get(f"/v1/contacts/{stranger}_{opaque}")
            assert_problem(answer, "invalid-id", decided=True, api_url=stack.api_url)
        answer = client.get(f"/v1/companies/cmp_{opaque}")
        assert_problem(answer, "resource-not-found", decided=True, api_url=stack.api_url)
