"""An edge that stands: Envoy between real authz, oauth and Valkey, and a transcoder that only tells what arrived."""

import asyncio
import json
import os
import secrets
import ssl
import sys
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import jwt
import trustme
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec

from contract.claims import TOKEN_TYPE
from contract.ids import IdCodec
from contract.operations import SCOPES
from contract.vocabulary import TenantId, UserId
from infra.process.address import TcpAddress, UnixAddress
from oauth.keys.jwks import read_signing_key
from oauth.tokens.mint import Mint, TokenSpec
from tests.envoy.echo import echo
from tests.oauth.key_files import pem, private
from tests.stores.valkey_process import valkey_at
from tests.support.agreement import assert_agree
from tests.support.feed import feed_socket, serving_feed
from tests.support.hushed import assert_none_tells, hush
from tests.support.processes import free_ports, running

ENVOY = Path(sys.prefix) / f"lib/python3.{sys.version_info.minor}/site-packages/envoy/_bin/envoy"
NEIGHBOURS = ("oauth", "authz-1", "authz-2", "authz-3")
LOG_WITHIN_S = 10.0
UNTIL_S = 30.0
_POLL_S = 0.02


@dataclass(frozen=True)
class Edge:
    """A running edge and what is needed to speak to it; `processes` may be broken, by name."""

    folder: Path
    api_port: int
    auth_port: int
    mint: Mint
    tls: ssl.SSLContext
    http: httpx.AsyncClient
    processes: dict[str, Process]
    transcoders: dict[str, web.AppRunner]
    valkey_url: str

    @property
    def api_url(self) -> str:
        return self.mint.audience

    def claims(self, **changes: Any) -> dict[str, Any]:
        """The claims of a good token, with a budget of its own; a change to None takes the claim away."""
        order = TokenSpec(
            tenant=TenantId(1),
            subject=UserId(11),
            role="admin",
            scopes=tuple(scope.name for scope in SCOPES),
            plan="scale",
            ttl_s=3600,
            jti=secrets.token_hex(8),
            rate_key=secrets.token_hex(8),
        )
        claims = self.mint.claims(order, now_s=int(time.time())) | changes
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, **changes: Any) -> str:
        token = self.mint.sign(self.claims(**changes))
        hush(token)
        return token

    def sign_otherwise(self, claims: Mapping[str, Any], *, key: Any = None, **header: Any) -> str:
        """A token under another header, or of another key."""
        own = self.mint.key
        headers = {"typ": TOKEN_TYPE, "kid": own.id} | header
        token = jwt.encode(dict(claims), key or own.private, algorithm=own.algorithm, headers=headers)
        hush(token)
        return token

    async def get(self, path: str, *, headers: Mapping[str, str] | None = None, **options: Any) -> httpx.Response:
        """GET with a good token, by HTTP/2."""
        return await self.send("GET", path, headers=headers, **options)

    async def send(self, method: str, path: str, *, headers: Any = None, **options: Any) -> httpx.Response:
        own = {"Authorization": f"Bearer {self.token()}"}
        return await self.http.request(method, path, headers=own | dict(headers or {}), **options)

    async def arrived(self, path: str = "/v1/contacts", *, headers: Any = None) -> list[tuple[str, str]]:
        """The headers with which a request reaches the transcoder."""
        own = [("Authorization", f"Bearer {self.token()}")]
        answer = await self.http.get(path, headers=[*own, *(headers or [])])
        assert answer.status_code == 200, answer.text
        return [(name.lower(), value) for name, value in answer.json()["headers"]]

    async def raw(self, message: bytes, *, within_s: float = 10.0) -> httpx.Response:
        """What HTTP/1.1 answers to these very bytes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.api_port, ssl=self.tls)
        try:
            writer.write(message)
            async with asyncio.timeout(within_s):
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                first, *lines = head.strip().split("\r\n")
                headers = [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
                length = int(dict(headers).get("content-length", "0"))
                body = await reader.readexactly(length)
        finally:
            writer.close()
        return httpx.Response(int(first.split()[1]), headers=headers, content=body)

    async def logged(self, trace_id: str) -> dict[str, Any]:
        """The access log's line about a request, once it is written."""
        async with asyncio.timeout(LOG_WITHIN_S):
            while True:
                for line in (self.folder / "envoy.log").read_text().splitlines():
                    if trace_id in line and '"event":"request"' in line:
                        return dict(json.loads(line))
                await asyncio.sleep(_POLL_S)


async def until(
    condition: Callable[[], Awaitable[bool]], what: str, *, within_s: float = UNTIL_S, every_s: float = _POLL_S
) -> None:
    """Wait for a condition."""
    ends_s = time.monotonic() + within_s
    while not await condition():
        assert time.monotonic() < ends_s, f"waited in vain for {what}"
        await asyncio.sleep(every_s)


