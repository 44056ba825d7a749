"""One request of a connection at a time, and what becomes of it when its caller leaves."""

import asyncio
from contextlib import suppress
from os import dup
from pathlib import Path
from socket import SO_KEEPALIVE, SOCK_STREAM, SOL_SOCKET, socket

from tests.http_server.asked import FIVE, GET, POST
from tests.http_server.wire import READ, Service, free_port, served
from tests.support.waiting import until
from transcoder.http.messages import Request, Response


async def test_requests_that_come_together_are_answered_one_after_the_other(service: Service) -> None:
    under_way = most = 0

    async def answer(request: Request) -> Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        return Response(200, {}, request.path.encode())

    service.answer = answer
    async with service.line() as line:
        line.say(b"".join((POST + FIVE).replace(b"/ ", b"/%d " % at) for at in range(300)))
        assert [(await line.hear())[2] for _ in range(300)] == [b"/%d" % at for at in range(300)]
    assert most == 1


async def test_a_thousand_that_are_answered_at_once_are_no_depth(service: Service) -> None:
    async with service.line() as line:
        line.say(2000 * (GET + b"\r\n"))
        for _ in range(2000):
            assert (await line.hear())[0] == 200


async def test_whoever_answers_goes_on_when_its_caller_has_left(service: Service) -> None:
    may, done = asyncio.Event(), asyncio.Event()

    async def answer(_: Request) -> Response:
        await may.wait()
        done.set()
        return READ

    service.answer = answer
    async with service.line() as line:
        line.say(GET + b"\r\n")
        await until(lambda: bool(service.asked), "the request")
    async with service.line() as line:
        line.say(b"")  # the other one is gone once this one is there
    may.set()
    async with asyncio.timeout(10):
        await done.wait()
    service.answer = None
    async with service.line() as line:
        line.say(GET + b"\r\n")
        assert (await line.hear())[0] == 200


async def test_a_caller_whose_machine_is_gone_is_found_out() -> None:
    async with served(free_port()) as service, service.line() as line:
        line.say(GET + b"\r\n")
        assert (await line.hear())[0] == 200
        with _other_end(line.writer.get_extra_info("sockname")) as accepted:
            assert accepted.getsockopt(SOL_SOCKET, SO_KEEPALIVE) == 1


def _other_end(name: tuple[str, int]) -> socket:
    """What the server holds of that caller, in this process as well."""
    for fd in Path("/proc/self/fd").iterdir():
        with suppress(OSError), socket(fileno=dup(int(fd.name))) as found:
            if found.type == SOCK_STREAM and found.getpeername() == name:
                return found.dup()
    raise AssertionError("nobody has accepted it")
