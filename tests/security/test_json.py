"""What two JSON parsers could read differently is read by neither."""

import json

import pytest

from tests.support.problems import assert_problem, items
from tests.support.stack import Stack

PATH = "/v1/contacts?dry_run=true"

MALFORMED = {
    "two byte order marks": (b'\xef\xbb\xbf\xef\xbb\xbf{"first_name":"x"}', "invalid-json"),
    "UTF-16": ('{"first_name":"x"}'.encode("utf-16"), "invalid-utf8"),
    "Latin-1": (b'{"first_name":"\xe9"}', "invalid-utf8"),
    "an overlong slash": (b'{"first_name":"\xc0\xaf"}', "invalid-utf8"),
    "surrogates in UTF-8": (b'{"first_name":"\xed\xa0\xbd\xed\xb2\xa9"}', "invalid-utf8"),
    "half a pair": (rb'{"first_name":"\ud83d"}', "lone-surrogate"),
    "a pair the wrong way round": (rb'{"first_name":"\udca9\ud83d"}', "lone-surrogate"),
    "half a pair before a pair": (rb'{"first_name":"\ud83d\ud83d\udca9"}', "lone-surrogate"),
    "a NUL by escape": (rb'{"first_name":"\u0000"}', "nul-character"),
    "a NUL in a name": (rb'{"\u0000":1}', "nul-character"),
    "a NUL behind it": (b'{"first_name":"x"}\0', "trailing-data"),
    "a name twice": (b'{"first_name":"x","first_name":"y"}', "duplicate-member"),
    "a name twice, once by escape": (rb'{"first_name":"x","first_n\u0061me":"y"}', "duplicate-member"),
    "a name twice, further in": (b'{"tags":[{"a":1,"a":2}]}', "duplicate-member"),
    "a comma too many": (b'{"first_name":"x",}', "invalid-json"),
    "a comment": (b'{"first_name":"x"/**/}', "invalid-json"),
    "a comment behind it": (b'{"first_name":"x"}//', "trailing-data"),
    "single quotes": (b"{'first_name':'x'}", "invalid-json"),
    "no quotes": (b'{first_name:"x"}', "invalid-json"),
    "a line feed in a string": (b'{"first_name":"a\nb"}', "invalid-json"),
    "a form feed for white space": (b'{\x0c"first_name":"x"}', "invalid-json"),
    "a no-break space for white space": ('{\xa0"first_name":"x"}'.encode(), "invalid-json"),
    "an escape that is none": (rb'{"first_name":"\x41"}', "invalid-json"),
    "an escape of other digits": ('{"first_name":"\\u٠٠٤١"}'.encode(), "invalid-json"),
    "NaN": (b'{"a":NaN}', "invalid-json"),
    "a leading zero": (b'{"a":01}', "invalid-json"),
    "a plus": (b'{"a":+1}', "invalid-json"),
    "a hexadecimal number": (b'{"a":0x1}', "invalid-json"),
    "an exponent beyond all numbers": (b'{"a":1e99999999999999999999}', "number-out-of-range"),
    "two values": (b"{}{}", "trailing-data"),
    "half a million brackets": (b"[" * 500_000, "too-deep"),
    "half a million pairs of brackets": (b"[" * 500_000 + b"]" * 500_000, "too-deep"),
    "nothing": (b"", "invalid-json"),
}


@pytest.mark.parametrize(("raw", "reason"), MALFORMED.values(), ids=MALFORMED)
def test_refuses(stack: Stack, raw: bytes, reason: str) -> None:
    with stack.caller() as client:
        answer = client.post(PATH, content=raw, headers={"Content-Type": "application/json"})
    body = assert_problem(answer, "malformed-request", decided=True, api_url=stack.api_url)
    assert body["reason"] == reason


UNKNOWN = (
    "__proto__",
    "constructor",
    "__class__",
    "First_Name",
    "tenant_id",
    "business_id",
    "",
    "a/b",
    "%s",
    "e\u0301",
)


@pytest.mark.parametrize("name", UNKNOWN, ids=ascii)
def test_knows_no_member(stack: Stack, name: str) -> None:
    with stack.caller() as client:
        answer = client.post(PATH, json={"first_name": "x", name: {"x": 1}})
    body = assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)
    assert [code for _, code in items(body)] == ["unknown-member"]


def test_tells_fifty_faults_of_many(stack: Stack) -> None:
    with stack.caller() as client:
        answer = client.post(PATH, json={f"k{n}": 1 for n in range(70_000)})
    body = assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)
    assert len(body["errors"]) == 50


TYPES = (
    "application/json; charset=utf-16",
    "application/json; boundary=x",
    "application/json, text/plain",
    "application/jsonp",
    "application/json%00",
    "application/vnd.api+json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/grpc",
    "application/grpc-web+json",
    "text/json",
    "*/*",
)


@pytest.mark.parametrize("content_type", TYPES)
def test_is_no_json(stack: Stack, content_type: str) -> None:
    with stack.caller() as client:
        answer = client.post(PATH, content=b'{"first_name":"x"}', headers={"Content-Type": content_type})
    assert_problem(answer, "unsupported-media-type", decided=True, api_url=stack.api_url)


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "chunked", "identity, gzip", "gzip, identity"])
def test_takes_no_compressed_body(stack: Stack, coding: str) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": coding}
    with stack.caller() as client:
        answer = client.post(PATH, content=b'{"first_name":"x"}', headers=headers)
    assert_problem(answer, "unsupported-media-type", decided=True, api_url=stack.api_url)
    assert answer.headers["accept-encoding"] == "identity"


GOOD = {
    "a byte order mark": b'\xef\xbb\xbf{"first_name":"x"}',
    "a whole pair": rb'{"first_name":"\ud83d\udca9"}',
    "what only looks like half a pair": rb'{"first_name":"\\ud83d"}',
    "brackets in a string": json.dumps({"first_name": "[{" * 40}).encode(),
    "white space": b' \t\r\n{ "first_name" : "x" }\n',
}


@pytest.mark.parametrize("raw", GOOD.values(), ids=GOOD)
def test_takes(stack: Stack, raw: bytes) -> None:
    with stack.caller() as client:
        answer = client.post(PATH, content=raw, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200, answer.text