@asynccontextmanager
async def standing_edge(
    *,
    neighbours: Sequence[str] = NEIGHBOURS,
    valkey_url: str = "",
    log_url: str = "",
    front: str = "lean",
    **options: int | str,
) -> AsyncIterator[Edge]:
    """An edge of its own, on free ports, with a Valkey of its own or another's; `options` go to the rendering.

    `log_url`: the database that has the revocation log, if not a file beside; `front`: what authz answers Envoy by.
    """
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="edge-")))
        stack.callback(assert_none_tells, folder)
        dead: set[str] = set()
        stack.callback(lambda: assert_agree(folder, killed=frozenset(dead), parts=("envoy", "authz")))
        api_port, auth_port = free_ports(2)
        mint = _mint(folder, api_port, auth_port)
        authority = trustme.CA()
        certificate(authority, folder)
        transcoders = {name: await serve_echo(folder, name) for name in ("transcoder-1", "transcoder-2")}
        for runner in transcoders.values():
            stack.push_async_callback(runner.cleanup)
        url = valkey_url or (await stack.enter_async_context(valkey_at(folder)))[0]
        await stack.enter_async_context(serving_feed(folder, url=log_url))
        processes = {
            name: await stack.enter_async_context(neighbour(folder, name, mint, url, front)) for name in neighbours
        }
        # By default two that are asked, so that what they count together is seen, and the spare.
        decide = max(1, sum(name.startswith("authz-") for name in neighbours))
        processes["envoy"] = await stack.enter_async_context(
            _envoy(folder, mint, api_port, auth_port, {"authz_processes": decide, **options})
        )
        # A context of its own: the client sets there which protocols it offers.
        # What is compressed is no matter of size here: whoever wants it asks.
        plain = {"Accept-Encoding": "identity"}
        http = httpx.AsyncClient(
            base_url=mint.audience, verify=_trusting(authority), headers=plain, http2=True, timeout=30
        )
        await stack.enter_async_context(http)
        stack.callback(lambda: dead.update(_died(processes)))
        yield Edge(folder, api_port, auth_port, mint, _trusting(authority), http, processes, transcoders, url)


def _died(processes: Mapping[str, Process]) -> Iterator[str]:
    """The parts that have ended while their tests still ran."""
    return (name.partition("-")[0] for name, process in processes.items() if process.returncode is not None)


async def serve_echo(folder: Path, name: str) -> web.AppRunner:
    """A stand-in for one transcoder."""
    runner = web.AppRunner(echo(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.UnixSite(runner, str(folder / f"{name}.sock")).start()
    return runner


@asynccontextmanager
async def neighbour(
    folder: Path, name: str, mint: Mint, valkey_url: str, front: str = "lean"
) -> AsyncIterator[Process]:
    """The real oauth, or one real authz."""
    socket = folder / f"{name}.sock"
    environment = {
        "PATH": os.environ["PATH"],
        "LISTEN": f"unix:{socket}",
        "PUBLIC_API_URL": mint.audience,
        "PUBLIC_AUTH_URL": mint.issuer,
        "SIGNING_KEYS_DIR": str(folder / "signing"),
        "ID_KEY_FILE": str(folder / "id.key"),
        "OAUTH_DATABASE_URL": f"sqlite:///{folder}/oauth.db",
        # The feed is served beside, so that oauth can be missing and authz not.
        "INTERNAL_LISTEN": f"unix:{folder}/oauth-aside.sock",
        "REVOCATIONS_FEED": f"unix:{feed_socket(folder)}",
        "REVOCATIONS_FILE": str(folder / f"{name}.revocations.json"),
        "VALKEY_URL": valkey_url,
        "AUTHZ_AT_WORK": "2",
        "GRPC_FRONT": front,
        "LOG_ALLOWED_SHARE": "1",
        # What is counted here is exact however busy the machine is.
        "LIMITS_TIMEOUT_MS": "5000",
    }
    command = [sys.executable, "-m", name.partition("-")[0]]
    async with running(command, environment, ready=UnixAddress(socket), log=folder / f"{name}.log") as process:
        yield process


@asynccontextmanager
async def _envoy(
    folder: Path, mint: Mint, api_port: int, auth_port: int, options: Mapping[str, int | str]
) -> AsyncIterator[Process]:
    await render(
        folder / "envoy.yaml",
        api_url=mint.audience,
        auth_url=mint.issuer,
        api_port=api_port,
        auth_port=auth_port,
        socket_dir=folder,
        certificate=folder / "server.pem",
        private_key=folder / "server.key",
        certificate_source=folder / "certificate.yaml",
        **options,
    )
    command = [
        *(str(ENVOY), "-c", str(folder / "envoy.yaml"), "--concurrency", "1", "--disable-hot-restart"),
        *("--file-flush-interval-msec", "20"),
    ]
    address = TcpAddress(str(options.get("bind", "127.0.0.1")), api_port)
    async with running(command, {}, ready=address, log=folder / "envoy.log") as process:
        yield process


async def validate(configuration: Path) -> tuple[int, str]:
    """What Envoy itself says of a configuration, without running it."""
    process = await asyncio.create_subprocess_exec(
        *(str(ENVOY), "--mode", "validate", "-c", str(configuration), "--disable-hot-restart"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await process.communicate()
    return await process.wait(), told.decode(errors="replace")


async def render(out: Path, **options: object) -> None:
    """`python -m envoy_config --out`, with options as they are named in a `Deployment`."""
    words = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "envoy_config", "--out", str(out), *words)
    assert await process.wait() == 0


def _mint(folder: Path, api_port: int, auth_port: int) -> Mint:
    text, id_key = pem(ec.generate_private_key(ec.SECP256R1())), secrets.token_bytes(32)
    (folder / "signing").mkdir()
    private(folder / "signing" / "signing.pem", text)
    (folder / "id.key").write_text(id_key.hex())
    return Mint(
        issuer=f"https://localhost:{auth_port}",
        audience=f"https://localhost:{api_port}",
        ids=IdCodec(id_key),
        key=read_signing_key(text),
    )


def _trusting(authority: trustme.CA) -> ssl.SSLContext:
    tls = ssl.create_default_context()
    authority.configure_trust(tls)
    return tls


def certificate(authority: trustme.CA, folder: Path) -> None:
    authority.cert_pem.write_to_path(folder / "ca.pem")
    issued = authority.issue_cert("localhost", "127.0.0.1", "::1")
    issued.private_key_pem.write_to_path(folder / "server.key")
    (folder / "server.pem").write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
