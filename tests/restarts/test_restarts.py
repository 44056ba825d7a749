"""Parts start anew, certificates and settings change, everything ends: under load, and no request is lost.

Reads and keyed creates over both protocols; what is not answered by a 2xx is lost. RESTART_REQUESTS and RESTART_RATE (a
second) make it long: `make test-restarts`. One file, so that it is one stack's; what ends that stack comes last.
"""

import asyncio
import json
import logging
import os
import signal
import ssl
import uuid
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import aiohttp
import httpx
import pytest
import trustme

from deploy.local.keys import locate_keys
from deploy.local.run_folder import locate
from infra.process.keys import Keys, write_private
from tests.faults.matrix import note
from tests.restarts.conftest import RATE, REQUESTS, eventually, listens, restart
from tests.spec.operations import CURRENT
from tests.support.stack import Stack
from tests.support.traffic import Traffic, stored_once

ORIGIN = "https://console.example"
PARTS: dict[str, dict[str, str]] = {
    "authz-1": {"REVOCATIONS_MAX_AGE_S": "1800"},
    "authz-2": {},
    "transcoder-1": {"BRAND_NAME": "Anew"},
    "transcoder-2": {},
    "envoy": {"CORS_ORIGINS": ORIGIN},
}
"""What starts anew, and a setting that comes into use by that."""
LOG = logging.getLogger(__name__)


def is_in_use(stack: Stack, traffic: Traffic, part: str, pid: int) -> bool:
    """Whether a part has the setting of `PARTS`."""
    if part != "envoy":
        told = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        return all(f"{name}={text}".encode() in told for name, text in PARTS[part].items())
    asks = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}
    with httpx.Client(verify=traffic.tls, base_url=stack.api_url) as client:
        answer = client.options("/v1/contacts", headers=asks)
    return answer.headers.get("access-control-allow-origin") == ORIGIN


@pytest.mark.parametrize("part", PARTS)
async def test_nothing_is_lost_while_a_new_process_takes_over_from(part: str, renewed: Stack, traffic: Traffic) -> None:
    kind = part.partition("-")[0]
    before = renewed.pids(kind)
    tally = await traffic.while_doing(lambda: restart(renewed, part, **PARTS[part]), rate=RATE, at_least=REQUESTS)
    LOG.info("%s: %s", part, tally)
    note(part, "started anew", tally)
    [pid] = set(renewed.pids(kind)) - set(before)
    assert is_in_use(renewed, traffic, part, pid)
    assert not tally.lost, tally.lost
    assert stored_once(renewed, tally.created)


async def test_neither_a_request_nor_a_token_is_lost_while_the_authorization_server_starts_anew(
    renewed: Stack, traffic: Traffic, service: dict[str, str]
) -> None:
    url, form, statuses, before = f"{renewed.facts['AUTH_URL']}/token", {"grant_type": "client_credentials"}, [], []

    async def mint() -> None:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=traffic.tls)) as session:
            while True:
                async with session.post(url, data=form, headers=service) as answer:
                    statuses.append(answer.status)
                # A client may ask for 120 a minute, and as many ahead.
                await asyncio.sleep(0.5)

    async def restarted() -> None:
        before.append(renewed.pids("oauth"))
        await restart(renewed, "oauth")
        assert renewed.pids("oauth") != before[-1]

    minting = asyncio.create_task(mint())
    tally = await traffic.while_doing(restarted, rate=RATE, at_least=REQUESTS)
    minting.cancel()
    with suppress(asyncio.CancelledError):
        await minting
    LOG.info("oauth: %s, %d tokens", tally, len(statuses))
    note("authorization server", "started anew", f"{tally}, {len(statuses)} tokens")
    assert statuses
    assert set(statuses) == {200}
    assert not tally.lost, tally.lost


async def test_settings_that_cannot_be_used_change_nothing(renewed: Stack, traffic: Traffic) -> None:
    before, said = renewed.pids("authz"), []

    async def try_it() -> None:
        with pytest.raises(AssertionError, match="goes on as it was") as refused:
            await restart(renewed, "authz", REVOCATIONS_MAX_AGE_S="soon")
        said.append(str(refused.value))

    tally = await traffic.while_doing(try_it, rate=RATE, at_least=1)
    assert "REVOCATIONS_MAX_AGE_S" in said[0], "the end of its log says why"
    assert renewed.pids("authz") == before
    assert not tally.lost, tally.lost


Pair = tuple[bytes, bytes]
"""A certificate with its chain, and its key, in PEM."""


@pytest.fixture
def keys(renewed: Stack) -> Keys:
    return locate_keys(locate(renewed.own_folder))


@pytest.fixture
def authority() -> trustme.CA:
    """Another than the one that the stack began with."""
    return trustme.CA()


