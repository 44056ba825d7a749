"""The listener that Prometheus reads: what it answers, and that nobody holds it up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from infra.process import metrics_server
from infra.process.address import UnixAddress
from infra.process.metrics import new_registry, serve_metrics

WITHIN_S = 10.0


@asynccontextmanager
async def served() -> AsyncIterator[Path]:
    """Where metrics are read, while it lasts."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "metrics.sock"
        async with asyncio.timeout(WITHIN_S), serve_metrics(new_registry(), UnixAddress(path)):
            while not path.exists():  # noqa: ASYNC110
                await asyncio.sleep(0)
            yield path


async def heard(path: Path, asked: bytes) -> tuple[bytes, bytes]:
    """Head and body of the answer, until the connection ends."""
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(asked)
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    return head, body


async def test_a_get_is_answered_by_all_metrics_and_a_head_by_their_length() -> None:
    async with served() as path:
        head, body = await heard(path, b"GET /metrics?x=1 HTTP/1.1\r\nHost: x\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=")
        assert b"\nprocess_cpu_seconds_total " in body
        assert f"Content-Length: {len(body)}".encode() in head
        head, body = await heard(path, b"HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK")
        assert body == b""


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", b"404 Not Found"),
        (b"POST /metrics HTTP/1.1\r\n\r\n", b"405 Method Not Allowed"),
        (b"\r\n\r\n", b"404 Not Found"),
    ],
)
async def test_whatever_else_is_asked_is_refused(asked: bytes, status: bytes) -> None:
    async with served() as path:
        assert (await heard(path, asked))[0].split(b"\r\n")[0] == b"HTTP/1.1 " + status


async def test_who_does_not_finish_asking_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_server, "ASKS_WITHIN_S", 0.05)
    async with served() as path:
        assert await heard(path, b"GET /metrics") == (b"", b"")


async def test_a_head_that_is_too_long_is_not_read() -> None:
    async with served() as path:
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(b"GET /metrics HTTP/1.1\r\nX: " + b"a" * 2 * metrics_server.HEAD_BYTES)
        with suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.close()
