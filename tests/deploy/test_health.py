"""What containers ask of a service, and what a service that cannot serve is told apart by."""

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from infra.process.address import UnixAddress
from tests.support.feed import feed_socket, serving_feed
from tests.support.processes import free_ports, running

NO_STORE = "unix:///nowhere/valkey.sock"


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders are too long for a socket
        yield Path(name)


async def ask(module: str, listen: str) -> tuple[int | None, str]:
    """Exit code and complaint of `python -m module`."""
    environment = {"PATH": os.environ["PATH"], "LISTEN": listen}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, env=environment, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(20):
        _, told = await process.communicate()
    return process.returncode, told.decode().strip()


@asynccontextmanager
async def http(listen: str, status: int) -> AsyncIterator[None]:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=status if request.path == "/healthz" else 404)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    kind, _, where = listen.partition(":")
    host, _, port = where.rpartition(":")
    await (web.UnixSite(runner, where) if kind == "unix" else web.TCPSite(runner, host, int(port))).start()
    try:
        yield
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1), (404, 1)])
@pytest.mark.parametrize("kind", ["unix", "tcp"])
async def test_a_service_is_healthy_if_its_health_path_says_so(folder: Path, kind: str, status: int, code: int) -> None:
    listen = f"unix:{folder}/x.sock" if kind == "unix" else f"tcp:0.0.0.0:{free_ports(1)[0]}"
    async with http(listen, status):
        assert (await ask("infra.process.healthcheck", listen))[0] == code


@pytest.mark.parametrize("module", ["infra.process.healthcheck", "authz.healthcheck"])
async def test_nobody_there_is_told_in_a_line(folder: Path, module: str) -> None:
    code, told = await ask(module, f"unix:{folder}/x.sock")
    assert code == 1
    assert "does not answer" in told
    assert "\n" not in told


@pytest.mark.parametrize("module", ["infra.process.healthcheck", "authz.healthcheck"])
async def test_without_an_address_nothing_is_asked(module: str) -> None:
    assert (await ask(module, ""))[0] == 2


def authz(folder: Path) -> Mapping[str, str]:
    settings = {
        "LISTEN": f"unix:{folder}/authz.sock",
        "VALKEY_URL": NO_STORE,
        "PUBLIC_API_URL": "https://localhost:8443",
        "REVOCATIONS_FEED": f"unix:{feed_socket(folder)}",
        "REVOCATIONS_FILE": f"{folder}/revocations.json",
    }
    return {"PATH": os.environ["PATH"], **settings}


async def test_authz_is_healthy_while_it_answers_checks_also_without_its_store(folder: Path) -> None:
    environment = authz(folder)
    command = [sys.executable, "-m", "authz"]
    async with (
        serving_feed(folder),
        running(command, environment, ready=UnixAddress(folder / "authz.sock")) as process,
    ):
        assert await ask("authz.healthcheck", environment["LISTEN"]) == (0, "")
        process.send_signal(signal.SIGSTOP)  # the kernel goes on accepting connections for it
        try:
            code, told = await ask("authz.healthcheck", environment["LISTEN"])
        finally:
            process.send_signal(signal.SIGCONT)
        assert (code, told.rpartition(" ")[2]) == (1, "DEADLINE_EXCEEDED")
