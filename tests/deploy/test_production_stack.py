"""The gateway as production's pods run it: their own commands, settings and files, with neighbours behind TLS."""

import asyncio
import os
import re
import ssl
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest
import trustme
from redis.asyncio import Redis

from contract.headers import VERSION
from contract.versions import LATEST_VERSION
from infra.process.address import Address, TcpAddress, parse_address
from oauth.store.database import Database, database_url
from oauth.store.schema import migrate
from tests.component.transcoder.places import Folder
from tests.deploy.manifests import ROOT, needs_kubectl
from tests.deploy.production import ETC, RUN, environment, mount, programs, settings, site, under
from tests.envoy.standing import ENVOY
from tests.stores.test_valkey_secured import WORD, the_guides_user
from tests.stores.valkey_process import valkey_at
from tests.support.processes import free_ports, running
from tests.support.tls_relay import tls_before

pytestmark = needs_kubectl
AUTH_URL = "https://auth.example"
A_DAY, DAY_S = 200_000, 86_400
"""What the token's plan has for a day."""


@dataclass(frozen=True)
class Stack:
    """The whole of it, before a client that trusts its certificate."""

    http: httpx.AsyncClient
    watch: httpx.AsyncClient


@pytest.fixture(scope="module")
async def stack() -> AsyncIterator[Stack]:
    async with AsyncExitStack() as around:
        root = Path(around.enter_context(TemporaryDirectory(prefix="site-")))  # pytest's own are too long for a socket
        authority = trustme.CA()
        valkey = await around.enter_async_context(secured_valkey(root, authority))
        crm = await around.enter_async_context(guarded_crm(root, authority))
        ca = under(root, f"{ETC}/valkey/ca.crt")
        secret = {"url": f"rediss://gateway:{WORD}@localhost:{valkey}?ssl_ca_certs={ca}"}
        records = f"sqlite:///{root}/oauth.db"
        mount(root, authority, gateway_valkey=secret, oauth_database={"url": records})
        async with Database(database_url(records)) as database:
            await migrate(database)
        Path(under(root, RUN)).mkdir(parents=True)
        api, oauth, inside, watch, admin, metrics = free_ports(6)
        told = {
            "PUBLIC_API_URL": f"https://localhost:{api}",
            "PUBLIC_AUTH_URL": AUTH_URL,
            "INTERNAL_URL": f"https://localhost:{crm}",
            "REVOCATIONS_FEED": f"tcp:127.0.0.1:{inside}",
            # Beside other tests Valkey may take longer than at work: a count would be authz's own, a key refused.
            "LIMITS_TIMEOUT_MS": "2000",
            "STORE_TIMEOUT_MS": "2000",
        }
        # An authz does not listen before it has heard from oauth what is revoked.
        for _, container in sorted(programs(), key=lambda each: each[1].name != "oauth"):
            own = environment(container, root) | told | {"PATH": os.environ["PATH"]}
            if container.name == "oauth":
                own |= {"LISTEN": f"tcp:127.0.0.1:{oauth}", "INTERNAL_LISTEN": f"tcp:127.0.0.1:{inside}"}
                own |= {"METRICS_LISTEN": f"tcp:127.0.0.1:{metrics}"}  # a pod of its own has the port to itself
            ready = parse_address(own["LISTEN"])
            await around.enter_async_context(program(container.spec["command"], own, ready, root / container.name))
        ports = {"api-port": api, "auth-port": api, "watch-port": watch, "admin-port": admin}
        options = ports | {"oauth": f"127.0.0.1:{oauth}", "bind": "127.0.0.1", "socket-dir": under(root, RUN)}
        configuration = rendered(root, told, options)
        envoy = [str(ENVOY), "-c", str(configuration), "--concurrency", "1", "--disable-hot-restart"]
        await around.enter_async_context(program(envoy, {}, TcpAddress("127.0.0.1", api), root / "envoy"))
        trust = ssl.create_default_context()
        authority.configure_trust(trust)
        headers = {"Authorization": f"Bearer {token(root, told)}", VERSION.name: LATEST_VERSION.date}
        http = httpx.AsyncClient(base_url=told["PUBLIC_API_URL"], verify=trust, headers=headers, timeout=30)
        yield Stack(
            await around.enter_async_context(http),
            await around.enter_async_context(httpx.AsyncClient(base_url=f"http://127.0.0.1:{watch}")),
        )


