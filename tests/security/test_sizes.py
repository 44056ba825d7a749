"""Bodies, arrays, numbers and queries at their bounds and beyond: taken up to there, and told from there on."""

import gzip
import json
import zlib
from typing import Any

import httpx
import pytest

from tests.security.wire import BODY, CHUNKED, CREATE, Message
from tests.support.problems import assert_problem, items
from tests.support.stack import Stack

MIB = 1024 * 1024
JSON = "Content-Type: application/json"
DRY_RUN, SEARCH, BATCH = "/v1/contacts?dry_run=true", "/v1/contacts/search", "/v1/contacts/batch"


def padded(size: int) -> str:
    """A good body of so many bytes."""
    return f"{BODY[:-1]}{' ' * (size - len(BODY))}}}"


def posted(body: str | bytes, path: str = DRY_RUN, *more: str) -> Message:
    text = body if isinstance(body, str) else body.decode("latin-1")
    return CREATE.but(line=f"POST {path} HTTP/1.1", more=(JSON, f"Content-Length: {len(text)}", *more), body=text)


def chunked(*chunks: str) -> Message:
    return CHUNKED.but(body="".join(f"{len(chunk):x}\r\n{chunk}\r\n" for chunk in (*chunks, "")))


FITTING: dict[str, Message] = {
    "a body as large as it may be": posted(padded(MIB)),
    "one in chunks": chunked(padded(MIB)),
    "one in ten thousand chunks": chunked(*BODY, *(" " * 10_000)),
    "an identity that is told": posted(BODY, DRY_RUN, "Content-Encoding: identity"),
    "an identity in capitals": posted(BODY, DRY_RUN, "Content-Encoding: IDENTITY"),
    "a coding that is not named": posted(BODY, DRY_RUN, "Content-Encoding: "),
    "an Expect that Envoy meets": posted(BODY, DRY_RUN, "Expect: 100-continue"),
    "an Expect of something else": posted(BODY, DRY_RUN, "Expect: 200-ok"),
    "fifty conditions": posted(
        json.dumps({"filters": [{"field": "email", "operator": "eq", "value": "a@b.example"}] * 50}), SEARCH
    ),
    "two hundred values": posted(
        json.dumps({"filters": [{"field": "last_name", "operator": "in", "value": ["x"] * 200}]}), SEARCH
    ),
    "a text full of signs": posted(json.dumps({"search_text": "% _ * \\ ' \" ; -- /* \u202e"}), SEARCH),
    "a hundred of nobody": posted(json.dumps({"ids": ["con_" + "0" * 26] * 100}), f"{BATCH}/get"),
    "items that are none": posted(json.dumps({"items": [None, 1, "x", [], True, {}]}), f"{BATCH}/create?dry_run=true"),
}


@pytest.mark.parametrize("message", FITTING.values(), ids=FITTING)
def test_is_taken(stack: Stack, message: Message) -> None:
    answer = message.send(stack)
    assert answer.status_code == 200, answer.text


LARGE: dict[str, Message] = {
    "a byte more": posted(padded(MIB + 1)),
    "a byte more in chunks": chunked(padded(MIB + 1)),
    "a byte more, in another chunk": chunked(padded(MIB), " "),
    "ten gigabytes that never come": CREATE.but(more=(JSON, "Content-Length: 10000000000"), body=""),
    "more than signed 64 bits say": CREATE.but(more=(JSON, f"Content-Length: {2**63}"), body=""),
    "as much as can be said": CREATE.but(more=(JSON, f"Content-Length: {2**64 - 1}"), body=""),
    "a byte more, said in five thousand digits": CREATE.but(more=(JSON, f"Content-Length: {MIB + 1:05000}"), body=""),
    "eight mebibytes where there is no batch": posted(padded(2 * MIB), SEARCH),
    "a batch that never comes": CREATE.but(
        line=f"POST {BATCH}/create HTTP/1.1", more=(JSON, f"Content-Length: {8 * MIB + 1}"), body=""
    ),
}


@pytest.mark.parametrize("message", LARGE.values(), ids=LARGE)
def test_is_too_large(stack: Stack, message: Message) -> None:
    body = assert_problem(message.send(stack), "payload-too-large", decided=True, api_url=stack.api_url)
    assert body["limit_bytes"] == (8 if "batch" in message.line else 1) * MIB


