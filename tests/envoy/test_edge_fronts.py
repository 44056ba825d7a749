"""A real Envoy asks authz by either front, and its callers cannot tell which."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from authz.server import ServerKind
from tests.envoy.standing import Edge, standing_edge
from tests.support.problems import assert_problem

PATH = "/v1/contacts"


@pytest.fixture(params=ServerKind, scope="module")
async def either(request) -> AsyncIterator[Edge]:
    async with standing_edge(front=request.param) as standing:
        yield standing


async def test_callers_are_let_through_and_refused(either: Edge) -> None:
    answer = await either.get(PATH)
    assert (answer.status_code, answer.headers["X-RateLimit-Limit"]) == (200, "200")
    scopeless = await either.get(PATH, headers={"Authorization": f"Bearer {either.token(scope='')}"})
    assert_problem(scopeless, "insufficient-scope", decided=True, api_url=either.api_url)
    assert_problem(await either.get("/v1/nothing"), "route-not-found", decided=True, api_url=either.api_url)


async def test_callers_at_once_are_counted_as_one(either: Edge) -> None:
    own = {"Authorization": f"Bearer {either.token(plan='starter')}"}
    answers = await asyncio.gather(*(either.http.get(PATH, headers=own) for _ in range(250)))
    counted = Counter(answer.status_code for answer in answers)
    assert counted.keys() == {200, 429}
    assert counted[200] >= 50


async def test_a_process_that_is_told_to_stop_costs_no_caller_anything(either: Edge) -> None:
    assert (await either.get(PATH)).status_code == 200
    asked = [asyncio.ensure_future(either.get(PATH)) for _ in range(60)]
    either.processes["authz-1"].terminate()
    answers = await asyncio.gather(*asked, *(either.get(PATH) for _ in range(60)))
    assert Counter(answer.status_code for answer in answers) == {200: 120}