@pytest.fixture
async def trusting(renewed: Stack, authority: trustme.CA) -> AsyncIterator[Traffic]:
    """Callers that trust both."""
    tls = ssl.create_default_context(cafile=renewed.facts["CA_FILE"])
    authority.configure_trust(tls)
    traffic = Traffic(renewed, tls)
    yield traffic
    traffic.close()


def a_pair(authority: trustme.CA) -> Pair:
    issued = authority.issue_cert("localhost")
    return b"".join(pem.bytes() for pem in issued.cert_chain_pems), issued.private_key_pem.bytes()


async def shown(traffic: Traffic) -> str:
    """The certificate that a new handshake gets, in PEM."""
    _, writer = await asyncio.open_connection("127.0.0.1", traffic.port, ssl=traffic.tls, server_hostname="localhost")
    certificate = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return ssl.DER_cert_to_PEM_cert(certificate)


async def test_a_new_certificate_is_shown_from_the_next_handshake_on(
    renewed: Stack, trusting: Traffic, keys: Keys, authority: trustme.CA
) -> None:
    pairs = [a_pair(authority), (keys.certificate.read_bytes(), keys.private_key.read_bytes())]

    async def renew() -> None:
        for certificate, private_key in pairs:
            # As `mv` does it, one file after the other.
            write_private(keys.certificate, certificate)
            write_private(keys.private_key, private_key)

            async def is_new(certificate: bytes = certificate) -> bool:
                return await shown(trusting) in certificate.decode()

            await eventually(is_new, "the new certificate")

    tally = await trusting.while_doing(renew, rate=RATE, at_least=REQUESTS)
    LOG.info("certificate: %s", tally)
    note("Envoy", "certificate replaced", tally)
    assert not tally.lost, tally.lost


async def test_half_a_pair_changes_nothing(
    renewed: Stack, trusting: Traffic, keys: Keys, authority: trustme.CA
) -> None:
    good, old = keys.certificate.read_bytes(), await shown(trusting)

    def refusals() -> int:
        return renewed.log("envoy").count("Failed to reload certificates")

    before = refusals()
    write_private(keys.certificate, a_pair(authority)[0])

    async def is_refused() -> bool:
        return refusals() > before

    try:
        await eventually(is_refused, "Envoy to say that they do not fit")
        assert await shown(trusting) == old
    finally:
        write_private(keys.certificate, good)


HALF, WHOLE = b"grant_type=client", b"grant_type=client_credentials"


def head(line: str, size: int, **headers: str) -> bytes:
    """A request's head."""
    told = {"Host": "localhost", "Content-Length": str(size), **headers}
    return "\r\n".join([line, *(f"{name}: {text}" for name, text in told.items()), "", ""]).encode()


async def status(reader: asyncio.StreamReader) -> int:
    """Of the answer that comes."""
    async with asyncio.timeout(20):
        return int((await reader.readline()).split()[1])


async def test_an_authorization_server_that_is_told_to_end_answers_what_had_begun(renewed: Stack) -> None:
    path, [pid] = locate(renewed.own_folder).socket("oauth"), renewed.pids("oauth")
    reader, writer = await asyncio.open_unix_connection(path)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    writer.write(head("POST /token HTTP/1.1", len(WHOLE), **form) + HALF)
    await writer.drain()
    os.kill(pid, signal.SIGTERM)

    async def is_leaving() -> bool:
        return not await listens(path)

    await eventually(is_leaving, "it to let nobody in any more")
    writer.write(WHOLE[len(HALF) :])
    assert await status(reader) == 401, "who is not registered is told so"
    writer.close()

    async def is_back() -> bool:
        return await listens(path)

    await eventually(is_back, "the next one")


async def test_what_had_begun_is_answered_when_everything_is_taken_down(renewed: Stack, traffic: Traffic) -> None:
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", traffic.port, ssl=traffic.tls, server_hostname="localhost"
    )
    body = json.dumps({"last_name": f"mark-{uuid.uuid4().hex}"}).encode()
    own = {"Authorization": f"Bearer {renewed.token()}", "Version": CURRENT, "Content-Type": "application/json"}
    writer.write(head("POST /v1/contacts HTTP/1.1", len(body), **own) + body[:5])
    await writer.drain()
    stopping = asyncio.create_task(asyncio.to_thread(renewed.local, "down"))

    async def is_leaving() -> bool:
        return not await listens(traffic.port)

    await eventually(is_leaving, "Envoy to let nobody in any more")
    assert not stopping.done()
    writer.write(body[5:])
    assert await status(reader) == 201, await reader.read(4_096)
    writer.close()
    await stopping
    note("every part", "told to end", "what had begun was answered")
