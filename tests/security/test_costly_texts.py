"""No text costs more than its length: one caller's body must not hold up everybody else's."""

import json
import time
import unicodedata

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.security.wire import Message
from tests.support.problems import assert_problem, items
from tests.support.stack import Stack
from transcoder.http import strict_json
from transcoder.validation.unicode_nfc import MOST_SHRINKAGE, to_nfc

QUICK_S = 2.0
"""Of processor time, for what took minutes."""
MARKS = "\u0301\u0316\u0327\u0344\u0345\u05b0\u0f71\u0f72\u0f73\u0f74\u0f75\u0f80\u0f81\u3099"
LETTERS = "ae\xe9\u1f82\u03b1\uac00\u1100\u1161\u11a8\u0915\u0958 "

OUT_OF_ORDER = {
    "two marks in turn": "a" + "\u0301\u0316" * 100_000,
    "a mark that is two": "\u0f73" * 100_000,
    "a mark that is two above": "a" + "\u0344\u0316" * 100_000,
    "marks that fall": "a" + "\u0301" * 100_000 + "\u0316" * 100_000,
}


@pytest.mark.parametrize("text", OUT_OF_ORDER.values(), ids=OUT_OF_ORDER)
def test_a_text_is_composed_in_no_time(text: str) -> None:
    started_s = time.process_time()
    to_nfc(text)
    assert time.process_time() - started_s < QUICK_S


@given(st.text(st.sampled_from(MARKS + LETTERS), max_size=20) | st.text(max_size=20))
def test_it_is_composed_as_unicode_has_it(text: str) -> None:
    assert to_nfc(text) == unicodedata.normalize("NFC", text)
    assert len(text) <= MOST_SHRINKAGE * len(to_nfc(text))


MANY = "\u0301\u0316" * 40_000
BODIES = {
    "a line": ("/v1/contacts", {"first_name": MANY}, ("/first_name", "too-long")),
    "a text": ("/v1/companies", {"name": "x", "description": MANY}, ("/description", "too-long")),
    "a tag": ("/v1/contacts", {"first_name": "x", "tags": [MANY]}, ("/tags/0", "too-long")),
    "a line of an address": (
        "/v1/contacts",
        {"first_name": "x", "address": {"city": MANY}},
        ("/address/city", "too-long"),
    ),
    "a value of a filter": (
        "/v1/contacts/search",
        {"filters": [{"field": "first_name", "operator": "eq", "value": MANY}]},
        ("/filters/0/value", "too-long"),
    ),
    "a text to search": ("/v1/contacts/search", {"search_text": MANY}, ("/search_text", "too-long")),
}


@pytest.mark.parametrize(("path", "body", "item"), BODIES.values(), ids=BODIES)
def test_a_body_full_of_marks_is_refused_as_too_long(
    stack: Stack, path: str, body: dict[str, object], item: tuple[str, str]
) -> None:
    """It was a 504, of this caller's and of others' requests."""
    content = json.dumps(body, ensure_ascii=False).encode()
    with stack.caller() as client:
        answer = client.post(path, content=content, headers={"Content-Type": "application/json"})
    told = assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)
    assert items(told) == [item]


def test_a_large_string_is_read_in_no_time() -> None:
    raw = b'{"a":[' + b"[]," * 40 + b'"' + b"a" * 24_000_000 + b'"]}'
    started_s = time.process_time()
    assert not isinstance(strict_json.parse(raw), strict_json.MalformedJson)
    assert time.process_time() - started_s < QUICK_S


BATCHES = {
    "nothing but objects": b"{}," * 2_700_000,
    "nothing but numbers": b"0.1," * 2_000_000,
    "lists in lists": (b"[" * 30 + b"]" * 30 + b",") * 130_000,
    "a string that has no end": b'"' + b'\\"' * 4_000_000,
}
"""Of as many bytes as a batch may have."""


@pytest.mark.parametrize("items", BATCHES.values(), ids=BATCHES)
def test_a_batch_of_more_than_anybody_has_to_say_is_refused_in_no_time(items: bytes) -> None:
    """It took two seconds, in which its transcoder answered nobody."""
    started_s = time.process_time()
    assert isinstance(strict_json.parse(b'{"items":[' + items), strict_json.MalformedJson)
    assert time.process_time() - started_s < QUICK_S


def test_a_query_as_long_as_it_may_be_comes_back_in_a_link(stack: Stack) -> None:
    """It was a 502: commas came back three times as long."""
    with stack.caller() as client:
        for _ in range(2):
            assert client.post("/v1/contacts", json={"first_name": "x"}).status_code == 201
        answer: httpx.Response = Message(f"GET /v1/contacts?limit=1&fields={'id,' * 19_000}id HTTP/1.1").send(stack)
        assert answer.status_code == 200, answer.text
        link = answer.headers["link"].removeprefix("<").removesuffix('>; rel="next"')
        assert client.get(link).status_code == 200
