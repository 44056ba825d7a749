"""An internal service behind TLS that wants to know who asks: a client certificate, a bearer token, or both."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme
from cryptography import x509

from tests.component.transcoder.liar import Liar, said
from tests.component.transcoder.places import Caller, Folder, assert_problem, caller_at
from tests.component.transcoder.test_sick_service import CONTACT_ID, GOOD
from tests.support.quiet_log import QUIET
from transcoder.backend.credentials import RELOAD_EVERY_S, Credentials
from transcoder.backend.upstream import HttpUpstream, http_upstream


@dataclass
class Guarded(Liar):
    """A service that remembers under which certificate, by its serial number, and token it was asked."""

    port: int = 0
    shown: list[tuple[int | None, str | None]] = field(default_factory=list)

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raw = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        serial = x509.load_der_x509_certificate(raw).serial_number if raw else None

        async def tell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.shown.append((serial, self.heard[-1][1].get("authorization")))
            await said(GOOD, headers="Connection: close\r\n")(reader, writer)
            writer.close()

        self.tells = [tell]
        await super().converse(reader, writer)


@dataclass
class Papers:
    """What a deployment mounts, from an authority that the service trusts."""

    folder: Path
    authority: trustme.CA = field(default_factory=trustme.CA)

    def __post_init__(self) -> None:
        (self.folder / "ca.crt").write_bytes(self.authority.cert_pem.bytes())
        self.show_token("first-token")

    def renew(self) -> int:
        """Another certificate; returns its serial number."""
        issued = self.authority.issue_cert("gateway.example")
        chain = issued.cert_chain_pems[0].bytes()
        self.put("tls.crt", chain)
        self.put("tls.key", issued.private_key_pem.bytes())
        return x509.load_pem_x509_certificate(chain).serial_number

    def show_token(self, token: str) -> None:
        self.put("token", f"{token}\n".encode())

    def put(self, name: str, content: bytes) -> None:
        """Replaced whole, as a mounted Secret is."""
        (self.folder / f".{name}").write_bytes(content)
        (self.folder / f".{name}").replace(self.folder / name)

    def settings(self, *names: str) -> dict[str, str]:
        files = {"CA": "ca.crt", "CERTIFICATE": "tls.crt", "PRIVATE_KEY": "tls.key", "TOKEN": "token"}
        return {f"INTERNAL_{name}_FILE": str(self.folder / files[name]) for name in names}


@pytest.fixture
def papers(tmp_path: Path) -> Iterator[Papers]:
    yield Papers(tmp_path)


@asynccontextmanager
async def guarded(papers: Papers, *, asks: bool = True, host: str = "localhost") -> AsyncIterator[Guarded]:
    """The service on a port of its own, under a certificate for that host; `asks` for the caller's."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    papers.authority.issue_cert(host).configure_cert(context)
    papers.authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED if asks else ssl.CERT_NONE
    service = Guarded()
    server = await asyncio.start_server(service.converse, "127.0.0.1", 0, ssl=context)
    service.port = server.sockets[0].getsockname()[1]
    try:
        yield service
    finally:
        server.close()
        await server.wait_closed()


@asynccontextmanager
async def asking(folder: Folder, valkey_url: str, service: Guarded, settings: dict[str, str]) -> AsyncIterator[Caller]:
    """A caller before a transcoder before the service."""
    url = f"https://localhost:{service.port}"
    async with (
        folder.transcoder("guarded", valkey_url, INTERNAL_URL=url, **settings),
        caller_at(folder.socket("guarded")) as caller,
    ):
        yield caller


async def test_a_service_that_asks_for_a_certificate_and_a_token_gets_ours(
    folder: Folder, valkey_url: str, papers: Papers
) -> None:
    serial = papers.renew()
    settings = papers.settings("CA", "CERTIFICATE", "PRIVATE_KEY", "TOKEN")
    async with guarded(papers) as service, asking(folder, valkey_url, service, settings) as caller:
        assert (await caller.get(CONTACT_ID)).status == 200
        assert (await caller.create()).status == 201
        assert set(service.shown) == {(serial, "Bearer first-token")}


