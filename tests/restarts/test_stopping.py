"""Told to end, each service finishes what it has: here Envoy and the authorization server, elsewhere the others."""

import asyncio
import json
import os
import signal
import uuid

from local.folder import locate
from tests.spec.operations import CURRENT
from tests.support.stack import Stack
from tests.support.traffic import Traffic

HALF = b"grant_type=client"
WHOLE = b"grant_type=client_credentials"


def head(line: str, size: int, **headers: str) -> bytes:
    """A request's head."""
    told = {"Host": "localhost", "Content-Length": str(size), **headers}
    return "\r\n".join([line, *(f"{name}: {text}" for name, text in told.items()), "", ""]).encode()


async def status(reader: asyncio.StreamReader) -> int:
    """Of the answer that comes."""
    async with asyncio.timeout(10):
        return int((await reader.readline()).split()[1])


async def test_the_authorization_server_answers_what_had_begun(renewed: Stack) -> None:
    path = locate(renewed.own_folder).socket("oauth")
    [pid] = renewed.pids("oauth")
    reader, writer = await asyncio.open_unix_connection(path)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    writer.write(head("POST /token HTTP/1.1", len(WHOLE), **form) + HALF)
    await writer.drain()
    os.kill(pid, signal.SIGTERM)
    async with asyncio.timeout(10):
        while await is_served(path):  # noqa: ASYNC110 (another process)
            await asyncio.sleep(0.02)
    writer.write(WHOLE[len(HALF) :])
    assert await status(reader) == 401, "who is not registered is told so"
    writer.close()


async def test_envoy_answers_what_had_begun_when_everything_is_taken_down(renewed: Stack, traffic: Traffic) -> None:
    port = int(renewed.api_url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=traffic.tls, server_hostname="localhost")
    body = json.dumps({"last_name": f"mark-{uuid.uuid4().hex}"}).encode()
    own = {"Authorization": f"Bearer {renewed.token()}", "Version": CURRENT, "Content-Type": "application/json"}
    writer.write(head("POST /v1/contacts HTTP/1.1", len(body), **own) + body[:5])
    await writer.drain()
    stopping = asyncio.create_task(asyncio.to_thread(renewed.local, "down"))
    try:
        async with asyncio.timeout(10):
            while await listens(port):  # noqa: ASYNC110 (another process)
                await asyncio.sleep(0.02)
        assert not stopping.done()
        writer.write(body[5:])
        assert await status(reader) == 201
        writer.close()
    finally:
        await stopping
        renewed.local("up", "--port", str(port))


async def is_served(path: str) -> bool:
    """Whether somebody listens at that socket."""
    try:
        _, writer = await asyncio.open_unix_connection(path)
    except OSError:
        return False
    writer.close()
    return True


async def listens(port: int) -> bool:
    """Whether a new caller is let in."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
