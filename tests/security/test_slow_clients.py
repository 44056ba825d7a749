"""Clients that say little at a time, or never listen: each is given up in its time, and the others never wait for it.

All of them at once, since each takes as long as the bound that ends it.
"""

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import httpx
import pytest

from tests.security.frames import (
    END_HEADERS,
    END_STREAM,
    HEADERS,
    INITIAL_WINDOW_SIZE,
    PREFACE,
    SETTINGS,
    block,
    frame,
    setting,
)
from tests.security.wire import BODY, CHUNKED, CREATE, Message
from tests.support.problems import assert_problem
from tests.support.stack import Stack

Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]
PACE_S = 0.5
HEADERS_S, BODY_S, HANDSHAKE_S = 10, 10, 10
"""After which the edge gives up headers, the transcoder a body, the edge a handshake."""
SPARE_S = 15
UNHEARD_S = 30
"""After which an answer that nobody takes is given up."""
LONG = bool(os.environ.get("SLOW_CLIENTS"))
"""Who never listens is waited for as well: half a minute more."""
CROWD = 30


@asynccontextmanager
async def line(stack: Stack, protocol: str = "http/1.1") -> AsyncIterator[Line]:
    context = ssl.create_default_context(cafile=stack.facts["CA_FILE"])
    context.set_alpn_protocols([protocol])
    url = urlsplit(stack.api_url)
    reader, writer = await asyncio.open_connection(url.hostname, url.port, ssl=context, limit=1024)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def dribbled(stack: Stack, at_once: bytes, by_and_by: bytes) -> bytes:
    """What is answered to who sends so; it goes on until it is told something."""
    async with line(stack) as (reader, writer):
        writer.write(at_once)
        answered = asyncio.create_task(reader.read(65_536))
        for byte in by_and_by:
            done, _ = await asyncio.wait([answered], timeout=PACE_S)
            if done:
                break
            writer.write(bytes([byte]))
        async with asyncio.timeout(SPARE_S):
            return await answered


def _text(stack: Stack, message: Message) -> tuple[bytes, bytes]:
    head, _, body = message.text(stack, stack.token()).partition(b"\r\n\r\n")
    return head + b"\r\n\r\n", body


async def _headers(stack: Stack) -> bytes:
    head, _ = _text(stack, Message())
    return await dribbled(stack, head[:-2], b"x: " + b"a" * 400)


async def _no_more_headers(stack: Stack) -> bytes:
    return await dribbled(stack, _text(stack, Message())[0][:-2], b"")


async def _body(stack: Stack) -> bytes:
    head, _ = _text(stack, CREATE.but(more=("Content-Type: application/json", "Content-Length: 4000")))
    return await dribbled(stack, head, BODY.encode() + b" " * 400)


async def _no_more_body(stack: Stack) -> bytes:
    head, body = _text(stack, CREATE)
    return await dribbled(stack, head + body[:-1], b"")


async def _chunks(stack: Stack) -> bytes:
    head, _ = _text(stack, CHUNKED)
    return await dribbled(stack, head, b"1\r\n \r\n" * 400)


async def _no_last_chunk(stack: Stack) -> bytes:
    head, body = _text(stack, CHUNKED)
    return await dribbled(stack, head + body.removesuffix(b"0\r\n\r\n"), b"")


SLOW: dict[str, Callable[[Stack], Awaitable[bytes]]] = {
    "headers letter by letter": _headers,
    "headers that stop": _no_more_headers,
    "a body letter by letter": _body,
    "a body that stops": _no_more_body,
    "chunks letter by letter": _chunks,
    "chunks without the last": _no_last_chunk,
}


async def _handshake(stack: Stack) -> bytes:
    url = urlsplit(stack.api_url)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    writer.write(b"\x16\x03\x01")
    async with asyncio.timeout(HANDSHAKE_S + SPARE_S):
        told = await reader.read()
    writer.close()
    return told


@pytest.fixture(scope="module")
def told(stack: Stack) -> Mapping[str, bytes]:
    """What each is told; others are served before the first of them is."""

    async def all_of_them() -> Mapping[str, bytes]:
        async with asyncio.TaskGroup() as group:
            asked = {name: group.create_task(slow(stack)) for name, slow in SLOW.items()}
            asked["handshake"] = group.create_task(_handshake(stack))
            crowd = [group.create_task(_no_more_body(stack)) for _ in range(CROWD)]
            await asyncio.to_thread(_others, stack)
            assert not any(task.done() for task in (*asked.values(), *crowd)), "the others waited"
        return {name: task.result() for name, task in asked.items()}

    return asyncio.run(all_of_them())


def _others(stack: Stack) -> None:
    with stack.caller() as client:
        for _ in range(10):
            assert client.get("/v1/contacts").status_code == 200


@pytest.mark.parametrize("case", SLOW)
def test_is_told_that_it_is_too_slow_with(stack: Stack, told: Mapping[str, bytes], case: str) -> None:
    head, _, body = told[case].partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = [(name, value) for name, _, value in (each.partition(": ") for each in lines)]
    answer = httpx.Response(int(first.split()[1]), headers=headers, content=body)
    assert_problem(answer, "request-timeout", decided="headers" not in case, api_url=stack.api_url)


def test_a_handshake_that_stops_is_given_up(told: Mapping[str, bytes]) -> None:
    assert told["handshake"] == b""


@pytest.mark.skipif(not LONG, reason="it takes half a minute: make test-scale")
async def test_who_never_takes_its_answer_is_given_up(stack: Stack) -> None:
    """By a stream's window; the connection goes on, and so do others."""
    headers = block(stack, stack.token(), path="/docs")
    closed = frame(SETTINGS, 0, 0, setting(INITIAL_WINDOW_SIZE, 0))
    asked = frame(HEADERS, END_HEADERS | END_STREAM, 1, headers)
    async with line(stack, "h2") as (reader, writer), asyncio.timeout(UNHEARD_S + SPARE_S):
        writer.write(PREFACE + closed + asked)
        held = b""
        while frame(3, 0, 1, b"")[3:9] not in held:  # RST_STREAM of that stream
            part = await reader.read(65_536)
            assert part, "the connection was closed"
            held += part
    assert Message().send(stack).status_code == 200
