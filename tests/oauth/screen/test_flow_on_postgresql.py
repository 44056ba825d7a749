"""The flows that write most, once more over PostgreSQL: from the browser through Envoy to the edge's refusal."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.oauth.screen import test_flow_in_a_browser as flows
from tests.oauth.screen.conftest import Scene, a_scene
from tests.support.postgres import Server

FLOWS = (
    flows.test_what_is_disconnected_is_refused_by_the_edge,
    flows.test_a_token_is_made_used_replaced_and_revoked,
    flows.test_a_service_is_registered_and_gets_tokens_until_it_is_deleted,
)


@pytest.fixture(scope="module")
async def scene(postgres: Server) -> AsyncIterator[Scene]:
    async with a_scene(postgres.new_database()) as standing:
        yield standing


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.__name__.removeprefix("test_"))
async def test_over_postgresql(scene: Scene, flow: Callable[[Scene], Awaitable[None]]) -> None:
    await flow(scene)