async def test_without_a_certificate_such_a_service_answers_nothing(
    folder: Folder, valkey_url: str, papers: Papers
) -> None:
    async with guarded(papers) as service, asking(folder, valkey_url, service, papers.settings("CA")) as caller:
        answer = await caller.get(CONTACT_ID)
        assert answer.status in (502, 503), answer.raw
        assert service.shown == []


async def test_a_token_needs_no_certificate(folder: Folder, valkey_url: str, papers: Papers) -> None:
    settings = papers.settings("CA", "TOKEN")
    async with guarded(papers, asks=False) as service, asking(folder, valkey_url, service, settings) as caller:
        assert (await caller.get(CONTACT_ID)).status == 200
        assert service.shown == [(None, "Bearer first-token")]


@pytest.mark.parametrize("host", ["localhost", "elsewhere.example"], ids=["of a foreign authority", "of another host"])
async def test_a_service_under_a_certificate_that_is_not_its_own_is_told_nothing(
    folder: Folder, valkey_url: str, papers: Papers, host: str
) -> None:
    trusted = papers.settings("CA", "TOKEN") if host != "localhost" else papers.settings("TOKEN")
    async with (
        guarded(papers, asks=False, host=host) as service,
        asking(folder, valkey_url, service, trusted) as caller,
    ):
        assert_problem(await caller.create(), 503, "upstream-unavailable", "not-applied")
        assert service.heard == []
        (line,) = [entry for entry in folder.log_of("guarded") if entry.get("code") == "upstream-unavailable"]
        assert "CERTIFICATE_VERIFY_FAILED" in json.dumps(line)
        assert "first-token" not in json.dumps(folder.log_of("guarded"))


class Clock:
    """Stands until it is moved."""

    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@asynccontextmanager
async def client(service: Guarded, papers: Papers, clock: Clock) -> AsyncIterator[HttpUpstream]:
    own = papers.folder
    files = Credentials(own / "ca.crt", own / "tls.crt", own / "tls.key", own / "token")
    upstream = http_upstream(f"https://localhost:{service.port}", files.open(QUIET, clock))
    yield upstream
    await upstream.close()


async def ask(upstream: HttpUpstream) -> None:
    deadline_s = asyncio.get_running_loop().time() + 8
    await upstream.send("GET", "/", {}, None, deadline_s=deadline_s, deadline_header="X-Deadline-Ms", writes=False)


async def test_a_renewed_certificate_and_token_are_shown_without_a_restart(papers: Papers) -> None:
    clock, first = Clock(), papers.renew()
    async with guarded(papers) as service, client(service, papers, clock) as upstream:
        await ask(upstream)
        second = papers.renew()
        papers.show_token("second-token")
        await ask(upstream)
        clock.now_s += RELOAD_EVERY_S
        await ask(upstream)
        assert service.shown == [(first, "Bearer first-token")] * 2 + [(second, "Bearer second-token")]


async def test_half_a_renewal_leaves_what_was_good(papers: Papers) -> None:
    clock, first = Clock(), papers.renew()
    async with guarded(papers) as service, client(service, papers, clock) as upstream:
        await ask(upstream)
        papers.put("token", b"not one word\n")
        clock.now_s += RELOAD_EVERY_S
        await ask(upstream)
        (papers.folder / "token").unlink()
        clock.now_s += RELOAD_EVERY_S
        await ask(upstream)
        papers.show_token("third-token")
        clock.now_s += RELOAD_EVERY_S
        await ask(upstream)
        papers.put("tls.crt", papers.authority.issue_cert("gateway.example").cert_chain_pems[0].bytes())  # not its key
        clock.now_s += RELOAD_EVERY_S
        await ask(upstream)
        assert service.shown == [(first, "Bearer first-token")] * 3 + [(first, "Bearer third-token")] * 2
