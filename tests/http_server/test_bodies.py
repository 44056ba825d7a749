"""Bodies on their way: who sends is kept waiting, who reads hears of the end, and what nobody read is no request."""

import asyncio

import pytest

from tests.http_server.asked import CHUNKED, CHUNKS, FIVE, GET, POST
from tests.http_server.wire import READ, Service, whole
from tests.support.waiting import until
from transcoder.http.messages import BodyLost, Request, Response

MEBIBYTE = 1024 * 1024


async def test_a_large_body_comes_whole(service: Service) -> None:
    content = bytes(range(256)) * 4096 * 8
    async with service.line() as line:
        line.say(POST + b"Content-Length: %d\r\n\r\n" % len(content) + content + GET + b"\r\n")
        assert [(await line.hear())[0] for _ in range(2)] == [200, 200]
    assert service.bodies == [content, None]


async def test_who_sends_more_than_is_taken_is_kept_waiting(service: Service) -> None:
    may = asyncio.Event()

    async def takes_later(request: Request) -> Response:
        await may.wait()
        service.bodies.append(await whole(request))
        return READ

    service.answer = takes_later
    content = b"x" * 32 * MEBIBYTE
    async with service.line() as line:
        line.say(POST + b"Content-Length: %d\r\n\r\n" % len(content) + content)
        await until(lambda: bool(service.asked), "the request")
        for _ in range(200):
            await asyncio.sleep(0)
        left = line.writer.transport.get_write_buffer_size()
        assert left > 16 * MEBIBYTE, "most of it was not even sent"
        may.set()
        assert (await line.hear())[0] == 200
    assert service.bodies == [content]


UNREAD = {"a counted one": POST + FIVE, "chunks": CHUNKED + CHUNKS}


@pytest.mark.parametrize("asked", UNREAD.values(), ids=UNREAD.keys())
@pytest.mark.parametrize("late", [0, 3, 5])
async def test_a_body_that_nobody_read_is_passed_over(service: Service, asked: bytes, late: int) -> None:
    async def reads_nothing(_: Request) -> Response:
        return READ

    service.answer = reads_nothing
    cut = len(asked) - late
    async with service.line() as line:
        line.say(asked[:cut])
        assert (await line.hear())[0] == 200
        line.say(asked[cut:] + asked)
        assert (await line.hear())[0] == 200
    assert len(service.asked) == 2


async def test_one_that_is_larger_than_what_is_kept_is_passed_over_too(service: Service) -> None:
    async def reads_nothing(_: Request) -> Response:
        return READ

    service.answer = reads_nothing
    content = b"x" * 2 * MEBIBYTE
    async with service.line() as line:
        line.say(POST + b"Content-Length: %d\r\n\r\n" % len(content) + content + GET + b"\r\n")
        assert [(await line.hear())[0] for _ in range(2)] == [200, 200]


@pytest.mark.parametrize("length", [1, 2**63, 2**64 - 1])
async def test_its_length_is_known_before_it_comes(service: Service, length: int) -> None:
    async def reads_nothing(_: Request) -> Response:
        return READ

    service.answer = reads_nothing
    async with service.line() as line:
        line.say(POST + b"Content-Length: %d\r\n\r\n" % length)
        assert (await line.hear())[0] == 200
    assert [request.body and request.body.length for request in service.asked] == [length]


CUT = {"a counted one": POST + FIVE[:-1], "chunks": CHUNKED + CHUNKS[:-3]}


@pytest.mark.parametrize("asked", CUT.values(), ids=CUT.keys())
async def test_whoever_reads_hears_of_a_caller_that_left_within_its_body(service: Service, asked: bytes) -> None:
    heard: list[BaseException] = []

    async def reads(request: Request) -> Response:
        try:
            await whole(request)
        except BodyLost as lost:
            heard.append(lost)
        return READ

    service.answer = reads
    async with service.line() as line:
        line.say(asked)
        await until(lambda: bool(service.asked), "the request")
    await until(lambda: bool(heard), "it to be told")


async def test_whoever_waits_to_be_told_to_send_its_body_is_told(service: Service) -> None:
    async with service.line() as line:
        for _ in range(2):
            line.say(POST + b"Expect: 100-continue\r\n" + FIVE[:-5])
            assert await line.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            line.say(b"hello")
            assert (await line.hear())[0] == 200
    assert service.bodies == [b"hello", b"hello"]