CODED: dict[str, tuple[str, bytes]] = {
    "gzip": ("gzip", gzip.compress(BODY.encode())),
    "gzip under its old name": ("x-gzip", gzip.compress(BODY.encode())),
    "gzip in capitals": ("GZIP", gzip.compress(BODY.encode())),
    "gzip of ten megabytes of nothing": ("gzip", gzip.compress(b" " * 10_000_000)),
    "gzip of gzip": ("gzip, gzip", gzip.compress(gzip.compress(BODY.encode()))),
    "deflate": ("deflate", zlib.compress(BODY.encode())),
    "deflate without its head": ("deflate", zlib.compress(BODY.encode())[2:]),
    "br": ("br", b"\x0b\x02\x80" + BODY.encode() + b"\x03"),
    "compress": ("compress", BODY.encode()),
    "dcb": ("dcb", BODY.encode()),
    "aws-chunked": ("aws-chunked", BODY.encode()),
    "two identities": ("identity, identity", BODY.encode()),
    "a wildcard": ("*", BODY.encode()),
    "text that is said to be gzip": ("gzip", BODY.encode()),
}


@pytest.mark.parametrize(("coding", "body"), CODED.values(), ids=CODED)
def test_nothing_is_decompressed(stack: Stack, coding: str, body: bytes) -> None:
    answer = posted(body, DRY_RUN, f"Content-Encoding: {coding}").send(stack)
    assert_problem(answer, "unsupported-media-type", decided=True, api_url=stack.api_url)


def _filters(*filters: Any) -> str:
    return json.dumps({"filters": list(filters)})


def _nested(word: str, depth: int) -> Any:
    inner: Any = {"field": "email", "operator": "eq", "value": "a@b.example"}
    for _ in range(depth):
        inner = {word: inner if word == "not" else [inner]}
    return inner


ONE = {"field": "email", "operator": "eq", "value": "a@b.example"}
BEYOND: dict[str, tuple[Message, tuple[str, str]]] = {
    "fifty-one conditions": (posted(_filters(*[ONE] * 51), SEARCH), ("/filters", "too-many-items")),
    "conditions without end": (posted(_filters(*[ONE] * 15_000), SEARCH), ("/filters", "too-many-items")),
    "groups four deep": (posted(_filters(_nested("all", 4)), SEARCH), ("/filters/0/all/0/all/0/all/0", "out-of-range")),
    "nots without end": (posted(_filters(_nested("not", 28)), SEARCH), ("/filters/0/not/not/not", "out-of-range")),
    "201 values": (
        posted(_filters(ONE | {"operator": "in", "value": ["a@b.example"] * 201}), SEARCH),
        ("/filters/0/value", "too-many-items"),
    ),
    "a pattern that is too long": (
        posted(_filters(ONE | {"operator": "contains", "value": "a" * 256}), SEARCH),
        ("/filters/0/value", "too-long"),
    ),
    "a field of Python's": (
        posted(_filters(ONE | {"field": "__class__"}), SEARCH),
        ("/filters/0/field", "unknown-field"),
    ),
    "a field of SQL": (posted(_filters(ONE | {"field": "id; --"}), SEARCH), ("/filters/0/field", "unknown-field")),
    "an operator of SQL": (
        posted(_filters(ONE | {"operator": "eq OR 1"}), SEARCH),
        ("/filters/0/operator", "invalid-operator"),
    ),
    "a list of operators": (
        posted(_filters(ONE | {"operator": ["eq"]}), SEARCH),
        ("/filters/0/operator", "invalid-type"),
    ),
    "filters that are no list": (posted('{"filters": {}}', SEARCH), ("/filters", "invalid-type")),
    "a text that is too long": (posted(json.dumps({"search_text": "x" * 201}), SEARCH), ("/search_text", "too-long")),
    "a limit beyond all numbers": (posted('{"limit": 99999999999999999999}', SEARCH), ("/limit", "out-of-range")),
    "a limit of 500,000 digits": (posted(f'{{"limit": {"9" * 500_000}}}', SEARCH), ("/limit", "out-of-range")),
    "a cursor that is none": (posted('{"cursor": {}}', SEARCH), ("/cursor", "invalid-type")),
    "an order of lists": (posted('{"order_by": [[]]}', SEARCH), ("/order_by", "invalid-type")),
    "a body that is null": (posted("null", SEARCH), ("", "invalid-type")),
    "a name without end": (posted(json.dumps({"first_name": "x" * 900_000})), ("/first_name", "too-long")),
    "tags without end": (posted(json.dumps({"tags": ["t"] * 100_000})), ("/tags", "too-many-items")),
    "a number for a name": (posted(f'{{"first_name": {"9" * 500_000}}}'), ("/first_name", "invalid-type")),
    "a fraction for a name": (posted(f'{{"first_name": 0.{"1" * 500_000}}}'), ("/first_name", "invalid-type")),
    "thirty lists for a name": (posted('{"first_name":' + "[" * 30 + "]" * 30 + "}"), ("/first_name", "invalid-type")),
    "a hundred and one items": (
        posted(json.dumps({"items": [{}] * 101}), f"{BATCH}/create"),
        ("/items", "too-many-items"),
    ),
    "items without end": (
        posted(json.dumps({"items": [{}] * 300_000}), f"{BATCH}/create"),
        ("/items", "too-many-items"),
    ),
    "no items": (posted('{"items": []}', f"{BATCH}/create"), ("/items", "too-few-items")),
    "ids without end": (
        posted(json.dumps({"ids": ["con_" + "0" * 26] * 20_000}), f"{BATCH}/get"),
        ("/ids", "too-many-items"),
    ),
    "a patch that is a list": (
        posted("[]").but(line="PATCH /v1/contacts/con_2028xzawvf4039wj1pg44gawme HTTP/1.1"),
        ("", "invalid-type"),
    ),
}


