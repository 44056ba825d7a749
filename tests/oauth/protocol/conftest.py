"""One authorization server for all tests of a kind of database; each test has clients and users of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from contract.ids import IdCodec
from oauth.app import assemble
from oauth.dependencies import Dependencies
from oauth.endpoints.throttle import Throttle
from oauth.keys.key_files import KeyFolder
from oauth.store.database import Database, database_url
from oauth.store.schema import migrate
from tests.oauth.key_files import private
from tests.oauth.protocol.front import WordFront
from tests.oauth.protocol.world import AUDIENCE, ISSUER, Clock, Town, World
from tests.support.postgres import Server
from tests.support.quiet_log import QUIET


@pytest.fixture(scope="session")
def key_folder(ec_pem: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("signing")
    private(folder / "signing.pem", ec_pem)
    return folder


@pytest.fixture(scope="session")
async def world_on_sqlite(key_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with serving(f"sqlite:///{tmp_path_factory.mktemp('oauth')}/oauth.db", key_folder) as world:
        yield world


@pytest.fixture(scope="session")
async def world_on_postgresql(key_folder: Path, postgres: Server) -> AsyncIterator[World]:
    async with serving(postgres.new_database(), key_folder) as world:
        yield world


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest) -> World:
    """Either stays until the end, however often tests go from one to the other."""
    world: World = request.getfixturevalue(f"world_on_{request.param}")
    return world


@pytest.fixture
async def world_of_its_own(ec_pem: str, tmp_path: Path) -> AsyncIterator[World]:
    """For a test that does to the keys what others could not bear."""
    private(tmp_path / "signing.pem", ec_pem)
    async with serving(f"sqlite:///{tmp_path}/oauth.db", tmp_path) as everything:
        yield everything


@asynccontextmanager
async def serving(url: str, key_folder: Path) -> AsyncIterator[World]:
    """The server over that database, its users and its clock."""
    async with Database(database_url(url)) as database:
        await migrate(database)
        town, clock = Town(), Clock()
        desk = Dependencies(
            database=database,
            keys=KeyFolder(key_folder),
            login=town,
            ids=IdCodec(b"\x5a" * 32),
            issuer=ISSUER,
            audience=AUDIENCE,
            throttle=Throttle(lambda: clock() * 1_000_000),
            clock=clock,
            log=QUIET,
        )
        server = TestServer(assemble(desk, WordFront(desk)))
        async with server, aiohttp.ClientSession() as http:
            yield World(desk, town, clock, http, str(server.make_url("")).rstrip("/"))
