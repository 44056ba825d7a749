"""Which connection carries a call, how many there are, and when one is never used again: the same for every client."""

import asyncio
import contextlib
import socket as sockets
from pathlib import Path

import pytest

from tests.component.transcoder.liar import ends, hangs, raw, resets, then
from tests.support.quiet_log import QUIET
from tests.support.waiting import until
from tests.upstream.clients import CLIENTS
from tests.upstream.wire import GOOD, Service, ask, trouble
from transcoder.backend import http_client
from transcoder.backend.credentials import Credentials
from transcoder.backend.upstream import HttpUpstream, http_upstream

LOST = ("upstream-unavailable", "unknown")
LATE = ("upstream-timeout", "not-applied")
POOL = 2


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pool of two."""
    monkeypatch.setattr(http_client, "POOL_SIZE", POOL)


async def test_one_connection_carries_one_call_after_another(upstream: HttpUpstream, service: Service) -> None:
    service.says(GOOD)
    for _ in range(5):
        assert (await ask(upstream)).body == b"good"
        assert (await ask(upstream, "POST", body=b"{}")).body == b"good"
    assert service.opened == 1


async def test_calls_at_once_have_a_connection_each_and_each_its_own_answer(
    upstream: HttpUpstream, service: Service
) -> None:
    async def its_own(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = service.asked[-1].encode()  # nothing was awaited since it was heard
        await asyncio.sleep(0)
        await raw(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(path), path))(reader, writer)

    service.says(its_own)
    paths = [f"/{number}" for number in range(40)]
    replies = await asyncio.gather(*(ask(upstream, path=path) for path in paths * 2))
    assert [reply.body.decode() for reply in replies] == [f"GET {path}" for path in paths * 2]


async def test_calls_beyond_the_pool_wait_in_the_order_in_which_they_came(
    client: str, socket: Path, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_client, "POOL_SIZE", 1)  # of two, who is heard first would be chance
    upstream = http_upstream(f"unix:{socket}", Credentials().open(QUIET), make=CLIENTS[client])
    service.says(GOOD)
    calls = [asyncio.create_task(ask(upstream, path=f"/{number}")) for number in range(20)]
    await asyncio.gather(*calls)
    assert service.asked == [f"GET /{number}" for number in range(20)]
    assert service.opened == 1
    await upstream.close()


@pytest.mark.usefixtures("few")
async def test_waiting_for_a_connection_is_part_of_the_deadline_and_who_leaves_takes_nothing_along(
    client: str, socket: Path, service: Service
) -> None:
    upstream = http_upstream(f"unix:{socket}", Credentials().open(QUIET), make=CLIENTS[client])
    may_answer = asyncio.Event()

    async def waits(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await may_answer.wait()
        await raw(GOOD)(reader, writer)

    service.says(waits)
    busy = [asyncio.create_task(ask(upstream)) for _ in range(POOL)]
    await until(lambda: len(service.heard) == POOL, "both connections to be busy")
    assert await trouble(upstream, within_s=0.05) == LATE
    leaves, stays = (asyncio.create_task(ask(upstream, path=f"/{name}")) for name in ("leaves", "stays"))
    await asyncio.sleep(0)
    leaves.cancel()
    may_answer.set()
    assert [reply.body for reply in await asyncio.gather(*busy, stays)] == [b"good"] * 3
    assert "GET /leaves" not in service.asked
    assert service.opened == POOL
    await upstream.close()


@pytest.mark.usefixtures("few")
async def test_a_connection_that_breaks_leaves_room_for_whoever_waits(
    client: str, socket: Path, service: Service
) -> None:
    upstream = http_upstream(f"unix:{socket}", Credentials().open(QUIET), make=CLIENTS[client])
    service.says(*[ends] * 3, GOOD)
    outcomes = await asyncio.gather(*(ask(upstream, "POST", body=b"{}") for _ in range(8)), return_exceptions=True)
    assert sum(isinstance(outcome, Exception) for outcome in outcomes) == 3
    assert len(service.heard) == 8
    await upstream.close()


async def closes_once_idle(upstream: HttpUpstream, service: Service, last_words: bytes = b"") -> None:
    """A call was answered on a connection, which the service then ends, and we have been told."""
    service.says(GOOD)
    assert (await ask(upstream)).body == b"good"
    [writer] = service.connections
    if last_words:
        writer.write(last_words)
    writer.close()
    await until(lambda: not service.connections, "the connection to end")
    await asyncio.sleep(0.01)


async def test_a_write_goes_out_on_a_new_connection_where_the_service_has_closed_the_idle_one(
    upstream: HttpUpstream, service: Service
) -> None:
    await closes_once_idle(upstream, service)
    assert (await ask(upstream, "POST", body=b"{}")).body == b"good"
    assert service.asked == ["GET /thing", "POST /thing"]


def answers_one(listener: sockets.socket) -> sockets.socket:
    """One request on one connection, which stays."""
    connection, _ = listener.accept()
    connection.recv(65536)
    connection.sendall(GOOD)
    return connection


@pytest.mark.parametrize("client", ["pooled"], indirect=True)
async def test_a_write_does_so_even_where_the_loop_has_not_been_told_yet(upstream: HttpUpstream, socket: Path) -> None:
    loop = asyncio.get_running_loop()
    with sockets.socket(sockets.AF_UNIX) as listener:
        listener.bind(str(socket))
        listener.listen()
        listener.settimeout(5.0)
        served = loop.run_in_executor(None, answers_one, listener)
        assert (await ask(upstream)).body == b"good"
        first = await served
        served = loop.run_in_executor(None, answers_one, listener)
        first.close()
        assert (await ask(upstream, "POST", body=b"{}")).body == b"good"
        (await served).close()


async def test_what_nobody_asked_for_on_an_idle_connection_is_nobody_s_answer(
    client: str, upstream: HttpUpstream, service: Service
) -> None:
    service.says(GOOD)
    await ask(upstream)
    [writer] = service.connections
    writer.write(GOOD.replace(b"good", b"evil"))
    await asyncio.sleep(0.05)
    # aiohttp's client gives it to the next caller, whoever that is.
    assert (await ask(upstream)).body == (b"evil" if client == "aiohttp" else b"good")
    assert service.opened == (1 if client == "aiohttp" else 2)


async def test_last_words_of_a_service_that_closes_are_nobody_s_answer(
    upstream: HttpUpstream, service: Service
) -> None:
    await closes_once_idle(upstream, service, b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n")
    assert (await ask(upstream, "POST", body=b"{}")).body == b"good"


@pytest.mark.parametrize("breaks", [ends, resets], ids=["ends", "resets"])
async def test_a_read_whose_connection_breaks_before_an_answer_is_sent_once_more_and_a_write_never(
    upstream: HttpUpstream, service: Service, breaks: object
) -> None:
    service.says(breaks, GOOD)  # type: ignore[arg-type]
    assert (await ask(upstream)).body == b"good"
    assert len(service.heard) == 2
    service.says(breaks, GOOD)  # type: ignore[arg-type]
    assert await trouble(upstream, "PUT", body=b"{}") == LOST
    assert len(service.heard) == 3


@pytest.mark.parametrize("begun", [b"", b"HTTP/1.1 100 Continue\r\n\r\n", GOOD[:20], GOOD[:-2]])
async def test_the_answer_to_a_call_that_was_given_up_is_nobody_s(
    upstream: HttpUpstream, service: Service, begun: bytes
) -> None:
    may_answer = asyncio.Event()

    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await may_answer.wait()
        await raw(GOOD.replace(b"good", b"evil")[len(begun) :])(reader, writer)

    service.says(then(raw(begun), late), GOOD)
    call = asyncio.create_task(ask(upstream, path="/given-up"))
    await until(lambda: len(service.heard) == 1, "the call to be inside")
    await asyncio.sleep(0.01)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    may_answer.set()
    for _ in range(3):
        assert (await ask(upstream)).body == b"good"
    assert service.opened == 2


async def test_a_deadline_ends_the_connection_with_the_call(upstream: HttpUpstream, service: Service) -> None:
    service.says(hangs)
    assert await trouble(upstream, within_s=0.1) == LATE
    assert await trouble(upstream, "POST", body=b"{}", within_s=0.1) == ("upstream-timeout", "unknown")
    await until(lambda: not service.connections, "the connections to end")
    service.says(GOOD)
    assert (await ask(upstream)).body == b"good"


async def test_no_time_left_is_no_call(upstream: HttpUpstream, service: Service) -> None:
    assert await trouble(upstream, "POST", body=b"{}", within_s=-1) == ("upstream-timeout", "not-applied")
    assert service.opened == 0


async def drips(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """An answer byte by byte."""
    for at in range(len(GOOD)):
        writer.write(GOOD[at : at + 1])
        await writer.drain()
        await asyncio.sleep(0)


async def test_an_answer_may_come_byte_by_byte(upstream: HttpUpstream, service: Service) -> None:
    service.says(drips)
    assert [(await ask(upstream)).body for _ in range(2)] == [b"good"] * 2
    assert service.opened == 1


async def test_an_answer_that_comes_too_slowly_is_given_up_in_time(upstream: HttpUpstream, service: Service) -> None:
    async def for_ever(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not writer.is_closing():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.005)

    service.says(for_ever)
    assert await trouble(upstream, within_s=0.2) == LATE


async def test_an_answer_to_half_a_request_counts_and_the_other_half_begins_no_other(client: str, socket: Path) -> None:
    heads: list[bytes] = []
    may_leave = asyncio.Event()

    async def refuses(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer):
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\n{}")
            await may_leave.wait()

    server = await asyncio.start_unix_server(refuses, socket, limit=1024)
    upstream = http_upstream(f"unix:{socket}", Credentials().open(QUIET), make=CLIENTS[client])
    for _ in range(2):
        assert (await ask(upstream, "POST", body=b"x" * 1024 * 1024)).status == 413
    assert len(heads) == 2
    may_leave.set()
    await upstream.close()
    server.close()


async def test_a_service_that_comes_back_is_asked_again(client: str, socket: Path) -> None:
    upstream = http_upstream(f"unix:{socket}", Credentials().open(QUIET), make=CLIENTS[client])
    for _ in range(2):
        assert await trouble(upstream, "POST", body=b"{}") == ("upstream-unavailable", "not-applied")
        service = Service()
        service.says(GOOD)
        server = await asyncio.start_unix_server(service.converse, socket)
        assert (await ask(upstream, "POST", body=b"{}")).body == b"good"
        server.close()
        for writer in list(service.connections):
            writer.transport.abort()
        socket.unlink(missing_ok=True)  # CPython 3.13 takes it away itself
        await asyncio.sleep(0.01)
    await upstream.close()


async def test_who_is_closed_lets_go_of_every_connection(upstream: HttpUpstream, service: Service) -> None:
    service.says(GOOD)
    await asyncio.gather(*(ask(upstream) for _ in range(5)))
    await upstream.close()
    await until(lambda: not service.connections, "the connections to end")
