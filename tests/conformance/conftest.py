"""Who asks: admins of both businesses with budgets without end, and one client that anybody's token can go through."""

from collections.abc import Iterator

import httpx
import pytest

from tests.conformance.corpus import Corpus
from tests.conformance.world import CAPPED, World
from tests.spec.operations import FIRST
from tests.support.stack import Stack


@pytest.fixture(scope="session")
def api(stack: Stack) -> Iterator[httpx.Client]:
    """An admin of the first business, in today's version."""
    with stack.caller() as client:
        yield client


@pytest.fixture(scope="session")
def first_api(stack: Stack) -> Iterator[httpx.Client]:
    """The same admin in the first version."""
    with stack.caller(version=FIRST) as client:
        yield client


@pytest.fixture(scope="session")
def stranger(stack: Stack) -> Iterator[httpx.Client]:
    """An admin of the second business."""
    with stack.caller(tenant=2) as client:
        yield client


@pytest.fixture(scope="session")
def bare(stack: Stack) -> Iterator[httpx.Client]:
    """A client without a token and without a version."""
    with stack.client(version=None, patient=True) as client:
        yield client


@pytest.fixture(scope="session")
def bare2(stack: Stack) -> Iterator[httpx.Client]:
    """The same over HTTP/2."""
    with stack.client(version=None, http2=True, patient=True) as client:
        yield client


@pytest.fixture(scope="session")
def world(api: httpx.Client) -> Iterator[World]:
    """The first business, with some of what nothing is seeded of."""
    world = World(api)
    for resource in CAPPED * 3:
        world.new(resource)
    yield world
    world.clear()


@pytest.fixture(scope="session")
def their_world(stranger: httpx.Client) -> Iterator[World]:
    """The second business."""
    world = World(stranger)
    yield world
    world.clear()


@pytest.fixture(scope="session")
def corpus(world: World) -> Corpus:
    """Records to search in, which stay as they are."""
    return Corpus(world)