def program(
    command: list[str], own: dict[str, str], ready: Address, log: Path
) -> AbstractAsyncContextManager[asyncio.subprocess.Process]:
    """A container's command, by the Python that runs these tests."""
    words = [sys.executable if word == "python" else word for word in command]
    return running(words, own, ready=ready, log=log.with_suffix(".log"))


@asynccontextmanager
async def secured_valkey(root: Path, authority: trustme.CA) -> AsyncIterator[int]:
    """Its port: TLS only, and for the guide's user only."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    async with valkey_at(root) as (url, _):
        async with Redis.from_url(url) as operator:
            await operator.execute_command(*the_guides_user())
            await operator.execute_command("ACL", "SETUSER", "default", "off")
        async with tls_before(root / "valkey.sock", context) as port:
            yield port


@asynccontextmanager
async def guarded_crm(root: Path, authority: trustme.CA) -> AsyncIterator[int]:
    """Its port: only for who shows a certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    async with Folder(root).sandbox("crm"), tls_before(root / "crm.sock", context) as port:
        yield port


def rendered(root: Path, told: dict[str, str], options: dict[str, str | int]) -> Path:
    """What the first container of the pod makes, at other addresses."""
    (command,) = (
        each.spec["command"] for pod in site().pods() for each in pod.containers() if each.name == "envoy-configuration"
    )
    variables = settings() | told
    words = [re.sub(r"\$\((\w+)\)", lambda found: variables[found[1]], under(root, word)) for word in command]
    Path(under(root, f"{ETC}/envoy")).mkdir()
    own = [f"--{name}={value}" for name, value in options.items()]  # the last word wins
    subprocess.run([sys.executable, *words[1:], *own], cwd=ROOT, check=True, timeout=30)
    return Path(under(root, f"{ETC}/envoy/envoy.yaml"))


def token(root: Path, told: dict[str, str]) -> str:
    """A token by the deployment's own keys, as production mints none."""
    (container,) = (each for _, each in programs() if each.name == "oauth")
    local = {"LOCAL_MODE": "1", "DIRECTORY_FILE": "sandbox/directory.json", "PATH": os.environ["PATH"]}
    command = [sys.executable, "-m", "oauth", "token"]
    done = subprocess.run(
        command, env=environment(container, root) | told | local, cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


async def test_a_pod_is_ready_when_a_decision_and_an_answer_come_back(stack: Stack) -> None:
    assert (await stack.watch.get("/readyz")).status_code == 200


async def test_a_keyed_create_reaches_the_internal_service_once(stack: Stack) -> None:
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    first = await stack.http.post("/v1/contacts", json={"first_name": "Ada"}, headers=headers)
    assert first.status_code == 201, first.text
    again = await stack.http.post("/v1/contacts", json={"first_name": "Ada"}, headers=headers)
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
    assert again.json()["data"]["id"] == first.json()["data"]["id"]


async def test_limits_are_counted_in_valkey(stack: Stack) -> None:
    """Two authz processes, one count: each answer has one less, but for what a day's budget gets back meanwhile."""
    began_s, calls = time.monotonic(), 20
    left = [int((await stack.http.get("/v1/contacts")).headers["X-RateLimit-Daily-Remaining"]) for _ in range(calls)]
    back = ceil((time.monotonic() - began_s) * A_DAY / DAY_S)
    assert calls - 1 - back <= left[0] - left[-1] < calls
