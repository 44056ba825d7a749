"""Real processes on UNIX sockets of one folder, and a caller as the edge and authz describe one to the transcoder."""

import itertools
import json
import os
import sys
import uuid
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp

from contract.ids import IdCodec
from contract.vocabulary import TenantId
from infra.process.address import UnixAddress
from tests.support.processes import running

ID_KEY = bytes(range(32))
CODEC = IdCodec(ID_KEY)
API_URL = "https://api.example"
HASTY = str(Path(__file__).with_name("hasty.py"))
ALL = "contacts:delete contacts:delete_all contacts:read contacts:write contacts:write_all records:assign"
ADMIN, MANAGER, MEMBER = 11, 12, 13  # of business 1 in sandbox/directory.json
ADMIN_OF_2 = 21

_numbers = itertools.count(1)


def fresh(word: str) -> str:
    """A word that no other test has used."""
    return f"{word}-{next(_numbers)}"


@dataclass(frozen=True)
class Folder:
    """Where the processes of a test meet."""

    path: Path

    def socket(self, name: str) -> Path:
        return self.path / f"{name}.sock"

    def sandbox(self, name: str = "sandbox") -> AbstractAsyncContextManager[Process]:
        """The internal CRM, over a database that outlives it."""
        environment = {
            "PATH": os.environ["PATH"],
            "LISTEN": f"unix:{self.socket(name)}",
            "DATABASE_URL": f"sqlite+aiosqlite:///{self.path}/{name}.db",
            "DIRECTORY_FILE": str(Path("sandbox/directory.json").absolute()),
        }
        ready = UnixAddress(self.socket(name))
        return running([sys.executable, "-m", "sandbox"], environment, ready=ready, log=self.path / f"{name}.log")

    def transcoder(
        self, name: str, valkey_url: str, *options: str, internal: str = "sandbox", **settings: str
    ) -> AbstractAsyncContextManager[Process]:
        """A transcoder before that sandbox, or by other settings; hasty, unless `--patient`."""
        (self.path / "id.key").write_text(ID_KEY.hex())
        (self.path / "cursor.keys").write_text("1 " + "ab" * 32)
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path.cwd()),
            "LISTEN": f"unix:{self.socket(name)}",
            "INTERNAL_URL": f"unix:{self.socket(internal)}",
            "OAUTH_INTERNAL_URL": f"unix:{self.socket('nobody')}",
            "VALKEY_URL": valkey_url,
            "PUBLIC_API_URL": API_URL,
            "PUBLIC_AUTH_URL": "https://auth.example",
            "ID_KEY_FILE": str(self.path / "id.key"),
            "CURSOR_KEYS_FILE": str(self.path / "cursor.keys"),
            **settings,
        }
        ready = UnixAddress(self.socket(name))
        return running([sys.executable, HASTY, *options], environment, ready=ready, log=self.path / f"{name}.log")

    def log_of(self, name: str) -> list[dict[str, Any]]:
        """What a process has logged."""
        return [json.loads(line) for line in (self.path / f"{name}.log").read_text().splitlines()]


@dataclass(frozen=True)
class Answer:
    """An answer in whole."""

    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)

    @property
    def data(self) -> Any:
        return self.body["data"]


@dataclass(frozen=True)
class Caller:
    """A user of a business before a transcoder."""

    session: aiohttp.ClientSession
    business: int = 1
    user: int = ADMIN
    permissions: str = ALL
    headers: dict[str, str] = field(default_factory=dict)

    def but(self, **differences: Any) -> "Caller":
        """The same, but for something."""
        return replace(self, **differences)

    def identity(self, operation: str) -> dict[str, str]:
        """What the edge and authz would write."""
        tenant = TenantId(self.business)
        return {
            "X-Request-Id": str(uuid.uuid4()),
            "X-Gw-Operation": f"contacts.{operation}",
            "X-Gw-Business-Id": CODEC.seal("biz", tenant, tenant),
            "X-Gw-Subject": CODEC.seal("usr", tenant, self.user),
            "X-Gw-Permissions": self.permissions,
            "X-Gw-Scopes": self.permissions,
            "X-Gw-Role": "admin",
            "Version": "2026-11-24",
        }

    async def ask(self, operation: str, target: str = "", body: Any = None, **headers: str) -> Answer:
        """One call; `target` is what follows `/v1/contacts`, header names have underscores."""
        method = {"list": "GET", "create": "POST", "get": "GET", "update": "PATCH", "delete": "DELETE"}[operation]
        sent = self.identity(operation) | self.headers
        sent |= {name.replace("_", "-"): text for name, text in headers.items()}
        url = f"http://transcoder/v1/contacts{target}"
        async with self.session.request(method, url, json=body, headers=sent) as response:
            return Answer(response.status, response.headers, await response.read())

    async def create(self, body: Any = None, **headers: str) -> Answer:
        return await self.ask("create", "", {"first_name": "Ada"} if body is None else body, **headers)

    async def get(self, contact_id: str, query: str = "", **headers: str) -> Answer:
        return await self.ask("get", f"/{contact_id}{query}", **headers)

    async def update(self, contact_id: str, patch: Any, **headers: str) -> Answer:
        return await self.ask("update", f"/{contact_id}", patch, **headers)

    async def delete(self, contact_id: str, **headers: str) -> Answer:
        return await self.ask("delete", f"/{contact_id}", **headers)

    async def count(self, query: str) -> int:
        """How many live records a query of a list finds."""
        return int((await self.ask("list", f"?include_total=true&limit=1&{query}")).body["meta"]["total"])


@asynccontextmanager
async def caller_at(socket: Path) -> AsyncIterator[Caller]:
    """An admin of business 1 before the transcoder on that socket."""
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(socket)), timeout=timeout) as session:
        yield Caller(session)


@dataclass(frozen=True)
class Faults:
    """The sandbox's fault endpoint."""

    session: aiohttp.ClientSession

    async def set(self, **fault: Any) -> None:
        async with self.session.put("http://sandbox/faults", json=fault) as response:
            assert response.status < 300, await response.text()

    async def clear(self) -> None:
        async with self.session.delete("http://sandbox/faults") as response:
            assert response.status < 300, await response.text()


def assert_problem(answer: Answer, status: int, code: str, outcome: str | None = None) -> dict[str, Any]:
    """The body of an answer that must be this problem; one that can be retried says what became of the first."""
    assert answer.headers["Content-Type"] == "application/problem+json", answer.raw[:200]
    body: dict[str, Any] = answer.body
    assert (answer.status, body["status"], body["code"]) == (status, status, code), body
    assert body["type"] == f"{API_URL}/problems/{code}"
    assert body["instance"] == f"/v1/requests/{body['trace_id']}"
    assert body["retryable"] is (outcome is not None)
    assert body.get("outcome") == outcome
    if status == 503:
        assert int(answer.headers["Retry-After"]) >= 1
    for word in ("Traceback", "sqlite", ".sock", "/internal/", "E_", "valkey"):
        assert word not in answer.raw.decode()
    return body
