"""Asks a service whether it is ready, with real connections; must not know what the service is for."""

import asyncio
import ssl
from functools import lru_cache

from deploy.local.stack_plan import Probe

TRY_WITHIN_S = 1.0
EAGER_S, EAGER_EVERY_S, PATIENT_EVERY_S = 15.0, 0.02, 0.5


async def until_ready(probe: Probe) -> None:
    """Return once the service answers as expected: asked every 20 ms at first, later twice a second."""
    loop = asyncio.get_running_loop()
    eager_until = loop.time() + EAGER_S
    while not await is_ready(probe):  # noqa: ASYNC110 (another process: nothing here could set an event)
        await asyncio.sleep(EAGER_EVERY_S if loop.time() < eager_until else PATIENT_EVERY_S)


async def is_ready(probe: Probe) -> bool:
    """Whether the service answers as expected, now and within a second."""
    try:
        async with asyncio.timeout(TRY_WITHIN_S):
            reader, writer = await _connect(probe)
            try:
                writer.write(probe.send.encode())
                return await reader.readexactly(len(probe.expect)) == probe.expect.encode()
            finally:
                writer.close()
    except (OSError, TimeoutError, asyncio.IncompleteReadError):  # ssl.SSLError is an OSError
        return False


async def _connect(probe: Probe) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    kind, _, address = probe.address.partition(":")
    if kind == "unix":
        return await asyncio.open_unix_connection(address)
    host, _, port = address.rpartition(":")
    if not probe.ca_file:
        return await asyncio.open_connection(host, int(port))
    return await asyncio.open_connection(host, int(port), ssl=_trusting(probe.ca_file), server_hostname="localhost")


@lru_cache(maxsize=1)
def _trusting(ca_file: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file)
