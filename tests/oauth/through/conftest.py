"""The authorization server behind a real Envoy, with two real authz that follow its revocations.

It runs in the test's own process, so that a test can decide what a person would on the pages.
"""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
import structlog
from aiohttp import web

from infra.process.settings import parse_log_level
from oauth.app import assemble
from oauth.dependencies import Dependencies
from oauth.endpoints.throttle import Throttle
from oauth.keys.key_files import KeyFolder
from oauth.keys.key_ring import STAGED_AT_LEAST_S, Purpose
from oauth.store.database import Database, database_url
from tests.envoy.standing import Edge, standing_edge
from tests.oauth.protocol.front import WordFront
from tests.oauth.protocol.world import Town, World

AUTHZ = ("authz-1", "authz-2")


@dataclass
class Wall:
    """The wall's clock."""

    def __call__(self) -> int:
        return int(time.time())


@dataclass(frozen=True)
class Outside:
    """What a client sees, and what stands behind it."""

    edge: Edge
    world: World
    leaked: str
    """The `kid` of a key that has been published from the start, for somebody to steal."""

    @property
    def ca_file(self) -> str:
        return str(self.edge.folder / "ca.pem")

    @property
    def log_file(self) -> Path:
        return self.edge.folder / "oauth.log"

    async def status(self, token: str) -> int:
        """What the API answers to a token."""
        return (await self.edge.get("/v1/contacts", headers={"Authorization": f"Bearer {token}"})).status_code


@pytest.fixture(scope="session")
async def outside() -> AsyncIterator[Outside]:
    """One edge for all tests here."""
    async with standing_edge(neighbours=AUTHZ) as edge:
        town, folder = Town(), edge.folder
        with (folder / "oauth.log").open("w") as file:
            async with Database(database_url(f"sqlite:///{folder}/oauth.db")) as database:
                desk = Dependencies(
                    database=database,
                    keys=KeyFolder(folder / "signing"),
                    login=town,
                    ids=edge.mint.ids,
                    issuer=edge.mint.issuer,
                    audience=edge.mint.audience,
                    throttle=Throttle(lambda: time.monotonic_ns() // 1000),
                    clock=Wall(),
                    log=structlog.wrap_logger(
                        structlog.WriteLogger(file),
                        processors=[structlog.processors.format_exc_info, structlog.processors.JSONRenderer()],
                        wrapper_class=structlog.make_filtering_bound_logger(parse_log_level("debug")),
                    ),
                )
                # Envoy has not heard of any key yet, so that this one need not wait for its next look.
                desk.keys.add("RS256", Purpose.ACCESS, Wall()() - STAGED_AT_LEAST_S)
                leaked = desk.keys.add("ES256", Purpose.PAT, Wall()()).kid
                runner = web.AppRunner(assemble(desk, WordFront(desk)), access_log=None, shutdown_timeout=0.1)
                await runner.setup()
                try:
                    await web.UnixSite(runner, str(folder / "oauth.sock")).start()
                    connector = aiohttp.TCPConnector(ssl=edge.tls)
                    async with aiohttp.ClientSession(connector=connector) as http:
                        yield Outside(edge, World(desk, town, Wall(), http, edge.mint.issuer), leaked)
                finally:
                    await runner.cleanup()


@pytest.fixture
def world(outside: Outside) -> World:
    return outside.world
