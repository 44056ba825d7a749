"""A real sandbox on a UNIX socket, over a database of its own."""

import json
import os
import sys
import tempfile
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from infra.process.address import UnixAddress
from tests.sandbox.crm import SUSPENDED_BUSINESS, Crm
from tests.support.postgres import Server
from tests.support.processes import running

DIRECTORY = Path("sandbox/directory.json")


@dataclass(frozen=True)
class Place:
    """Where a sandbox listens and keeps its things."""

    folder: Path
    database_url: str

    @property
    def socket(self) -> str:
        return str(self.folder / "sandbox.sock")

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "LISTEN": f"unix:{self.socket}",
            "DATABASE_URL": self.database_url,
            "DIRECTORY_FILE": str(self.folder / "directory.json"),
        }

    def run(self) -> AbstractAsyncContextManager[Process]:
        """The process, while the block lasts."""
        command = [sys.executable, "-m", "sandbox"]
        return running(command, self.environment, ready=UnixAddress(Path(self.socket)), log=self.folder / "log")

    @asynccontextmanager
    async def beside(self) -> AsyncIterator[AsyncConnection]:
        """A transaction of another process; committed at the end of the block."""
        engine = create_async_engine(self.database_url)
        try:
            async with engine.begin() as connection:
                yield connection
        finally:
            await engine.dispose()

    def session(self) -> aiohttp.ClientSession:
        """A client that speaks to it, whatever the host."""
        return aiohttp.ClientSession(
            connector=aiohttp.UnixConnector(self.socket), timeout=aiohttp.ClientTimeout(total=10)
        )


@pytest.fixture
def file_place() -> Iterator[Place]:
    """A place for a sandbox of one's own, on SQLite."""
    yield from _places(None)


@pytest.fixture
def server_place(postgres: Server) -> Iterator[Place]:
    """A place for a sandbox of one's own, on PostgreSQL."""
    yield from _places(postgres)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """A place for a sandbox of one's own, on either."""
    yield from _places(request.getfixturevalue("postgres") if request.param == "postgresql" else None)


def _places(server: Server | None) -> Iterator[Place]:
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders are too long for a socket
        directory = json.loads(DIRECTORY.read_text())
        suspended = {**directory["businesses"][1], "id": SUSPENDED_BUSINESS, "suspended": True}
        suspended["users"] = [{**suspended["users"][0], "id": 31}]
        directory["businesses"].append(suspended)
        (Path(name) / "directory.json").write_text(json.dumps(directory))
        yield Place(Path(name), server.new_database() if server else f"sqlite+aiosqlite:///{name}/sandbox.db")


@pytest.fixture(scope="session")
async def session_on_sqlite() -> AsyncIterator[aiohttp.ClientSession]:
    async with _sessions(None) as session:
        yield session


@pytest.fixture(scope="session")
async def session_on_postgresql(postgres: Server) -> AsyncIterator[aiohttp.ClientSession]:
    async with _sessions(postgres) as session:
        yield session


@asynccontextmanager
async def _sessions(server: Server | None) -> AsyncIterator[aiohttp.ClientSession]:
    with contextmanager(_places)(server) as place:
        async with place.run(), place.session() as session:
            yield session


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def shared_session(request: pytest.FixtureRequest) -> aiohttp.ClientSession:
    """Either stays until the end, however often tests go from one to the other."""
    session: aiohttp.ClientSession = request.getfixturevalue(f"session_on_{request.param}")
    return session


@pytest.fixture
async def crm(shared_session: aiohttp.ClientSession) -> AsyncIterator[Crm]:
    """A member of business 1, before a sandbox that other tests use, too; no fault is set."""
    yield Crm(shared_session)
    await shared_session.delete("http://sandbox/faults")
