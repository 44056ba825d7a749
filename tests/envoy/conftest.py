"""Fixtures for tests of the edge alone."""

from collections.abc import AsyncIterator

import pytest

from tests.envoy.standing import Edge, standing_edge


@pytest.fixture(scope="session")
async def edge() -> AsyncIterator[Edge]:
    """One edge for all tests that leave it as they found it."""
    async with standing_edge() as standing:
        yield standing
