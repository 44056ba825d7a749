"""One CRM, one Valkey and three transcoders for the tests of this folder: two patient twins, and a hasty one."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
import pytest

from tests.component.transcoder.places import Caller, Faults, Folder, caller_at
from tests.stores.valkey_process import valkey_at


@pytest.fixture(scope="package")
def folder() -> Iterator[Folder]:
    with TemporaryDirectory() as name:  # pytest's own folders are too long for a socket
        yield Folder(Path(name))


@pytest.fixture(scope="package")
async def valkey_url(folder: Folder) -> AsyncIterator[str]:
    async with valkey_at(folder.path) as (url, _):
        yield url


@pytest.fixture(scope="package")
async def crm(folder: Folder) -> AsyncIterator[Folder]:
    async with folder.sandbox():
        yield folder


@pytest.fixture(scope="package")
async def twins(crm: Folder, valkey_url: str) -> AsyncIterator[tuple[Caller, Caller]]:
    """A caller before each of two transcoders."""
    async with (
        crm.transcoder("one", valkey_url, "--patient"),
        crm.transcoder("two", valkey_url, "--patient"),
        caller_at(crm.socket("one")) as one,
        caller_at(crm.socket("two")) as two,
    ):
        yield one, two


@pytest.fixture(scope="package")
def caller(twins: tuple[Caller, Caller]) -> Caller:
    return twins[0]


@pytest.fixture(scope="package")
async def hasty(crm: Folder, valkey_url: str) -> AsyncIterator[Caller]:
    """A caller before a transcoder whose deadlines are short."""
    async with crm.transcoder("hasty", valkey_url), caller_at(crm.socket("hasty")) as caller:
        yield caller


@pytest.fixture
async def faults(crm: Folder) -> AsyncIterator[Faults]:
    """The CRM's faults; none is left behind."""
    async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(crm.socket("sandbox")))) as session:
        faults = Faults(session)
        yield faults
        await faults.clear()
