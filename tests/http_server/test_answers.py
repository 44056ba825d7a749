"""An answer on the wire, as callers of either version of HTTP/1 read it."""

import asyncio
from collections.abc import Mapping
from typing import cast

import pytest

from tests.http_server.wire import Service, free_port, served
from tests.support.waiting import until
from transcoder.http.messages import Request, Response

MARK = {"X-Mark": "one"}
LARGE = b"x" * 8_000_000
SMALL_BYTES = 4096


def says(service: Service, status: int, body: bytes | None, headers: Mapping[str, str] = MARK) -> None:
    """That, to everything."""

    async def answer(_: Request) -> Response:
        return Response(status, headers, body)

    service.answer = answer


def asked(method: str = "GET", version: str = "1.1", *more: str) -> bytes:
    return "\r\n".join([f"{method} / HTTP/{version}", "Host: x", *more, "", ""]).encode()


async def test_it_is_told_with_its_fields_its_length_and_the_date(service: Service) -> None:
    says(service, 201, b"body")
    async with service.line() as line:
        line.say(asked("POST", "1.1", "Content-Length: 0"))
        status, fields, body = await line.hear()
        assert fields.pop("date").endswith(" GMT")
        assert (status, fields, body) == (201, {"x-mark": "one", "content-length": "4"}, b"body")
        line.say(asked())
        assert (await line.hear())[0] == 201, "the connection is kept"


async def test_an_answer_to_head_tells_the_length_of_what_it_leaves_out(service: Service) -> None:
    says(service, 200, b"body")
    async with service.line() as line:
        for _ in range(2):
            line.say(asked("HEAD"))
            status, fields, _ = await line.hear(body=False)
            assert (status, fields["content-length"]) == (200, "4"), "and nothing stands between the two"


@pytest.mark.parametrize("status", [204, 304])
async def test_a_status_that_has_no_body_has_no_length(service: Service, status: int) -> None:
    says(service, status, b"not sent")
    async with service.line() as line:
        for _ in range(2):
            line.say(asked())
            told, fields, _ = await line.hear(body=False)
            assert told == status
            assert "content-length" not in fields


async def test_without_a_body_the_length_is_nought(service: Service) -> None:
    says(service, 404, None)
    async with service.line() as line:
        line.say(asked())
        assert (await line.hear())[1]["content-length"] == "0"


CLOSES = {
    "asks for it": asked("GET", "1.1", "Connection: close"),
    "asks for it among other things": asked("GET", "1.1", "Connection: x, Close"),
    "speaks HTTP/1.0": asked("GET", "1.0"),
}


@pytest.mark.parametrize("request_", CLOSES.values(), ids=CLOSES.keys())
async def test_the_connection_ends_with_the_answer_to_a_caller_that(service: Service, request_: bytes) -> None:
    says(service, 200, b"body")
    async with service.line() as line:
        line.say(request_)
        _, fields, body = await line.hear()
        assert (fields.get("connection", "close"), body) == ("close", b"body")
        assert await line.end() == b""


async def test_it_is_kept_for_a_caller_of_http_1_0_that_asks_for_it_and_is_told_so(service: Service) -> None:
    says(service, 200, b"")
    async with service.line() as line:
        for _ in range(2):
            line.say(asked("GET", "1.0", "Connection: keep-alive"))
            assert (await line.hear())[1]["connection"] == "keep-alive"


async def test_a_value_with_a_line_end_becomes_no_line_of_its_own(service: Service) -> None:
    says(service, 200, b"", {"Location": "/x\r\nX-Planted: 1"})
    async with service.line() as line:
        line.say(asked())
        assert b"X-Planted" not in await line.end()


UNSENDABLE = {
    "a status that there is not": Response(799, {}, b""),
    "a value that is no text": Response(200, {"X": "\udcff"}, b""),
    "a body that is none": Response(200, {}, cast("bytes", "text")),
}


@pytest.mark.parametrize("response", UNSENDABLE.values(), ids=UNSENDABLE.keys())
async def test_the_connection_ends_with_an_answer_that_cannot_be_sent_for(service: Service, response: Response) -> None:
    async def answer(_: Request) -> Response:
        return response

    service.answer = answer
    async with service.line() as line:
        line.say(2 * asked())
        assert b"200" not in await line.end()
    assert len(service.asked) == 1


async def test_whoever_breaks_is_a_500_and_the_end_of_its_connection(service: Service) -> None:
    async def breaks(_: Request) -> Response:
        raise RuntimeError("broken")

    service.answer = breaks
    async with service.line() as line:
        line.say(asked())
        assert (await line.hear())[0] == 500
        assert await line.end() == b""


async def test_whoever_reads_slowly_is_not_answered_further_until_it_has_read(service: Service) -> None:
    says(service, 200, LARGE)
    async with service.line() as line:
        line.say(3 * asked())
        await until(lambda: bool(service.asked), "the first")
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(service.asked) == 1
        for _ in range(3):
            assert (await line.hear())[2] == LARGE
    assert len(service.asked) == 3


async def test_what_was_begun_is_answered_before_the_end() -> None:
    async with served(free_port()) as service:
        may = asyncio.Event()

        async def waits(_: Request) -> Response:
            await may.wait()
            return Response(200, {}, LARGE)

        service.answer = waits
        async with service.line() as line:
            line.say(asked())
            await until(lambda: bool(service.asked), "the request")
            service.stop.set()
            await asyncio.sleep(0)
            may.set()
            _, fields, body = await line.hear()
            assert (fields["connection"], body) == ("close", LARGE)
            assert await line.end() == b""
