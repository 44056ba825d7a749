"""A service that listens, on a UNIX socket and on TCP."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from infra.process.address import Address, UnixAddress
from tests.http_server.wire import Service, free_port, served


@pytest.fixture(params=["unix", "tcp"])
def address(request: pytest.FixtureRequest) -> Iterator[Address]:
    if request.param == "tcp":
        yield free_port()
        return
    with TemporaryDirectory() as folder:  # pytest's own folders are too long for a socket
        yield UnixAddress(Path(folder) / "service.sock")


@pytest.fixture
async def service(address: Address) -> AsyncIterator[Service]:
    """One that listens."""
    async with served(address) as service:
        yield service
