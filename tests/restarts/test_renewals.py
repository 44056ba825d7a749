"""A new certificate and new settings come into use under load, and no request is lost."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
import trustme

from local.folder import locate
from local.keys import locate_keys
from process.keys import Keys, write_private
from tests.restarts.conftest import RATE, REQUESTS, restart
from tests.support.stack import Stack
from tests.support.traffic import Traffic

ORIGIN = "https://console.example"
WITHIN_S = 20.0


async def eventually(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    """Wait for a condition."""
    try:
        async with asyncio.timeout(WITHIN_S):
            while not await condition():  # noqa: ASYNC110 (another process)
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"waited {WITHIN_S} s for {what}") from None


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


async def shown(renewed: Stack, tls: ssl.SSLContext) -> bytes:
    """The certificate that a new handshake gets."""
    port = int(renewed.api_url.rpartition(":")[2])
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls, server_hostname="localhost")
    certificate = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return bytes(certificate)


def puts_in_place(keys: Keys, certificate: bytes, private_key: bytes) -> None:
    """As `mv` does it, one file after the other."""
    write_private(keys.certificate, certificate)
    write_private(keys.private_key, private_key)


async def test_a_new_certificate_is_shown_from_the_next_handshake_on(
    renewed: Stack, trusting: Traffic, keys: Keys, authority: trustme.CA
) -> None:
    old_pair = keys.certificate.read_bytes(), keys.private_key.read_bytes()
    issued = authority.issue_cert("localhost")
    new_pair = b"".join(pem.bytes() for pem in issued.cert_chain_pems), issued.private_key_pem.bytes()
    old = await shown(renewed, trusting.tls)
    seen = []

    async def renew() -> None:
        for pair in (new_pair, old_pair):
            before = await shown(renewed, trusting.tls)
            puts_in_place(keys, *pair)

            async def is_another(before: bytes = before) -> bool:
                return await shown(renewed, trusting.tls) != before

            await eventually(is_another, "another certificate")
            seen.append(await shown(renewed, trusting.tls))

    tally = await trusting.while_doing(renew, rate=RATE, at_least=REQUESTS)
    assert seen[0] == ssl.PEM_cert_to_DER_cert(new_pair[0].decode().split("-----END")[0] + "-----END CERTIFICATE-----")
    assert seen[1] == old
    assert not tally.lost, tally.lost


async def test_half_a_pair_changes_nothing(
    renewed: Stack, trusting: Traffic, keys: Keys, authority: trustme.CA
) -> None:
    good, old = keys.certificate.read_bytes(), await shown(renewed, trusting.tls)
    log = Path(renewed.own_folder / "logs" / "envoy.log")
    refused_before = log.read_text().count("Failed to reload certificates")
    write_private(keys.certificate, authority.issue_cert("localhost").cert_chain_pems[0].bytes())

    async def is_refused() -> bool:
        return log.read_text().count("Failed to reload certificates") > refused_before

    try:
        await eventually(is_refused, "Envoy to say that they do not fit")
        assert await shown(renewed, trusting.tls) == old
    finally:
        write_private(keys.certificate, good)


async def test_new_settings_of_the_edge_come_into_use_by_its_restart(renewed: Stack, traffic: Traffic) -> None:
    def allowed() -> str | None:
        asks = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}
        with httpx.Client(verify=traffic.tls, base_url=renewed.api_url) as client:
            return client.options("/v1/contacts", headers=asks).headers.get("access-control-allow-origin")

    assert allowed() is None
    tally = await traffic.while_doing(
        lambda: restart(renewed, "envoy", CORS_ORIGINS=ORIGIN), rate=RATE, at_least=REQUESTS
    )
    assert allowed() == ORIGIN
    assert not tally.lost, tally.lost


async def test_new_settings_of_authz_come_into_use_by_a_restart_of_each(renewed: Stack, traffic: Traffic) -> None:
    def told() -> set[str]:
        environments = [Path(f"/proc/{pid}/environ").read_bytes() for pid in renewed.pids("authz")]
        return {part.decode() for text in environments for part in text.split(b"\0") if b"MAX_AGE" in part}

    assert told() == set()
    tally = await traffic.while_doing(
        lambda: restart(renewed, "authz", REVOCATIONS_MAX_AGE_S="1800"),
        rate=RATE,
        at_least=REQUESTS,
    )
    assert told() == {"REVOCATIONS_MAX_AGE_S=1800"}
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
