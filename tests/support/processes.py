"""Starting a real process for a test, waiting until its socket accepts, ending it."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

from infra.process.address import Address, TcpAddress

START_S = 20.0
STOP_S = 10.0
_POLL_S = 0.02
_LEAST_PRIORITY = 19
"""The kernel's; whoever asks for less has this."""


def niceness(pid: int = 0) -> int:
    """How far a process gives way; ours, without a word."""
    return os.getpriority(os.PRIO_PROCESS, pid)


def niceness_beyond_ours(more: int) -> int:
    """Of a process of ours that gives way by that."""
    return min(niceness() + more, _LEAST_PRIORITY)


async def accepts(address: Address) -> bool:
    """Whether something listens there."""
    try:
        if isinstance(address, TcpAddress):
            _, writer = await asyncio.open_connection(address.host, address.port)
        else:
            _, writer = await asyncio.open_unix_connection(address.path)
    except OSError:
        return False
    writer.close()
    return True


@contextlib.asynccontextmanager
async def running(
    command: Sequence[str], environment: Mapping[str, str], *, ready: Address, log: Path | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The process, once `ready` accepts connections; ended and awaited afterwards. Its output goes to `log`."""
    with contextlib.ExitStack() as files:
        if log:
            log.write_bytes(b"")
        # Appended: Envoy opens its standard output once more, and what it says at its end would overwrite the requests.
        output = files.enter_context(log.open("ab")) if log else asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=output, stderr=output)
        try:
            async with asyncio.timeout(START_S):
                while not await accepts(ready):
                    if process.returncode is not None:
                        told = log.read_text(errors="replace") if log else ""
                        raise AssertionError(f"{command[0]} ended with {process.returncode}: {told}")
                    await asyncio.sleep(_POLL_S)
            yield process
        finally:
            await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(STOP_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def free_ports(count: int) -> list[int]:
    """Loopback ports that nothing listens on."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
