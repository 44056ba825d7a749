"""Ids in paths, over every operation that names a record."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.conformance.calls import good
from tests.conformance.world import NOBODY, Request, World, nobodys
from tests.spec.operations import ITEM_NAMES, OPERATIONS, PREFIXES, Promised
from tests.support.problems import assert_problem
from tests.support.stack import Stack

RESOURCE_OF = {name: resource for resource, name in ITEM_NAMES.items()}
PLACES = [
    (row, name)
    for row in OPERATIONS
    for name in ("pipeline_id", ITEM_NAMES.get(row.resource))
    if f"{{{name}}}" in row.path
]
ITEMS = list({(row.id, name): (row, name) for row, name in PLACES}.values())
pytestmark = pytest.mark.parametrize(("operation", "name"), ITEMS, ids=[f"{row.id}-{name}" for row, name in ITEMS])

BAD_IDS: dict[str, Callable[[str], str]] = {
    "another prefix": lambda text: "x" + text,
    "a character too few": lambda text: text[:-1],
    "a letter that is no digit": lambda text: text[:-1] + "u",
    "upper case": str.upper,
    "something behind it": lambda text: f"{text};x=1",
    "a line feed behind it": lambda text: f"{text}%0a",
}


def _with(request: Request, operation: Promised, name: str, change: Callable[[str], str]) -> Request:
    """The request with one of its ids changed."""
    words = request.path.split("/")
    at = operation.path.split("/").index(f"{{{name}}}")
    words[at] = change(words[at])
    return request.but(path="/".join(words))


def test_refuses_a_malformed_id(stack: Stack, api: httpx.Client, world: World, operation: Promised, name: str) -> None:
    request = good(operation, world)
    for spoil in BAD_IDS.values():
        answer = _with(request, operation, name, spoil).send(api)
        assert_problem(answer, "invalid-id", decided=True, api_url=stack.api_url)


def test_an_id_of_another_resource_is_malformed_here(
    stack: Stack, api: httpx.Client, world: World, operation: Promised, name: str
) -> None:
    for prefix in set(PREFIXES.values()) - {PREFIXES[RESOURCE_OF[name]]}:
        answer = _with(good(operation, world), operation, name, lambda _, p=prefix: f"{p}_{NOBODY}").send(api)
        assert_problem(answer, "invalid-id", decided=True, api_url=stack.api_url)


def test_never_tells_another_business_from_nothing(
    stack: Stack, stranger: httpx.Client, world: World, their_world: World, operation: Promised, name: str
) -> None:
    ours, theirs = good(operation, world), good(operation, their_world)
    ours_words = dict(zip(operation.path.split("/"), ours.path.split("/"), strict=True))
    foreign = _with(theirs, operation, name, lambda _: ours_words[f"{{{name}}}"])
    unknown = _with(theirs, operation, name, lambda _: nobodys(RESOURCE_OF[name]))

    def shown(request: Request) -> tuple[Any, ...]:
        answer = request.send(stranger)
        body = assert_problem(answer, "resource-not-found", decided=True, api_url=stack.api_url)
        kept = [(key, answer.headers[key]) for key in answer.headers if "ratelimit" not in key and key != "date"]
        return answer.text.replace(body["trace_id"], ""), [pair for pair in kept if pair[0] != "x-request-id"]

    assert shown(foreign) == shown(unknown)
