"""A Valkey behind TLS with a user of its own for us, who may do no more than the guide says."""

import re
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import trustme
from msgspec.structs import replace
from redis.asyncio import Redis
from redis.exceptions import NoPermissionError

from contract.rate_plans import SCALE
from contract.vocabulary import TenantId
from infra.stores.idempotency import Claimed, KeyUse, Replayed, ValkeyIdempotency
from infra.stores.rate_limits import ValkeyBuckets
from infra.stores.receipt import Receipt
from infra.stores.receipts import ValkeyReceipts
from infra.stores.valkey import StoreUnavailable, valkey_url
from infra.stores.valkey_pipeline import PipelinedClient
from tests.stores.charging import charged
from tests.stores.valkey_process import valkey_at
from tests.support.tls_relay import tls_before

GUIDE = Path("docs/kubernetes.md")
WORD = "a-long-word"
AMPLE_S = 5.0
TENANT = TenantId(1)


@dataclass(frozen=True)
class Secured:
    """Where it is, and the authority that vouches for it."""

    port: int
    ca: Path

    def url(self, user: str = f"gateway:{WORD}@", query: str | None = None) -> str:
        return f"rediss://{user}localhost:{self.port}{f'?ssl_ca_certs={self.ca}' if query is None else query}"


@pytest.fixture(scope="module")
async def secured() -> AsyncIterator[Secured]:
    with TemporaryDirectory() as name:
        authority, folder = trustme.CA(), Path(name)
        (folder / "ca.crt").write_bytes(authority.cert_pem.bytes())
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("localhost").configure_cert(context)
        async with valkey_at(folder) as (url, _):
            async with Redis.from_url(url) as operator:
                await operator.execute_command(*the_guides_user())
                await operator.execute_command("ACL", "SETUSER", "default", "off")
            async with tls_before(folder / "valkey.sock", context) as port:
                yield Secured(port, folder / "ca.crt")


def the_guides_user() -> list[str]:
    """The command with which the guide makes our user, under the tests' password."""
    (found,) = re.findall(r"^ACL SETUSER gateway .*$", GUIDE.read_text(), re.MULTILINE)
    return [f">{WORD}" if word.startswith(">") else word for word in found.split()]


@pytest.fixture
async def valkey(secured: Secured) -> AsyncIterator[PipelinedClient]:
    client = PipelinedClient(valkey_url(secured.url()), timeout_s=AMPLE_S)
    yield client
    await client.close()


async def test_the_guides_user_may_do_all_that_the_stores_do(valkey: PipelinedClient) -> None:
    charge = await charged(ValkeyBuckets(valkey), "family", business="biz", plan=SCALE, cost=1)
    assert charge
    store = ValkeyIdempotency(valkey)
    use = KeyUse("a key", b"a note")
    assert await store.claim(TENANT, "name", "print", "owner", use) == Claimed()
    await store.finish(TENANT, "name", "owner", b"answer", b"note")
    assert await store.claim(TENANT, "name", "print", "other", use) == Replayed(b"answer")
    assert len(await store.uses(TENANT, "a key")) == 1
    assert await store.claim(TENANT, "another", "print", "owner", use) == Claimed()
    await store.release(TENANT, "another", "owner")


async def test_the_guides_user_may_keep_receipts_and_make_room_for_them(
    valkey: PipelinedClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.stores.receipts.RECEIPTS_PER_BUSINESS", 1)
    store, receipt = ValkeyReceipts(valkey), Receipt("first", "usr", "contacts.list", 0, status=200)
    for trace_id in ("first", "second"):
        await store.save("biz", [replace(receipt, trace_id=trace_id)])
    assert await store.find("biz", "first") is None
    assert await store.find("biz", "second") == replace(receipt, trace_id="second")


@pytest.mark.parametrize("command", ["KEYS *", "FLUSHALL", "GET other", "ACL LIST", "CONFIG GET *"])
async def test_the_guides_user_may_do_nothing_else(secured: Secured, command: str) -> None:
    async with Redis.from_url(secured.url()) as redis:
        with pytest.raises(NoPermissionError):
            await redis.execute_command(*command.split())


WRONG = {
    "nobody": lambda place: place.url(""),
    "a wrong word": lambda place: place.url("gateway:guess@"),
    "no TLS": lambda place: place.url().replace("rediss:", "redis:").partition("?")[0],
    "an authority that we do not know": lambda place: place.url(query=""),
}


@pytest.mark.parametrize("url", WRONG.values(), ids=WRONG.keys())
async def test_whoever_is_not_let_in_has_lost_the_store(secured: Secured, url: object) -> None:
    client = PipelinedClient(url(secured), timeout_s=AMPLE_S)  # type: ignore[operator]
    with pytest.raises(StoreUnavailable) as lost:
        await client.script("return 1")([], [])
    assert WORD not in str(lost.value)
    await client.close()


def test_a_password_is_in_no_fault() -> None:
    for url in ("rediss://gateway:hunter2@[/", "rediss://gateway:hunter2/3@valkey:6380", "http://gateway:hunter2@v"):
        with pytest.raises(ValueError) as fault:
            valkey_url(url)
        assert "hunter2" not in str(fault.value)
