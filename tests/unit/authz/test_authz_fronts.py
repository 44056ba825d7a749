"""Both fronts before the same check, asked by a real gRPC client over a UNIX socket: they answer alike."""

import asyncio
import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import grpc
import pytest

from authz.check_request import NO_TRACE
from authz.check_response import internal_error_response, ready_response
from authz.healthcheck import health_problem
from authz.server import ServerKind, serve
from authz.service import SendResponse, SerializedCheck
from infra.process.address import UnixAddress
from tests.support.processes import accepts
from tests.support.waiting import until
from tests.unit.authz.asking import one_by_one

CHECK = "/envoy.service.auth.v3.Authorization/Check"
HEALTH = "/grpc.health.v1.Health/Check"
SERVING, NOT_SERVING = b"\x08\x01", b"\x08\x02"
LIMIT = 256 * 1024
PATIENCE_S = 10.0


@dataclass
class Served:
    """A front, and what is asked of it through a client of grpcio's."""

    address: UnixAddress
    channel: grpc.aio.Channel
    stop: asyncio.Event
    serving: asyncio.Task[None]
    asked: list[bytes] = field(default_factory=list)
    traces: list[str] = field(default_factory=list)
    check: Callable[[bytes], Awaitable[bytes]] | None = None

    def call(self, message: bytes, *, path: str = CHECK, **options) -> grpc.aio.UnaryUnaryCall[bytes, bytes]:
        options.setdefault("timeout", PATIENCE_S)
        return self.channel.unary_unary(path)(message, wait_for_ready=True, **options)

    async def refused(self, message: bytes = b"", **options) -> grpc.StatusCode:
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await self.call(message, **options)
        return refusal.value.code()


@asynccontextmanager
async def standing(front: ServerKind, trace: str = "") -> AsyncIterator[Served]:
    with TemporaryDirectory() as folder:
        address, stop = UnixAddress(Path(folder, "front.sock")), asyncio.Event()

        async def check(message: bytes) -> bytes:
            served.asked.append(message)
            return await served.check(message) if served.check else message[::-1]

        async def checks(came: Sequence[SerializedCheck], give: SendResponse) -> None:
            served.traces += [one.traceparent for one in came]
            await one_by_one(check)(came, give)

        async with grpc.aio.insecure_channel(f"unix:{address.path}") as channel:
            serving = asyncio.create_task(serve(checks, address, stop, front, trace=trace))
            served = Served(address, channel, stop, serving)
            async with asyncio.timeout(PATIENCE_S):
                while not await accepts(address):  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
            yield served
            stop.set()
            await served.serving


@pytest.fixture(params=ServerKind)
async def served(request) -> AsyncIterator[Served]:
    async with standing(request.param) as started:
        yield started


async def test_an_answer_is_the_checks_own_bytes(served):
    for message in (b"", b"abc", bytes(range(256)) * 100):
        assert await served.call(message) == message[::-1]
    assert served.asked == [b"", b"abc", bytes(range(256)) * 100]


async def test_a_question_and_an_answer_may_be_as_large_as_a_question_may_be(served):
    message = b"a" * LIMIT
    assert await served.call(message) == message
    assert await served.refused(message + b"a") is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert await served.call(b"ab") == b"ba"


async def test_many_calls_at_once_are_answered_each_with_its_own(served):
    messages = [str(number).encode() for number in range(800)]
    assert await asyncio.gather(*map(served.call, messages)) == [message[::-1] for message in messages]


async def test_an_answer_does_not_wait_for_one_that_was_asked_before(served):
    held = asyncio.Event()

    async def check(message: bytes) -> bytes:
        if message == b"slow":
            await held.wait()
        return message

    served.check = check
    slow = served.call(b"slow")
    assert await served.call(b"quick") == b"quick"
    held.set()
    assert await slow == b"slow"


@pytest.mark.parametrize(
    "path", [f"{CHECK}s", "/envoy.service.auth.v2.Authorization/Check", "/a", "/grpc.health.v1.Health/Watch"]
)
async def test_a_method_that_is_not_there_is_unimplemented(served, path):
    assert await served.refused(path=path) is grpc.StatusCode.UNIMPLEMENTED
    assert served.asked == []


