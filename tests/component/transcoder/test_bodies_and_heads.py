"""What a request may bring: sizes, framings and speeds of bodies, and heads as large as the edge lets in."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from tests.component.transcoder.places import API_URL, CODEC, Caller, Folder

MEBIBYTE = 1024 * 1024
ANSWER_S = 8.0


class Line:
    """One connection, on which every byte is the test's own."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, identity: dict[str, str]) -> None:
        self._reader = reader
        self._writer = writer
        self._identity = identity

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def head(self, request: str, *lines: str, body: bytes = b"") -> None:
        """A request line, the identity, and some lines more; the body in the same write."""
        head = [f"{request} HTTP/1.1", "Host: x", *(f"{name}: {text}" for name, text in self._identity.items()), *lines]
        await self.send("".join(f"{line}\r\n" for line in [*head, ""]).encode() + body)

    async def answer(self) -> tuple[int, bytes]:
        """Status and body of the answer."""
        async with asyncio.timeout(ANSWER_S):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
            length = [line for line in head.split("\r\n") if line.lower().startswith("content-length")]
            body = await self._reader.readexactly(int(length[0].split(": ")[1])) if length else b""
        return int(head.split(" ")[1]), body

    async def problem(self) -> tuple[int, str]:
        """Status and code of a problem."""
        status, body = await self.answer()
        told = json.loads(body)
        assert told["type"] == f"{API_URL}/problems/{told['code']}"
        return status, told["code"]

    def leave(self) -> None:
        self._writer.transport.abort()


class Lines:
    """New connections to the hasty transcoder."""

    def __init__(self, socket: Path, caller: Caller) -> None:
        self._socket = socket
        self._caller = caller
        self._writers: list[asyncio.StreamWriter] = []

    async def to(self, operation: str) -> Line:
        reader, writer = await asyncio.open_unix_connection(self._socket)
        self._writers.append(writer)
        return Line(reader, writer, self._caller.identity(operation))

    def close(self) -> None:
        for writer in self._writers:
            writer.close()


@pytest.fixture
async def lines(crm: Folder, hasty: Caller) -> AsyncIterator[Lines]:
    lines = Lines(crm.socket("hasty"), hasty)
    yield lines
    lines.close()


JSON = "Content-Type: application/json"
CHUNKED = "Transfer-Encoding: chunked"
CREATE = "POST /v1/contacts"
NOBODY = f"/v1/contacts/{CODEC.seal('con', 1, 2**40)}"


def chunks(body: bytes, size: int = 64 * 1024) -> Sequence[bytes]:
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    return [*(b"%x\r\n%b\r\n" % (len(part), part) for part in parts), b"0\r\n\r\n"]


async def test_a_body_that_says_it_is_too_large_is_refused_before_it_comes(lines: Lines) -> None:
    line = await lines.to("create")
    await line.head(CREATE, JSON, f"Content-Length: {MEBIBYTE + 1}")
    status, raw = await line.answer()
    assert (status, json.loads(raw)["code"], json.loads(raw)["limit_bytes"]) == (413, "payload-too-large", MEBIBYTE)


async def test_a_body_that_does_not_say_is_refused_where_it_gets_too_large(lines: Lines) -> None:
    line = await lines.to("create")
    await line.head(CREATE, JSON, CHUNKED)
    for chunk in chunks(b" " * (MEBIBYTE + 1))[:-1]:
        await line.send(chunk)
    assert await line.problem() == (413, "payload-too-large")


@pytest.mark.parametrize("framing", ["a length", "chunks"])
async def test_a_body_of_exactly_the_limit_is_read(lines: Lines, framing: str) -> None:
    body = b'{"first_name": "Ada"}'.ljust(MEBIBYTE)
    line = await lines.to("create")
    if framing == "chunks":
        await line.head(CREATE, JSON, CHUNKED)
        await line.send(b"".join(chunks(body)))
    else:
        await line.head(CREATE, JSON, f"Content-Length: {MEBIBYTE}")
        await line.send(body)
    assert (await line.answer())[0] == 201


async def test_a_body_that_trickles_is_given_up_in_time(lines: Lines) -> None:
    line = await lines.to("create")
    await line.head(CREATE, JSON, "Content-Length: 1000")
    trickle = asyncio.ensure_future(_trickle(line))
    assert await line.problem() == (408, "request-timeout")
    trickle.cancel()
    await asyncio.gather(trickle, return_exceptions=True)


async def _trickle(line: Line) -> None:
    for _ in range(1000):
        await line.send(b" ")
        await asyncio.sleep(0.05)


