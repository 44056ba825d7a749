"""Each test of this folder is run with every server: what one promises, all keep."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from infra.process.address import Address, UnixAddress
from tests.servers.wire import Service, free_port, served
from transcoder.http.servers import SERVERS


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest) -> str:
    """A server's name."""
    name: str = request.param
    return name


@pytest.fixture(params=["unix", "tcp"])
def address(request: pytest.FixtureRequest) -> Iterator[Address]:
    if request.param == "tcp":
        yield free_port()
        return
    with TemporaryDirectory() as folder:  # pytest's own folders are too long for a socket
        yield UnixAddress(Path(folder) / "service.sock")


@pytest.fixture
async def service(server: str, address: Address) -> AsyncIterator[Service]:
    """One that listens."""
    serving: AbstractAsyncContextManager[Service] = served(server, address)
    async with serving as service:
        yield service
