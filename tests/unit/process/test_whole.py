"""An answer in whole on the wire, as callers of either version of HTTP/1 read it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from aiohttp import web

from process.address import UnixAddress
from process.http import serve_all
from process.whole import Whole
from tests.support.waiting import until

MARK = {"X-Mark": "one"}
LARGE = b"x" * 8_000_000
WITHIN_S = 5.0
Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def line_to(answer: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]) -> AsyncIterator[Line]:
    """A connection to a service that answers so."""
    stop = asyncio.Event()
    with TemporaryDirectory() as folder:
        address = UnixAddress(Path(folder) / "service.sock")
        async with asyncio.TaskGroup() as group, asyncio.timeout(WITHIN_S):
            group.create_task(serve_all(answer, address, stop, linger_s=0))
            while not address.path.exists():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            reader, writer = await asyncio.open_unix_connection(address.path)
            yield reader, writer
            writer.close()
            stop.set()


@asynccontextmanager
async def whole(status: int, body: bytes | None, headers: Mapping[str, str] = MARK) -> AsyncIterator[Line]:
    """A connection to who always says that."""

    async def answer(_: web.BaseRequest) -> web.StreamResponse:
        return Whole(status, headers, body)

    async with line_to(answer) as line:
        yield line


def asked(method: str = "GET", version: str = "1.1", *more: str) -> bytes:
    return "\r\n".join([f"{method} / HTTP/{version}", "Host: x", *more, "", ""]).encode()


async def heard(line: Line, request: bytes) -> tuple[str, dict[str, str]]:
    """Status line and fields of an answer; the body is left to be read."""
    reader, writer = line
    writer.write(request)
    first, *fields = (await reader.readuntil(b"\r\n\r\n")).decode().rstrip().split("\r\n")
    return first, dict(field.split(": ", 1) for field in fields)


async def test_it_is_told_with_its_fields_its_length_and_the_date() -> None:
    async with whole(201, b"body") as line:
        first, fields = await heard(line, asked("POST", "1.1", "Content-Length: 0"))
        assert first == "HTTP/1.1 201 Created"
        assert fields.pop("Date").endswith(" GMT")
        assert fields == {"X-Mark": "one", "Content-Length": "4"}
        assert await line[0].readexactly(4) == b"body"
        assert (await heard(line, asked()))[0] == "HTTP/1.1 201 Created", "the connection is kept"


async def test_an_answer_to_head_tells_the_length_of_what_it_leaves_out() -> None:
    async with whole(200, b"body") as line:
        assert (await heard(line, asked("HEAD")))[1]["Content-Length"] == "4"
        assert (await heard(line, asked("HEAD")))[0] == "HTTP/1.1 200 OK", "and nothing stands between the two"


@pytest.mark.parametrize("status", [204, 304])
async def test_a_status_that_has_no_body_has_no_length(status: int) -> None:
    async with whole(status, b"not sent") as line:
        for _ in range(2):
            first, fields = await heard(line, asked())
            assert first.split()[1] == str(status)
            assert "Content-Length" not in fields


async def test_without_a_body_the_length_is_nought() -> None:
    async with whole(404, None) as line:
        assert (await heard(line, asked()))[1]["Content-Length"] == "0"


CLOSES = {
    "asks for it": asked("GET", "1.1", "Connection: close"),
    "speaks HTTP/1.0": asked("GET", "1.0"),
}


@pytest.mark.parametrize("request_", CLOSES.values(), ids=CLOSES.keys())
async def test_the_connection_ends_with_the_answer_to_a_caller_that(request_: bytes) -> None:
    async with whole(200, b"body") as line:
        _, fields = await heard(line, request_)
        assert fields.get("Connection", "close") == "close"
        assert await line[0].read() == b"body"


async def test_it_is_kept_for_a_caller_of_http_1_0_that_asks_for_it_and_is_told_so() -> None:
    async with whole(200, b"") as line:
        for _ in range(2):
            _, fields = await heard(line, asked("GET", "1.0", "Connection: keep-alive"))
            assert fields["Connection"] == "keep-alive"


async def test_a_value_with_a_line_end_becomes_no_line_of_its_own() -> None:
    async with whole(200, b"", {"Location": "/x\r\nX-Planted: 1"}) as (reader, writer):
        writer.write(asked())
        assert b"X-Planted" not in await reader.read()


class Counting:
    """A transport, and how often it was written to."""

    def __init__(self, inner: Any) -> None:
        self._inner, self.writes = inner, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def write(self, data: bytes) -> None:
        self.writes += 1
        self._inner.write(data)


async def test_head_and_body_leave_in_one_write() -> None:
    transports: list[Counting] = []

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        transports.append(Counting(request.transport))
        request.protocol.transport = transports[0]  # type: ignore[assignment]
        return Whole(200, MARK, b"body")

    async with line_to(answer) as line:
        await heard(line, asked())
        assert await line[0].readexactly(4) == b"body"
        assert transports[0].writes == 1


async def test_whoever_reads_slowly_is_not_answered_further_until_it_has_read() -> None:
    answered: list[web.BaseRequest] = []

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        answered.append(request)
        return Whole(200, MARK, LARGE)

    async with line_to(answer) as (reader, writer):
        writer.write(asked() + asked())
        await until(lambda: bool(answered) and answered[0].protocol.writing_paused, "it to wait")
        for _ in range(3):
            await asyncio.sleep(0)
        assert len(answered) == 1
        for _ in range(2):
            await reader.readuntil(b"\r\n\r\n")
            assert await reader.readexactly(len(LARGE)) == LARGE
        assert len(answered) == 2
