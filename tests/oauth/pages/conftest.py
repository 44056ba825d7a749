"""The pages over a real database with seeded users; the clock is the tests'. SQLite will do: nothing here is a race."""

import json
import shutil
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
import pytest
import trustme
from aiohttp.test_utils import TestServer

from contract.ids import IdCodec
from infra.process.branding import Branding
from oauth.app import assemble
from oauth.dependencies import Dependencies
from oauth.endpoints.throttle import Throttle
from oauth.keys.key_files import KeyFolder
from oauth.login.demo import DemoLogin, demo_accounts
from oauth.login.directory import read_directory
from oauth.login.oidc import OidcLogin
from oauth.pages.login import LoginForm
from oauth.pages.renderer import PageRenderer
from oauth.pages.routes import Pages
from oauth.settings import Provider
from oauth.store.database import Database, database_url
from oauth.store.schema import migrate
from tests.oauth.key_files import private
from tests.oauth.pages.provider import CLIENT_ID, CLIENT_SECRET, PEOPLE_SECRET, Platform
from tests.oauth.pages.town import DIRECTORY
from tests.oauth.pages.visit import Shown, Visit
from tests.oauth.protocol.world import AUDIENCE, ISSUER, Clock, Town, World
from tests.support.quiet_log import QUIET

LOOK = Branding("Brand & Co", "#1a56b0", "#8ab4f8")


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
    shutil.copy(empty_database, tmp_path / "oauth.db")
    async with house_over(f"sqlite:///{tmp_path}/oauth.db", ec_pem, tmp_path) as house:
        yield house


@asynccontextmanager
async def house_over(url: str, signing_pem: str, folder: Path) -> AsyncIterator[House]:
    """The pages over a database that has its tables, with the keys in `folder`."""
    (folder / "signing").mkdir()
    private(folder / "signing" / "signing.pem", signing_pem)
    clock, printer = Clock(), PageRenderer(LOOK)
    people = read_directory(json.dumps(DIRECTORY))
    async with Database(database_url(url)) as database:
        form = LoginForm(database, printer, clock, demo_accounts(people))
        desk = Dependencies(
            database=database,
            keys=KeyFolder(folder / "signing"),
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


@dataclass(frozen=True)
class Upstream:
    """The server before its provider."""

    house: House
    platform: Platform
    login: OidcLogin

    async def set_out(self, visit: Visit, path: str = "/login") -> str:
        """Where the provider sends this browser back to."""
        way = (await visit.get(path)).location
        assert way.startswith(f"{self.platform.issuer}/authorize?")
        return self.platform.redirect(way)

    async def log_in(self, visit: Visit, path: str = "/login") -> Shown:
        return await visit.get(await self.set_out(visit, path))


@pytest.fixture
async def upstream(house: House, tmp_path: Path) -> AsyncIterator[Upstream]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    platform, desk = Platform(), house.world.desk
    server = TestServer(platform.app(), scheme="https", host="127.0.0.1")
    await server.start_server(ssl=tls)
    platform.issuer = str(server.make_url("")).rstrip("/")
    north = {"id": 1, "name": "North & Sons", "role": "admin", "plan": "growth"}
    platform.users["11"] = {"active": True, "businesses": [north]}
    platform.businesses["1"] = {"name": "North & Sons", "plan": "growth"}
    people = f"{platform.issuer}/people"
    provider = Provider(platform.issuer, CLIENT_ID, CLIENT_SECRET, people, PEOPLE_SECRET, f"{tmp_path}/ca.pem")
    login = OidcLogin(desk.database, provider, ISSUER, desk.clock)
    own = replace(desk, login=login)
    front = TestServer(assemble(own, Pages(own, PageRenderer(LOOK))))
    async with front, aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        world = World(own, Town(), house.world.clock, http, str(front.make_url("")).rstrip("/"))
        yield Upstream(House(world), platform, login)
    await server.close()
