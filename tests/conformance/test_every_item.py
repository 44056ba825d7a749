"""Ids in paths, over every operation that names a record."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.conformance.conftest import Good, Request
from tests.spec.operations import OPERATIONS, Promised
from tests.support.problems import assert_problem
from tests.support.stack import Stack

ITEMS = tuple(row for row in OPERATIONS if "{" in row.path)
pytestmark = pytest.mark.parametrize("operation", ITEMS, ids=lambda row: row.id)


def _bad_id(request: Request, text: str) -> Request:
    return request.but(path=f"/v1/contacts/{text}")


BAD_IDS: dict[str, Callable[[str], str]] = {
    "another prefix": lambda good: good.replace("con_", "cmp_"),
    "a character too few": lambda good: good[:-1],
    "a letter that is no digit": lambda good: good[:-1] + "u",
    "upper case": lambda good: good.upper(),
    "something behind it": lambda good: f"{good};x=1",
    "a line feed behind it": lambda good: f"{good}%0a",
}


@pytest.mark.parametrize("spoil", BAD_IDS.values(), ids=BAD_IDS)
def test_refuses_an_id_with(
    stack: Stack, api: httpx.Client, good: Good, operation: Promised, spoil: Callable[[str], str]
) -> None:
    request = good(operation)
    answer = _bad_id(request, spoil(request.path.rsplit("/", 1)[1])).send(api)
    assert_problem(answer, "invalid-id", decided=True, api_url=stack.api_url)


def test_never_tells_another_business_from_nothing(
    stack: Stack, api: httpx.Client, stranger: httpx.Client, good: Good, operation: Promised
) -> None:
    request = good(operation)
    theirs, nobodys = request.send(stranger), _bad_id(request, "con_2028xzawvf4039wj1pg44gawme").send(api)

    def shown(answer: httpx.Response) -> tuple[Any, ...]:
        body = assert_problem(answer, "resource-not-found", decided=True, api_url=stack.api_url)
        trace_id = body["trace_id"]
        return answer.text.replace(trace_id, ""), sorted(answer.headers)

    assert shown(theirs) == shown(nobodys)
