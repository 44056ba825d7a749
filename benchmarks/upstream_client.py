"""`python -m benchmarks.upstream_client`: what a call of an internal service costs, by HTTP client and loop.

Every client stands where the transcoder has it, under the deadline, the retry rule and the metrics of `HttpUpstream`.
Counted is the CPU time of the thread that calls; the service, which says the same 1 KiB of JSON to everything, is a
process of its own on a UNIX socket.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import cast

import httpx
import uvloop

from benchmarks.rounds import Measure, in_turns, table
from benchmarks.where import made_with
from infra.httpclient.response_parser import Reply
from infra.process.address import UnixAddress
from infra.process.shutdown import stop_event
from tests.support.processes import running
from tests.support.quiet_log import QUIET
from tests.upstream.clients import CLIENTS
from transcoder.backend.credentials import Credentials, CurrentCredentials
from transcoder.backend.http_client import HttpClient, MakeClient
from transcoder.backend.upstream import HttpUpstream, http_upstream

CALLS = 1_000
FEWER = 20
"""What takes so long that a fraction of the calls is enough is called that many times less."""
BODY = b'{"ok":true,"result":{"id":5,"text":"' + b"x" * 985 + b'"}}'
ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: %d\r\n"
    b"Date: Sat, 28 Nov 2026 08:00:00 GMT\r\nServer: internal\r\n\r\n%b" % (len(BODY), BODY)
)
FIELDS = {
    "X-Actor-User-Id": "11",
    "X-Actor-Permissions": "contacts:read contacts:write contacts:write_all deals:read",
    "X-Trace-Id": "0f8fad5b-d9cb-469f-a165-70867728950e",
}
PATH = "/internal/v2/businesses/1/contacts/5"
LOOPS: Mapping[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}
BASE = "aiohttp, asyncio"


class HttpxClient:
    """What many would take."""

    def __init__(self, socket: str) -> None:
        transport = httpx.AsyncHTTPTransport(uds=socket, limits=httpx.Limits(max_connections=128))
        self._client = httpx.AsyncClient(transport=transport, base_url="http://internal", timeout=None)  # noqa: S113

    async def send(
        self, method: str, target: str, fields: Mapping[str, str], body: bytes | None, *, until_s: float
    ) -> Reply:
        """See `Client.ask`."""
        async with asyncio.timeout_at(until_s):
            reply = await self._client.request(method, target, headers=dict(fields), content=body)
        return Reply(reply.status_code, reply.content)

    async def close(self) -> None:
        """Close the pool."""
        await self._client.aclose()


def of_httpx(base: str, _: CurrentCredentials) -> HttpClient:
    """For a UNIX socket."""
    return HttpxClient(base.removeprefix("unix:"))


CONTENDERS: Mapping[str, MakeClient] = {"aiohttp": CLIENTS["aiohttp"], "pooled": CLIENTS["pooled"], "httpx": of_httpx}


async def main() -> None:
    """Measure and print; or, told to, be the service."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.upstream_client", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        await _serve(chosen.serve)
        return
    print(made_with())
    async with _service() as socket:
        with _loops() as loops:
            for method, body in (("GET", None), ("POST", BODY)):
                for in_flight in (1, 16):
                    calls = {
                        f"{client}, {name}": _measure(loop, make, socket, method, body, in_flight)
                        for client, make in CONTENDERS.items()
                        for name, loop in loops.items()
                    }
                    print(f"\n{method}, {in_flight} in flight")
                    print(table(await in_turns(calls, rounds=chosen.rounds), base=BASE))


def _measure(
    loop: asyncio.AbstractEventLoop, make: MakeClient, socket: str, method: str, body: bytes | None, in_flight: int
) -> Measure:
    async def measure() -> float:
        calls = CALLS // FEWER if make is of_httpx else CALLS
        measured = _round(make, socket, method, body, in_flight, calls)
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(measured, loop))

    return measure


async def _round(make: MakeClient, socket: str, method: str, body: bytes | None, in_flight: int, calls: int) -> float:
    upstream = http_upstream(f"unix:{socket}", Credentials().open(QUIET), make=make)
    await asyncio.gather(*(_call(upstream, method, body) for _ in range(in_flight)))
    left = iter(range(calls))

    async def caller() -> None:
        for _ in left:
            await _call(upstream, method, body)

    began_ns = time.thread_time_ns()
    await asyncio.gather(*(caller() for _ in range(in_flight)))
    took_ns = time.thread_time_ns() - began_ns
    await upstream.close()
    return took_ns / calls / 1000


async def _call(upstream: HttpUpstream, method: str, body: bytes | None) -> None:
    until_s = asyncio.get_running_loop().time() + 8
    reply = await upstream.send(
        method, PATH, FIELDS, body, deadline_s=until_s, deadline_header="X-Deadline-Ms", writes=body is not None
    )
    if reply.body != BODY:
        raise SystemExit(f"{reply.status}: {reply.body[:100]!r}")


@contextmanager
def _loops() -> Iterator[dict[str, asyncio.AbstractEventLoop]]:
    """One of each kind, in threads of their own."""
    loops = {name: new() for name, new in LOOPS.items()}
    threads = [Thread(target=loop.run_forever) for loop in loops.values()]
    for thread in threads:
        thread.start()
    yield loops
    for loop, thread in zip(loops.values(), threads, strict=True):
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@asynccontextmanager
async def _service() -> AsyncIterator[str]:
    with TemporaryDirectory() as folder:
        socket = f"{folder}/service.sock"
        command = [sys.executable, "-m", "benchmarks.upstream_client", "--serve", socket]
        async with running(command, {"PATH": ""}, ready=UnixAddress(Path(socket))):
            yield socket


class _Same(asyncio.Protocol):
    """The same answer to whatever comes in: requests of this size come in one piece."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if data.startswith(b"GET") or data.endswith(BODY[-8:]):
            self._transport.write(ANSWER)


async def _serve(socket: str) -> None:
    server = await asyncio.get_running_loop().create_unix_server(_Same, socket)
    await stop_event().wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
