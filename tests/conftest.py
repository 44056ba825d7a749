"""Fixtures for tests that speak to the whole stack."""

import os
from collections.abc import Iterator

import pytest

from tests.support.postgres import Server, missing, running_server
from tests.support.stack import Stack, given_stack, running_stack

pytest_plugins = ("tests.support.order",)


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """One stack for all tests that leave it as they found it: the one that STACK_… tells of, or one of their own."""
    given = given_stack(os.environ)
    if given:
        yield given
        return
    with running_stack() as running:
        yield running


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server for all tests; each takes a database of its own there."""
    why_not = missing()
    if why_not:
        pytest.skip(why_not)
    with running_server() as server:
        yield server


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--rewrite-goldens`: what came out becomes what is expected; read the diff."""
    parser.addoption("--rewrite-goldens", action="store_true", help="write the golden files anew, delete orphans")