async def test_a_chunked_body_that_never_begins_is_given_up_in_time(lines: Lines) -> None:
    line = await lines.to("create")
    await line.head(CREATE, JSON, CHUNKED)
    assert await line.problem() == (408, "request-timeout")


NO_BODY = {"no framing": [], "a length of 0": ["Content-Length: 0"], "chunks that are none": [CHUNKED]}


@pytest.mark.parametrize("framing", NO_BODY.values(), ids=NO_BODY.keys())
@pytest.mark.parametrize(("operation", "method"), [("get", "GET"), ("delete", "DELETE")])
async def test_a_request_without_a_body_needs_no_type(
    lines: Lines, operation: str, method: str, framing: list[str]
) -> None:
    line = await lines.to(operation)
    await line.head(f"{method} {NOBODY}", *framing)
    if CHUNKED in framing:
        await line.send(b"0\r\n\r\n")
    assert await line.problem() == (404, "resource-not-found")


@pytest.mark.parametrize("framing", NO_BODY.values(), ids=NO_BODY.keys())
async def test_a_create_without_a_body_is_no_json_and_no_wrong_type(lines: Lines, framing: list[str]) -> None:
    line = await lines.to("create")
    await line.head(CREATE, *framing)
    if CHUNKED in framing:
        await line.send(b"0\r\n\r\n")
    assert await line.problem() == (400, "malformed-request")


@pytest.mark.parametrize(("operation", "method"), [("get", "GET"), ("delete", "DELETE")])
async def test_where_no_body_is_taken_one_is_refused(lines: Lines, operation: str, method: str) -> None:
    line = await lines.to(operation)
    await line.head(f"{method} {NOBODY}", JSON, "Content-Length: 2")
    await line.send(b"{}")
    assert await line.problem() == (400, "malformed-request")


async def test_a_chunked_body_of_the_wrong_type_is_refused_by_its_type(lines: Lines) -> None:
    line = await lines.to("create")
    await line.head(CREATE, "Content-Type: text/plain", CHUNKED)
    await line.send(chunks(b"{}")[0])
    assert await line.problem() == (415, "unsupported-media-type")


async def test_two_types_are_no_type(lines: Lines) -> None:
    line = await lines.to("create")
    await line.head(CREATE, JSON, "Content-Type: text/plain", "Content-Length: 2", body=b"{}")
    assert (await line.answer())[0] in (400, 415)


async def test_a_caller_who_leaves_in_the_middle_of_a_body_is_no_fault_of_ours(lines: Lines, crm: Folder) -> None:
    line = await lines.to("create")
    line._identity["X-Request-Id"] = "left"
    await line.head(CREATE, JSON, "Content-Length: 1000")
    await line.send(b'{"first_name":')
    line.leave()
    follow = await lines.to("get")
    await follow.head(f"GET {NOBODY}")
    assert await follow.problem() == (404, "resource-not-found")
    assert [
        entry for entry in crm.log_of("hasty") if entry["level"] == "error" and entry.get("trace_id") == "left"
    ] == []


@pytest.mark.parametrize("size", [9_000, 60_000])
async def test_a_long_header_that_the_edge_lets_in_is_no_fault(lines: Lines, size: int) -> None:
    line = await lines.to("get")
    await line.head(f"GET {NOBODY}", f"X-Anything: {'x' * size}")
    assert await line.problem() == (404, "resource-not-found")


async def test_a_long_query_is_read_to_its_end(lines: Lines) -> None:
    line = await lines.to("get")
    await line.head(f"GET {NOBODY}?fields=id{',id' * 15_000}&limit=1")
    assert await line.problem() == (400, "invalid-parameter")


async def test_thousands_of_unknown_parameters_are_refused_at_once(lines: Lines) -> None:
    line = await lines.to("list")
    await line.head("GET /v1/contacts?" + "&".join(f"limi{n}" for n in range(6_000)))
    async with asyncio.timeout(4.0):
        status, raw = await line.answer()
    assert (status, len(json.loads(raw)["errors"])) == (400, 50)


async def test_thousands_of_unknown_members_are_refused_at_once(lines: Lines) -> None:
    body = json.dumps({f"emai{n}": n for n in range(50_000)}).encode()
    line = await lines.to("create")
    await line.head(CREATE, JSON, f"Content-Length: {len(body)}")
    await line.send(body)
    async with asyncio.timeout(4.0):
        status, raw = await line.answer()
    assert (status, len(json.loads(raw)["errors"])) == (422, 50)
