"""Each test of this folder is run with every client: what one promises, all keep."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from infra.httpclient import client as own
from tests.support.quiet_log import QUIET
from tests.upstream import aiohttp_client
from tests.upstream.clients import CLIENTS
from tests.upstream.wire import Service
from transcoder.backend import outage
from transcoder.backend.credentials import Credentials
from transcoder.backend.upstream import HttpUpstream, http_upstream


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is busy with other things is no service that cannot be reached."""
    for module in (own, aiohttp_client):
        monkeypatch.setattr(module, "CONNECT_TIMEOUT_S", 20.0)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait out no outage: that is `test_outages`."""
    monkeypatch.setattr(outage, "MAX_WAIT_S", 0.0)


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> str:
    """A client's name."""
    name: str = request.param
    return name


@pytest.fixture
def socket() -> Iterator[Path]:
    with TemporaryDirectory() as folder:  # pytest's own folders are too long for a socket
        yield Path(folder) / "service.sock"


@pytest.fixture
async def service(socket: Path) -> AsyncIterator[Service]:
    service = Service()
    server = await asyncio.start_unix_server(service.converse, socket)
    yield service
    server.close()
    for writer in list(service.connections):
        writer.transport.abort()
    await server.wait_closed()


@pytest.fixture
async def upstream(client: str, socket: Path) -> AsyncIterator[HttpUpstream]:
    """Before the service."""
    upstream = http_upstream(f"unix:{socket}", Credentials().open(QUIET), make=CLIENTS[client])
    yield upstream
    await upstream.close()
