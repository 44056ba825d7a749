"""The pages over a real database with seeded users; the clock is the tests'. SQLite will do: nothing here is a race."""

import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from contract.ids import IdCodec
from oauth.app import assemble
from oauth.desk import Desk
from oauth.directory import read_directory
from oauth.key_files import KeyFolder
from oauth.login.demo import DemoLogin, demo_accounts
from oauth.pages.front import Pages
from oauth.pages.login import LoginForm
from oauth.pages.printer import Printer
from oauth.store.database import Database, database_url
from oauth.store.schema import migrate
from oauth.throttle import Throttle
from process.look import Look
from tests.oauth.key_files import private
from tests.oauth.pages.town import DIRECTORY
from tests.oauth.pages.visit import Visit
from tests.oauth.protocol.world import AUDIENCE, ISSUER, Clock, Town, World
from tests.support.quiet_log import QUIET

LOOK = Look("Brand & Co", "#1a56b0", "#8ab4f8")


@dataclass
class House:
    """The server, and browsers before it."""

    world: World
    visits: int = 0

    def visit(self) -> Visit:
        """A new browser at an address of its own."""
        self.visits += 1
        return Visit(self.world.http, self.world.base, f"192.0.2.{self.visits}")

    async def visitor(self, email: str) -> Visit:
        """A new browser whose user is logged in."""
        visit = self.visit()
        assert (await visit.log_in(email)).status == 303
        return visit


@pytest.fixture(scope="session")
async def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the tables; each test has a copy."""
    file = tmp_path_factory.mktemp("pages") / "oauth.db"
    async with Database(database_url(f"sqlite:///{file}")) as database:
        await migrate(database)
    return file


@pytest.fixture
async def house(ec_pem: str, empty_database: Path, tmp_path: Path) -> AsyncIterator[House]:
    (tmp_path / "signing").mkdir()
    private(tmp_path / "signing" / "signing.pem", ec_pem)
    clock, printer = Clock(), Printer(LOOK)
    people = read_directory(json.dumps(DIRECTORY))
    shutil.copy(empty_database, tmp_path / "oauth.db")
    async with Database(database_url(f"sqlite:///{tmp_path}/oauth.db")) as database:
        form = LoginForm(database, printer, clock, demo_accounts(people))
        desk = Desk(
            database=database,
            keys=KeyFolder(tmp_path / "signing"),
            login=DemoLogin(database, people, clock, form.show),
            ids=IdCodec(b"\x5a" * 32),
            issuer=ISSUER,
            audience=AUDIENCE,
            throttle=Throttle(lambda: clock() * 1_000_000),
            clock=clock,
            log=QUIET,
        )
        server = TestServer(assemble(desk, Pages(desk, printer)))
        async with server, aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
            yield House(World(desk, Town(), clock, http, str(server.make_url("")).rstrip("/")))