@pytest.mark.parametrize(("message", "item"), BEYOND.values(), ids=BEYOND)
def test_is_beyond_a_bound(stack: Stack, message: Message, item: tuple[str, str]) -> None:
    body = assert_problem(message.send(stack), "validation-failed", decided=True, api_url=stack.api_url)
    assert items(body)[0] == item


ODD: dict[str, tuple[Message, str]] = {
    "a body for a GET": (Message().but(more=(JSON, "Content-Length: 2"), body="{}"), "malformed-request"),
    "a body for a DELETE": (
        posted("{}").but(line="DELETE /v1/contacts/con_2028xzawvf4039wj1pg44gawme HTTP/1.1"),
        "malformed-request",
    ),
    "nesting of 33": (posted('{"first_name":' + "[" * 32 + "]" * 32 + "}"), "malformed-request"),
    "a query as long as the edge takes": (
        Message(f"GET /v1/contacts?external_id={'a' * 59_000} HTTP/1.1"),
        "invalid-parameter",
    ),
    "a query longer than that": (Message(f"GET /v1/contacts?external_id={'a' * 66_000} HTTP/1.1"), "headers-too-large"),
    "201 ids": (Message(f"GET /v1/contacts?ids={','.join(['con_' + '0' * 26] * 201)} HTTP/1.1"), "invalid-parameter"),
    "a receipt of another form": (Message("GET /v1/requests/*%20FLUSHALL HTTP/1.1"), "resource-not-found"),
    "a key of another form": (Message("GET /v1/requests?idempotency_key=a%0ab HTTP/1.1"), "invalid-parameter"),
    "a key that is too long": (Message(f"GET /v1/requests?idempotency_key={'a' * 256} HTTP/1.1"), "invalid-parameter"),
}


@pytest.mark.parametrize(("message", "code"), ODD.values(), ids=ODD)
def test_is_answered_as_what_it_is(stack: Stack, message: Message, code: str) -> None:
    decided = code != "headers-too-large"
    assert_problem(message.send(stack), code, decided=decided, api_url=stack.api_url)


def test_a_body_that_is_far_too_large_is_answered_while_it_comes(stack: Stack) -> None:
    """Who reads while it sends, or looks when it can send no more, finds the answer."""
    with stack.caller() as client:
        answer: httpx.Response = client.post(
            DRY_RUN, content=b" " * (32 * MIB), headers={"Content-Type": "application/json"}
        )
    assert_problem(answer, "payload-too-large", decided=True, api_url=stack.api_url)
