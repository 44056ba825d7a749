"""A service to which no connection can be made for a while: what has not left waits for it, through every client."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from infra.httpclient.errors import Unreachable
from tests.support.quiet_log import QUIET
from tests.support.waiting import until
from tests.upstream.clients import CLIENTS
from tests.upstream.wire import GOOD, Service, ask, trouble
from transcoder.backend import outage
from transcoder.backend.credentials import Credentials, CurrentCredentials
from transcoder.backend.http_client import HttpClient
from transcoder.backend.outage import Outage
from transcoder.backend.upstream import HttpUpstream, Reply, http_upstream

UNAVAILABLE = ("upstream-unavailable", "not-applied")
WAITED_OUT_S = outage.MAX_WAIT_S


class Counting:
    """A client that counts the connections that could not be made."""

    def __init__(self, client: HttpClient) -> None:
        self._client = client
        self.failed = 0

    async def send(
        self, method: str, target: str, fields: Mapping[str, str], body: bytes | None, *, until_s: float
    ) -> Reply:
        try:
            return await self._client.send(method, target, fields, body, until_s=until_s)
        except Unreachable:
            self.failed += 1
            raise

    async def close(self) -> None:
        await self._client.close()


@pytest.fixture(autouse=True)
def waiting(at_once: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is outside of this folder's other tests."""
    monkeypatch.setattr(outage, "MAX_WAIT_S", WAITED_OUT_S)


@pytest.fixture
async def counted(client: str, socket: Path) -> AsyncIterator[tuple[HttpUpstream, Counting]]:
    """Before a service that is not there."""
    made: list[Counting] = []

    def make(base: str, shown: CurrentCredentials) -> HttpClient:
        made.append(Counting(CLIENTS[client](base, shown)))
        return made[0]

    upstream = http_upstream(f"unix:{socket}", Credentials().open(QUIET), make=make)
    yield upstream, made[0]
    await upstream.close()


@asynccontextmanager
async def started(socket: Path) -> AsyncIterator[Service]:
    service = Service()
    service.says(GOOD)
    server = await asyncio.start_unix_server(service.converse, socket)
    yield service
    server.close()
    for writer in list(service.connections):
        writer.transport.abort()
    await server.wait_closed()
    socket.unlink(missing_ok=True)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_call_waits_for_a_service_that_starts_anew_and_is_sent_once(
    counted: tuple[HttpUpstream, Counting], socket: Path, method: str
) -> None:
    upstream, client = counted
    call = asyncio.create_task(ask(upstream, method, body=b"{}" if method == "POST" else None))
    await until(lambda: client.failed >= 2, "a second try")
    async with started(socket) as service:
        assert (await call).body == b"good"
        assert service.asked == [f"{method} /thing"]


async def test_a_read_whose_connection_broke_waits_too(counted: tuple[HttpUpstream, Counting], socket: Path) -> None:
    upstream, client = counted
    async with started(socket) as service:
        assert (await ask(upstream)).body == b"good"

        async def ends_for_good(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            socket.unlink()
            writer.transport.abort()

        service.says(ends_for_good)
        call = asyncio.create_task(ask(upstream))
        await until(lambda: client.failed >= 2, "a second try")
    async with started(socket):
        assert (await call).body == b"good"


async def test_an_outage_that_goes_on_is_told_at_once(
    counted: tuple[HttpUpstream, Counting], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outage, "MAX_WAIT_S", 0.2)
    upstream, client = counted
    assert await trouble(upstream, "POST", body=b"{}") == UNAVAILABLE
    assert client.failed > 1
    for _ in range(5):
        before = client.failed
        assert await trouble(upstream, "POST", body=b"{}") == UNAVAILABLE
        assert client.failed == before + 1, "each tries once"


async def test_the_next_outage_is_waited_out_again(
    counted: tuple[HttpUpstream, Counting], socket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outage, "MAX_WAIT_S", 0.2)
    upstream, client = counted
    assert await trouble(upstream) == UNAVAILABLE
    async with started(socket):
        assert (await ask(upstream)).body == b"good"
    before = client.failed
    assert await trouble(upstream) == UNAVAILABLE
    assert client.failed > before + 1


async def test_a_call_gives_up_while_it_can_still_say_that_nothing_was_done(
    counted: tuple[HttpUpstream, Counting],
) -> None:
    upstream, client = counted
    assert await trouble(upstream, "POST", body=b"{}", within_s=1.3) == UNAVAILABLE
    assert client.failed > 1


async def test_a_client_that_is_closed_lets_nobody_wait(counted: tuple[HttpUpstream, Counting]) -> None:
    upstream, client = counted
    call = asyncio.create_task(trouble(upstream))
    await until(lambda: client.failed >= 1, "the first try")
    await upstream.close()
    assert await call == UNAVAILABLE
    assert client.failed <= 3


def test_pauses_grow_and_end_with_the_outages_first_seconds() -> None:
    lost, now_s, pauses = Outage(), 100.0, []
    while (pause_s := lost.note_failure(len(pauses) + 1, now_s=now_s, until_s=1_000.0)) is not None:
        pauses.append(pause_s)
        now_s += pause_s
    assert pauses[:4] == [0.05, 0.1, 0.2, 0.25]
    assert max(pauses) == 0.25
    assert 3.7 < sum(pauses) < 4.0
    assert lost.note_failure(1, now_s=now_s + 60, until_s=1_000.0) is None, "who comes later does not wait"
    lost.note_connected()
    assert lost.note_failure(1, now_s=now_s + 60, until_s=1_000.0) == 0.05
