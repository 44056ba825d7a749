"""Reaching a service: its addresses in turn, a deadline for connecting, and who it proves to be."""

import asyncio
import datetime
import socket as sockets
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme

from infra.httpclient import client as own
from tests.support.quiet_log import QUIET
from tests.support.waiting import until
from tests.upstream import aiohttp_client
from tests.upstream.clients import CLIENTS
from tests.upstream.wire import GOOD, Service, ask, trouble
from transcoder.backend.credentials import RELOAD_EVERY_S, Credentials
from transcoder.backend.upstream import http_upstream

UNAVAILABLE = ("upstream-unavailable", "not-applied")
NAME = "service.test"


@asynccontextmanager
async def listening(context: ssl.SSLContext | None = None) -> AsyncIterator[tuple[Service, int]]:
    """A service at 127.0.0.1, and its port."""
    service = Service()
    service.says(GOOD)
    server = await asyncio.start_server(service.converse, "127.0.0.1", 0, ssl=context)
    yield service, server.sockets[0].getsockname()[1]
    server.close()
    for writer in list(service.connections):
        writer.transport.abort()


@pytest.fixture
def resolved(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses of `service.test`."""
    addresses: list[str] = []
    really = sockets.getaddrinfo

    def resolve(host: Any, port: Any, *more: Any, **and_more: Any) -> list[Any]:
        if host != NAME:
            return really(host, port, *more, **and_more)
        if not addresses:
            raise sockets.gaierror(sockets.EAI_NONAME, "no such name")
        return [(sockets.AF_INET, sockets.SOCK_STREAM, 6, "", (each, port)) for each in addresses]

    monkeypatch.setattr(sockets, "getaddrinfo", resolve)
    return addresses


@pytest.fixture
def hasty(patient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (own, aiohttp_client):
        monkeypatch.setattr(module, "CONNECT_TIMEOUT_S", 0.5)


@pytest.mark.parametrize("first", [["127.0.0.2"], ["127.0.0.2", "127.0.0.3"], []])
async def test_the_next_address_is_asked_where_one_refuses(client: str, resolved: list[str], first: list[str]) -> None:
    resolved += [*first, "127.0.0.1"]
    async with listening() as (service, port):
        upstream = http_upstream(f"http://{NAME}:{port}", Credentials().open(QUIET), make=CLIENTS[client])
        for _ in range(3):
            assert (await ask(upstream, "POST", body=b"{}")).body == b"good"
            for writer in list(service.connections):
                writer.transport.abort()
            await until(lambda: not service.connections, "the connection to end")
            await asyncio.sleep(0.01)
        await upstream.close()


async def test_nothing_is_sent_where_no_address_answers_or_there_is_none(client: str, resolved: list[str]) -> None:
    upstream = http_upstream(f"http://{NAME}:1", Credentials().open(QUIET), make=CLIENTS[client])
    assert await trouble(upstream, "POST", body=b"{}") == UNAVAILABLE
    resolved += ["127.0.0.2", "127.0.0.3"]
    assert await trouble(upstream, "POST", body=b"{}") == UNAVAILABLE
    await upstream.close()


@asynccontextmanager
async def silent() -> AsyncIterator[int]:
    """A port of 127.0.0.1 that answers nothing to whoever would connect: its queue is full."""
    with sockets.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = []
        for _ in range(3):
            one = sockets.socket()
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
            waiting.append(one)
        yield port
        for one in waiting:
            one.close()


@pytest.mark.usefixtures("hasty")
async def test_connecting_has_a_deadline_of_its_own(client: str) -> None:
    async with silent() as port:
        upstream = http_upstream(f"http://127.0.0.1:{port}", Credentials().open(QUIET), make=CLIENTS[client])
        assert await trouble(upstream, "POST", body=b"{}") == UNAVAILABLE
        assert await trouble(upstream, within_s=0.1) == ("upstream-timeout", "not-applied")
        await upstream.close()


@pytest.mark.usefixtures("hasty")
async def test_a_server_that_says_nothing_to_a_handshake_is_as_good_as_none(client: str, tmp_path: Path) -> None:
    async def hangs(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hangs, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    upstream = http_upstream(f"https://127.0.0.1:{port}", Credentials().open(QUIET), make=CLIENTS[client])
    assert await trouble(upstream, "POST", body=b"{}") == UNAVAILABLE
    await upstream.close()
    server.close()


class House:
    """An authority, what it has issued to a service and to us, and what each demands of the other."""

    def __init__(self, folder: Path) -> None:
        self.authority = trustme.CA()
        self.folder = folder
        (folder / "ca.crt").write_bytes(self.authority.cert_pem.bytes())

    def service(self, host: str, *, asks: bool = False, **more: Any) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.authority.issue_cert(host, **more).configure_cert(context)
        self.authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED if asks else ssl.CERT_NONE
        return context

    def ours(self) -> Credentials:
        issued = self.authority.issue_cert("gateway.example")
        (self.folder / "tls.crt").write_bytes(issued.cert_chain_pems[0].bytes())
        (self.folder / "tls.key").write_bytes(issued.private_key_pem.bytes())
        return Credentials(self.folder / "ca.crt", self.folder / "tls.crt", self.folder / "tls.key")


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_service_that_proves_its_name_is_asked_on_one_connection_and_sees_our_certificate(
    client: str, house: House, host: str
) -> None:
    async with listening(house.service(host, asks=True)) as (service, port):
        upstream = http_upstream(f"https://{host}:{port}", house.ours().open(QUIET), make=CLIENTS[client])
        for _ in range(3):
            assert (await ask(upstream, "POST", body=b"x" * 100_000)).body == b"good"
        assert service.opened == 1
        await upstream.close()


LONG_AGO = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("host", "more"),
    [("elsewhere.example", {}), ("localhost", {"not_after": LONG_AGO})],
    ids=["is another's", "has expired"],
)
async def test_a_service_whose_certificate_is_told_nothing_if_it(
    client: str, house: House, host: str, more: dict[str, Any]
) -> None:
    async with listening(house.service(host, **more)) as (service, port):
        upstream = http_upstream(f"https://localhost:{port}", house.ours().open(QUIET), make=CLIENTS[client])
        assert await trouble(upstream, "POST", body=b"{}") == UNAVAILABLE
        assert service.heard == []
        await upstream.close()


async def test_a_service_of_an_authority_that_we_do_not_know_is_told_nothing(client: str, house: House) -> None:
    async with listening(house.service("localhost")) as (service, port):
        upstream = http_upstream(f"https://localhost:{port}", Credentials().open(QUIET), make=CLIENTS[client])
        assert await trouble(upstream, "POST", body=b"{}") == UNAVAILABLE
        assert service.heard == []
        await upstream.close()


async def test_without_our_certificate_a_service_that_asks_for_one_answers_nothing(client: str, house: House) -> None:
    async with listening(house.service("localhost", asks=True)) as (service, port):
        own_ca = Credentials(house.folder / "ca.crt")
        upstream = http_upstream(f"https://localhost:{port}", own_ca.open(QUIET), make=CLIENTS[client])
        # In TLS 1.3 the refusal comes after our side of the handshake: some of the request may be on its way.
        assert (await trouble(upstream, "POST", body=b"{}"))[0] in ("upstream-invalid", "upstream-unavailable")
        assert service.heard == []
        await upstream.close()


async def test_an_authority_that_was_replaced_is_trusted_no_more(client: str, house: House) -> None:
    clock = Clock()
    shown = Credentials(house.folder / "ca.crt").open(QUIET, lambda: clock.now_s)
    async with listening(house.service("localhost")) as (service, port):
        upstream = http_upstream(f"https://localhost:{port}", shown, make=CLIENTS[client])
        assert (await ask(upstream, "POST", body=b"{}")).body == b"good"
        successor = House(house.folder)  # whose certificate is in the file from here on
        clock.now_s += RELOAD_EVERY_S
        for writer in list(service.connections):
            writer.transport.abort()
        await until(lambda: not service.connections, "the connection to end")
        assert await trouble(upstream, "POST", body=b"{}") == UNAVAILABLE
        await upstream.close()
    async with listening(successor.service("localhost")) as (_, port):
        upstream = http_upstream(f"https://localhost:{port}", shown, make=CLIENTS[client])
        assert (await ask(upstream, "POST", body=b"{}")).body == b"good"
        await upstream.close()


class Clock:
    """Seconds that pass when a test says so."""

    now_s = 0.0
