"""`python -m benchmarks.token_endpoint [DATABASE_URL]`: CPU time of the authorization server for requests of each kind.

A process of its own on a socket, without Envoy; one client, one request at a time. The database is a new SQLite file,
or an empty PostgreSQL database of yours, whose own time is not counted.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from benchmarks.load import cpu_us
from benchmarks.where import ROOT, made_with
from contract.oauth import GRANT_LIFETIME_S
from contract.vocabulary import TenantId, UserId
from infra.process.keys import new_signing_key, write_private
from oauth.protocol.clients import Client, ClientKind
from oauth.store.clients import register
from oauth.store.database import Database, database_url
from oauth.store.grants import Grant, create_grant, new_refresh
from oauth.tokens.opaque import digest, new_secret

ROUNDS, REQUESTS = 5, 100
SCOPE = ("contacts:read",)
SECRET = new_secret()
BUSINESS, USER, SERVICE_USER = TenantId(1), UserId(11), UserId(2**52)
FORM = {"client_secret": SECRET}


@dataclass
class Server:
    """A running authorization server, its database and a client of it."""

    process: subprocess.Popen[bytes]
    database: Database
    http: aiohttp.ClientSession
    app: str = ""
    refresh_token: str = ""
    asked: int = 0

    async def post(self, path: str, **form: str) -> dict[str, str]:
        """One request, from an address that has not asked before."""
        self.asked += 1
        # Each of a hundred clients in turn: none may ask more than 120 times a minute.
        form = {name: value.replace("#", str(self.asked % 100)) for name, value in form.items()}
        headers = {"x-gw-client-address": str(self.asked)}
        async with self.http.post(f"http://oauth{path}", data={**FORM, **form}, headers=headers) as answer:
            if answer.status != 200:
                raise RuntimeError(await answer.text())
            return dict(await answer.json())


async def client_credentials(server: Server) -> None:
    """A service's token."""
    await server.post("/token", client_id="svc_#", grant_type="client_credentials")


async def refresh(server: Server) -> None:
    """A refresh, with rotation."""
    got = await server.post(
        "/token", client_id=server.app, grant_type="refresh_token", refresh_token=server.refresh_token
    )
    server.refresh_token = got["refresh_token"]


async def introspect(server: Server) -> None:
    """A look at a refresh token."""
    await server.post("/introspect", client_id="svc_#", token=server.refresh_token)


KINDS: tuple[tuple[str, Callable[[Server], Awaitable[None]]], ...] = (
    ("client_credentials", client_credentials),
    ("refresh_token", refresh),
    ("introspection of a refresh token", introspect),
)


def main(url: str | None) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = url or f"sqlite:///{folder}/oauth.db"
        environment = _furnish(folder, database)
        subprocess.run([sys.executable, "-m", "oauth", "migrate"], env=environment, cwd=ROOT, check=True)
        process = subprocess.Popen([sys.executable, "-m", "oauth"], env=environment, cwd=ROOT)
        try:
            while not (folder / "oauth.sock").exists():
                time.sleep(0.05)
            asyncio.run(_asked(process, database, str(folder / "oauth.sock")))
        finally:
            process.terminate()
            process.wait()


async def _asked(process: subprocess.Popen[bytes], database: str, socket: str) -> None:
    async with (
        Database(database_url(database)) as opened,
        aiohttp.ClientSession(connector=aiohttp.UnixConnector(socket)) as http,
    ):
        await _register(opened)
        await _measure(Server(process, opened, http))


async def _measure(server: Server) -> None:
    lines = [made_with(), "| request | CPU µs | wall ms |", "| --- | --- | --- |"]
    found: dict[str, list[tuple[float, float]]] = {name: [] for name, _ in KINDS}
    for number in range(ROUNDS):
        server.app = f"app_{number}"
        server.refresh_token = await _a_refresh_token(server.database, server.app)
        for name, kind in KINDS:
            began_us, began_s = cpu_us(server.process.pid), time.perf_counter()
            for _ in range(REQUESTS):
                await kind(server)
            took_s = time.perf_counter() - began_s
            found[name].append(((cpu_us(server.process.pid) - began_us) / REQUESTS, took_s / REQUESTS * 1000))
    for name, rounds in found.items():
        cpu, wall = (statistics.median(column) for column in zip(*rounds, strict=True))
        lines.append(f"| {name} | {cpu:.0f} | {wall:.1f} |")
    sys.stdout.write("\n".join([*lines, ""]))


def _furnish(folder: Path, database: str) -> dict[str, str]:
    (folder / "signing").mkdir()
    write_private(folder / "id.key", b"5a" * 32)
    write_private(folder / "signing" / "signing.pem", new_signing_key())
    user = {"id": USER, "role": "admin", "active": True}
    (folder / "directory.json").write_text(json.dumps({"businesses": [{"id": 1, "plan": "scale", "users": [user]}]}))
    return {
        "PATH": os.environ["PATH"],
        "LISTEN": f"unix:{folder}/oauth.sock",
        "INTERNAL_LISTEN": f"unix:{folder}/inside.sock",
        "PUBLIC_API_URL": "https://api.example",
        "PUBLIC_AUTH_URL": "https://auth.example",
        "ID_KEY_FILE": f"{folder}/id.key",
        "OAUTH_DATABASE_URL": database,
        "SIGNING_KEYS_DIR": f"{folder}/signing",
        "DIRECTORY_FILE": f"{folder}/directory.json",
        "LOCAL_MODE": "1",
        "LOG_LEVEL": "error",
    }


async def _register(database: Database) -> None:
    clients = [_client(f"svc_{number}", ClientKind.SERVICE, UserId(SERVICE_USER + number)) for number in range(100)]
    apps = [_client(f"app_{number}", ClientKind.MARKETPLACE, None) for number in range(ROUNDS)]
    async with database.write() as connection:
        for client in (*clients, *apps):
            await register(connection, client, by=None, now_s=int(time.time()))


def _client(client_id: str, kind: ClientKind, service_user: UserId | None) -> Client:
    return Client(
        id=client_id,
        number=0,
        name=client_id,
        kind=kind,
        native=False,
        owner=BUSINESS,
        business=BUSINESS if service_user else None,
        service_user=service_user,
        service_role="member" if service_user else None,
        redirect_uris=(),
        scope=SCOPE,
        secret_hash=digest(SECRET),
        previous_secret_hash=None,
        previous_secret_until_s=0,
        disabled=False,
    )


async def _a_refresh_token(database: Database, app: str) -> str:
    now_s = int(time.time())
    async with database.write() as connection:
        grant_id = await create_grant(connection, app, USER, BUSINESS, SCOPE, now_s=now_s)
        grant = Grant(grant_id, app, USER, BUSINESS, SCOPE, ends_at_s=now_s + GRANT_LIFETIME_S, revoked=False)
        return await new_refresh(connection, grant, None, now_s=now_s)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
