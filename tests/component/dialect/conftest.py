"""The dialect before a real CRM: the stand-in, as a process of its own on a UNIX socket."""

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from msgspec.structs import replace

from contract.operations import PERMISSIONS
from contract.roles import ROLES, effective_permissions
from contract.vocabulary import TenantId, TraceId, UserId
from infra.process.address import UnixAddress
from tests.support.processes import running
from tests.support.quiet_log import QUIET
from transcoder.backend.credentials import Credentials
from transcoder.backend.interface import Actor
from transcoder.backend.upstream import http_upstream
from transcoder.dialect import DIALECTS
from transcoder.dialect.backend import CrmBackend

BUSINESS = 1
ADMIN, MANAGER, MEMBER, INACTIVE = 11, 12, 13, 15


def an_actor(user: int = ADMIN, role: str = "admin", tenant: int = BUSINESS) -> Actor:
    """A user of a business, with ten seconds from now."""
    permissions = " ".join(sorted(effective_permissions(ROLES[role], None, PERMISSIONS)))
    deadline_s = asyncio.get_running_loop().time() + 10
    return Actor(TenantId(tenant), UserId(user), permissions, role, TraceId("a-test"), deadline_s)


@pytest.fixture
async def actor() -> Actor:
    return an_actor()


@pytest.fixture
async def member() -> Actor:
    return an_actor(MEMBER, "member")


@pytest.fixture(scope="session")
async def socket() -> AsyncIterator[Path]:
    """Where a CRM listens for the whole session."""
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders are too long for a socket
        path = Path(name) / "crm.sock"
        environment = {
            "PATH": os.environ["PATH"],
            "LISTEN": f"unix:{path}",
            "DATABASE_URL": f"sqlite+aiosqlite:///{name}/crm.db",
            "DIRECTORY_FILE": "sandbox/directory.json",
        }
        command = [sys.executable, "-m", "sandbox"]
        async with running(command, environment, ready=UnixAddress(path), log=Path(name) / "log"):
            yield path


@pytest.fixture(scope="session")
async def crm(socket: Path) -> AsyncIterator[CrmBackend]:
    """The dialect, over a pool that is closed at the end."""
    upstream = http_upstream(f"unix:{socket}", Credentials().open(QUIET))
    yield CrmBackend(upstream, DIALECTS)
    await upstream.close()


class Faults:
    """Sets what goes wrong in the CRM."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    @asynccontextmanager
    async def set(self, **fault: Any) -> AsyncIterator[None]:
        """While the block lasts."""
        async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(self._socket))) as session:
            (await session.put("http://crm/faults", json=fault)).raise_for_status()
            try:
                yield
            finally:
                await session.delete("http://crm/faults")


@pytest.fixture
def faults(socket: Path) -> Faults:
    return Faults(socket)


def hurried(actor: Actor, left_s: float) -> Actor:
    """The same, with less time."""
    return replace(actor, deadline_s=asyncio.get_running_loop().time() + left_s)
