"""A real sandbox on a UNIX socket, over a database of its own."""

import json
import os
import sys
import tempfile
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from process.address import UnixAddress
from tests.sandbox.crm import SUSPENDED_BUSINESS, Crm
from tests.support.processes import running

DIRECTORY = Path("sandbox/directory.json")


@dataclass(frozen=True)
class Place:
    """Where a sandbox listens and keeps its things."""

    folder: Path

    @property
    def socket(self) -> str:
        return str(self.folder / "sandbox.sock")

    @property
    def database(self) -> Path:
        return self.folder / "sandbox.db"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "LISTEN": f"unix:{self.socket}",
            "DATABASE_URL": f"sqlite+aiosqlite:///{self.database}",
            "DIRECTORY_FILE": str(self.folder / "directory.json"),
        }

    def run(self) -> AbstractAsyncContextManager[Process]:
        """The process, while the block lasts."""
        command = [sys.executable, "-m", "sandbox"]
        return running(command, self.environment, ready=UnixAddress(Path(self.socket)), log=self.folder / "log")

    def session(self) -> aiohttp.ClientSession:
        """A client that speaks to it, whatever the host."""
        return aiohttp.ClientSession(
            connector=aiohttp.UnixConnector(self.socket), timeout=aiohttp.ClientTimeout(total=10)
        )


@pytest.fixture
def place() -> Iterator[Place]:
    """A place for a sandbox of one's own."""
    yield from _places()


@pytest.fixture(scope="session")
def shared_place() -> Iterator[Place]:
    yield from _places()


def _places() -> Iterator[Place]:
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders are too long for a socket
        directory = json.loads(DIRECTORY.read_text())
        suspended = {**directory["businesses"][1], "id": SUSPENDED_BUSINESS, "suspended": True}
        suspended["users"] = [{**suspended["users"][0], "id": 31}]
        directory["businesses"].append(suspended)
        (Path(name) / "directory.json").write_text(json.dumps(directory))
        yield Place(Path(name))


@pytest.fixture(scope="session")
async def shared_session(shared_place: Place) -> AsyncIterator[aiohttp.ClientSession]:
    async with shared_place.run(), shared_place.session() as session:
        yield session


@pytest.fixture
async def crm(shared_session: aiohttp.ClientSession) -> AsyncIterator[Crm]:
    """A member of business 1, before a sandbox that other tests use, too; no fault is set."""
    yield Crm(shared_session)
    await shared_session.delete("http://sandbox/faults")