@pytest.mark.parametrize("front", ServerKind)
async def test_the_trace_of_each_check_is_told_to_who_asks_for_it_and_to_nobody_else(front):
    traces = [f"00-{number:032x}-{number:016x}-0{number % 2}" for number in range(1, 20)]
    for trace, told in (("traceparent", [*traces, ""]), ("", [""] * 20)):
        async with standing(front, trace) as served:
            for each in traces:
                await served.call(b"a", metadata=(("x-other", "1"), ("traceparent", each), ("tracestate", "b=2")))
            await served.call(b"a")
            assert served.traces == told


async def test_a_deadline_that_passes_ends_the_check(served):
    ended = asyncio.Event()
    served.check = lambda _: never(ended)
    assert await served.refused(timeout=0.2) is grpc.StatusCode.DEADLINE_EXCEEDED
    async with asyncio.timeout(PATIENCE_S):
        await ended.wait()


async def test_a_call_that_is_cancelled_ends_the_check(served):
    ended = asyncio.Event()
    served.check = lambda _: never(ended)
    call = served.call(b"")
    await until_asked(served)
    call.cancel()
    async with asyncio.timeout(PATIENCE_S):
        await ended.wait()


async def test_a_client_that_is_gone_ends_its_checks(served):
    ended = asyncio.Event()
    served.check = lambda _: never(ended)
    async with grpc.aio.insecure_channel(
        f"unix:{served.address.path}", options=[("grpc.use_local_subchannel_pool", 1)]
    ) as channel:
        asyncio.ensure_future(channel.unary_unary(CHECK)(b"", timeout=PATIENCE_S)).add_done_callback(quiet)
        await until_asked(served)
    async with asyncio.timeout(PATIENCE_S):
        await ended.wait()


async def test_a_check_that_fails_is_unknown_and_tells_nothing(served):
    async def check(message: bytes) -> bytes:
        raise KeyError("a secret")

    served.check = check
    assert await served.refused() is grpc.StatusCode.UNKNOWN
    served.check = None
    assert await served.call(b"ab") == b"ba"


async def test_health_is_told_of_the_server_and_of_its_service_alone(served):
    assert await served.call(b"", path=HEALTH) == SERVING
    assert await served.call(b"\x0a\x23envoy.service.auth.v3.Authorization", path=HEALTH) == SERVING
    assert await served.refused(b"\x0a\x05other", path=HEALTH) is grpc.StatusCode.NOT_FOUND
    assert await served.refused(b"\x0a\x7f", path=HEALTH) is grpc.StatusCode.INVALID_ARGUMENT


async def test_the_probe_finds_a_front_that_answers_healthy(served):
    async def check(_: bytes) -> bytes:
        return ready_response()

    served.check = check
    assert await asyncio.to_thread(health_problem, served.address) == ""

    async def refusing(_: bytes) -> bytes:
        return internal_error_response(NO_TRACE, "https://api.example")

    served.check = refusing
    assert await asyncio.to_thread(health_problem, served.address) != ""


async def test_only_its_owner_may_connect(served):
    assert stat.S_IMODE(served.address.path.stat().st_mode) == 0o600


async def test_told_to_stop_it_answers_what_is_in_flight_and_takes_nothing_more(served):
    held = asyncio.Event()

    async def check(message: bytes) -> bytes:
        await held.wait()
        return message

    served.check = check
    waiting = served.call(b"in flight")
    await until_asked(served)
    served.stop.set()
    await until_gone(served.address)
    assert not served.serving.done()
    held.set()
    assert await waiting == b"in flight"
    async with asyncio.timeout(PATIENCE_S):
        await served.serving
    assert await served.refused(timeout=0.2) in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)


async def never(ended: asyncio.Event) -> bytes:
    try:
        await asyncio.Event().wait()
    finally:
        ended.set()
    return b""


def quiet(call: asyncio.Future[bytes]) -> None:
    """Nobody looks at how it ended."""
    _ = call.cancelled() or call.exception()


async def until_asked(served: Served) -> None:
    await until(lambda: bool(served.asked), "the check to be asked")


async def until_gone(address: UnixAddress) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while await accepts(address):  # noqa: ASYNC110
            await asyncio.sleep(0.005)
