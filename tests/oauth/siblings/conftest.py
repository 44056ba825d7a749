"""Two authorization servers, each a process of its own, over one PostgreSQL and one folder of signing keys."""

import asyncio
import json
import os
import secrets
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import pytest

from contract.oauth import GRANT_LIFETIME_S
from contract.vocabulary import TenantId, UserId
from infra.process.address import UnixAddress
from oauth.keys.key_files import KeyFolder
from oauth.store.clients import register
from oauth.store.database import Database, database_url
from oauth.store.grants import Grant, create_grant, new_code, new_refresh
from oauth.store.schema import migrate
from oauth.tokens.opaque import digest
from tests.oauth.key_files import private
from tests.oauth.pages.town import BOB_ID, DIRECTORY, NORTH
from tests.oauth.pages.visit import Visit
from tests.oauth.protocol.world import A_CLIENT, CALLBACK, READ, Answer, App, Verifier
from tests.support.hushed import assert_none_tells, hush_fields
from tests.support.postgres import Server
from tests.support.processes import running

NAMES = ("one", "other")
BUSINESS, USER = TenantId(NORTH), UserId(BOB_ID)
"""Of the directory: whoever is there, and active."""


@dataclass(frozen=True)
class Sibling:
    """One of the two, as its clients and as authz meet it."""

    http: aiohttp.ClientSession
    inside: aiohttp.ClientSession

    async def post(self, path: str, form: dict[str, str], address: str = "") -> Answer:
        """A form, from an address that has not asked before unless one is given."""
        headers = {"x-gw-client-address": address or secrets.token_hex(8)}
        async with self.http.post(f"http://oauth{path}", data=form, headers=headers) as answer:
            text = await answer.text()
            found = json.loads(text) if text else {}
            hush_fields({**form, **found})
            return Answer(answer.status, answer.headers, text, found)

    async def events(self, after: str, wait_s: float) -> Any:
        """What the revocation log has after a position, as soon as there is something."""
        asked = {"after": after, "wait_s": str(wait_s)}
        async with self.inside.get("http://oauth/revocations", params=asked) as answer:
            assert answer.status == 200
            return await answer.json()

    def visit(self, address: str) -> Visit:
        """A browser before it."""
        return Visit(self.http, "http://oauth", address)


@dataclass(frozen=True)
class Family:
    """Both, and what they share."""

    siblings: tuple[Sibling, ...]
    url: str
    database: Database
    keys: KeyFolder

    async def an_app(self, **changes: Any) -> App:
        """A client, registered just now."""
        secret = secrets.token_urlsafe(32)
        made = replace(A_CLIENT, id=f"cli_{secrets.token_hex(8)}", scope=(READ,), secret_hash=digest(secret), **changes)
        async with self.database.write() as connection:
            await register(connection, made, by=None, now_s=int(time.time()))
        return App(made.id, secret)

    async def a_code(self, app: App, verifier: Verifier) -> str:
        """As a consent leaves it."""
        now_s = int(time.time())
        async with self.database.write() as connection:
            grant = await create_grant(connection, app.id, USER, BUSINESS, (READ,), now_s=now_s)
            return await new_code(connection, grant, app.id, CALLBACK, verifier.challenge, now_s=now_s)

    async def a_refresh_token(self, app: App) -> str:
        """Of a family of its own."""
        now_s = int(time.time())
        async with self.database.write() as connection:
            number = await create_grant(connection, app.id, USER, BUSINESS, (READ,), now_s=now_s)
            grant = Grant(number, app.id, USER, BUSINESS, (READ,), now_s + GRANT_LIFETIME_S, revoked=False)
            return await new_refresh(connection, grant, None, now_s=now_s)

    async def each(self, times: int, path: str, form: dict[str, str], **more: str) -> list[Answer]:
        """The same form many times at once, to one and the other in turn."""
        asked = (self.siblings[n % len(self.siblings)].post(path, form, **more) for n in range(times))
        return list(await asyncio.gather(*asked))

    async def is_active(self, app: App, token: str) -> set[bool]:
        """What they say of a token."""
        form = {"token": token, **app.fields}
        return {(await each.post("/introspect", form)).json["active"] for each in self.siblings}


@pytest.fixture(scope="session")
async def family(postgres: Server, ec_pem: str) -> AsyncIterator[Family]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="siblings-")))
        stack.callback(assert_none_tells, folder)
        (folder / "signing").mkdir()
        private(folder / "signing" / "signing.pem", ec_pem)
        (folder / "id.key").write_text("5a" * 32)
        (folder / "directory.json").write_text(json.dumps(DIRECTORY))
        url = database_url(postgres.new_database())
        database = await stack.enter_async_context(Database(url))
        await migrate(database)
        siblings = [await sibling(stack, folder, name, url) for name in NAMES]
        yield Family(tuple(siblings), url, database, KeyFolder(folder / "signing"))


async def sibling(stack: AsyncExitStack, folder: Path, name: str, url: str) -> Sibling:
    """One process, and the ways to it."""
    environment = {
        "PATH": os.environ["PATH"],
        "LISTEN": f"unix:{folder}/{name}.sock",
        "INTERNAL_LISTEN": f"unix:{folder}/{name}-in.sock",
        "PUBLIC_API_URL": "https://api.example",
        "PUBLIC_AUTH_URL": "https://auth.example",
        "ID_KEY_FILE": f"{folder}/id.key",
        "OAUTH_DATABASE_URL": url,
        "SIGNING_KEYS_DIR": f"{folder}/signing",
        "DIRECTORY_FILE": f"{folder}/directory.json",
        "LOCAL_MODE": "1",
    }
    command, ready = [sys.executable, "-m", "oauth"], UnixAddress(folder / f"{name}.sock")
    await stack.enter_async_context(running(command, environment, ready=ready, log=folder / f"{name}.log"))
    ways = [
        await stack.enter_async_context(
            aiohttp.ClientSession(
                connector=aiohttp.UnixConnector(str(folder / file)), cookie_jar=aiohttp.DummyCookieJar()
            )
        )
        for file in (f"{name}.sock", f"{name}-in.sock")
    ]
    return Sibling(*ways)
