"""Envoy's preStop hook against a real Envoy: what is in flight ends well, and new calls are still answered."""

import asyncio
import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
import yaml
from aiohttp import web

from infra.process.address import TcpAddress
from tests.deploy.manifests import KUBERNETES, ROOT
from tests.envoy.standing import ENVOY
from tests.support.processes import free_ports, running

SCRIPT = ROOT / "deploy" / "images" / "envoy.sh"
DRAIN = KUBERNETES / "base" / "drain.sh"
LEAST_S, MOST_S = 1, 3


@dataclass(frozen=True)
class Slow:
    """An Envoy that answers by itself, before a service that answers when it is told to."""

    port: int
    admin_port: int
    arrived: asyncio.Event
    go_on: asyncio.Event

    async def drain(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec("bash", DRAIN, str(self.admin_port), str(LEAST_S), str(MOST_S))


@pytest.fixture
async def slow(tmp_path: Path) -> AsyncIterator[Slow]:
    port, admin_port, behind = free_ports(3)
    stand = Slow(port, admin_port, asyncio.Event(), asyncio.Event())
    (tmp_path / "envoy.yaml").write_text(yaml.dump(configuration(port, admin_port, behind)))
    options = ("--disable-hot-restart", "--drain-time-s", "20", "--log-level", "error")
    command = [str(ENVOY), "-c", str(tmp_path / "envoy.yaml"), *options]
    async with service(stand, behind), running(command, {}, ready=TcpAddress("127.0.0.1", port)):
        yield stand


@asynccontextmanager
async def service(stand: Slow, port: int) -> AsyncIterator[None]:
    async def answer(_: web.Request) -> web.Response:
        stand.arrived.set()
        await stand.go_on.wait()
        return web.Response(text="done")

    app = web.Application()
    app.router.add_get("/slow", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield
    finally:
        await runner.cleanup()


def address(port: int) -> dict[str, object]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def configuration(port: int, admin_port: int, behind: int) -> dict[str, object]:
    """As little of Envoy as the hook speaks to: the admin interface, and the edge's statistics."""
    routes = [
        {"match": {"path": "/quick"}, "direct_response": {"status": 200}},
        {"match": {"prefix": "/"}, "route": {"cluster": "slow"}},
    ]
    type_of = "type.googleapis.com/envoy.extensions.filters."
    manager = {
        "@type": f"{type_of}network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "edge",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes}]},
        "http_filters": [{"name": "router", "typed_config": {"@type": f"{type_of}http.router.v3.Router"}}],
    }
    endpoints = [{"lb_endpoints": [{"endpoint": {"address": address(behind)}}]}]
    return {
        "admin": {"address": address(admin_port)},
        "static_resources": {
            "listeners": [
                {"address": address(port), "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}]}
            ],
            "clusters": [
                {
                    "name": "slow",
                    "load_assignment": {"cluster_name": "slow", "endpoints": endpoints},
                }
            ],
        },
    }


async def test_a_call_in_flight_is_waited_for_and_new_ones_are_answered_and_sent_away(slow: Slow) -> None:
    url = f"http://127.0.0.1:{slow.port}"
    async with aiohttp.ClientSession() as client, asyncio.TaskGroup() as group:
        in_flight = group.create_task(text_of(client, f"{url}/slow"))
        await slow.arrived.wait()
        draining = await slow.drain()
        async with asyncio.timeout(10):
            while not await leaving(client, f"{url}/quick"):  # noqa: ASYNC110 (another process)
                await asyncio.sleep(0.02)
        assert draining.returncode is None
        slow.go_on.set()
        assert await in_flight == "done"
        async with asyncio.timeout(10):
            assert await draining.wait() == 0


async def text_of(client: aiohttp.ClientSession, url: str) -> str:
    async with client.get(url) as response:
        return await response.text()


async def leaving(client: aiohttp.ClientSession, url: str) -> bool:
    async with client.get(url) as response:
        assert response.status == 200
        return response.headers.get("connection") == "close"


async def test_a_call_that_never_ends_is_waited_for_no_longer_than_was_said(slow: Slow) -> None:
    loop = asyncio.get_running_loop()
    async with aiohttp.ClientSession() as client, asyncio.TaskGroup() as group:
        hanging = group.create_task(text_of(client, f"http://127.0.0.1:{slow.port}/slow"))
        await slow.arrived.wait()
        began_s = loop.time()
        assert await (await slow.drain()).wait() == 0
        assert MOST_S - 1 <= loop.time() - began_s < MOST_S + 5
        assert not hanging.done()
        slow.go_on.set()


async def test_an_admin_interface_that_hangs_keeps_nobody_for_longer_than_was_said() -> None:
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port, began_s = silent.getsockname()[1], loop.time()
        draining = await asyncio.create_subprocess_exec("bash", DRAIN, str(port), str(LEAST_S), str(MOST_S))
        ended = asyncio.ensure_future(draining.wait())
        await asyncio.wait((ended,), timeout=MOST_S + 5)
    assert ended.done(), "it waits for ever"
    assert loop.time() - began_s >= MOST_S - 1


async def test_without_a_hook_sigterm_waits_for_what_is_in_flight(tmp_path: Path) -> None:
    """As `docker compose` runs it."""
    port, admin_port, behind = free_ports(3)
    stand = Slow(port, admin_port, asyncio.Event(), asyncio.Event())
    (tmp_path / "envoy.yaml").write_text(yaml.dump(configuration(port, admin_port, behind)))
    for script in (SCRIPT, DRAIN):
        shutil.copy(script, tmp_path)
    command = ["bash", str(tmp_path / SCRIPT.name), str(admin_port), str(MOST_S), "-c", str(tmp_path / "envoy.yaml")]
    command += ["--disable-hot-restart", "--drain-time-s", "2", "--log-level", "error"]
    path = {"PATH": f"{ENVOY.parent}:{os.environ['PATH']}"}
    ready = TcpAddress("127.0.0.1", port)
    async with service(stand, behind), running(command, path, ready=ready) as process:
        async with aiohttp.ClientSession() as client, asyncio.TaskGroup() as group:
            in_flight = group.create_task(text_of(client, f"http://127.0.0.1:{port}/slow"))
            await stand.arrived.wait()
            process.terminate()
            async with asyncio.timeout(10):
                while not await leaving(client, f"http://127.0.0.1:{port}/quick"):  # noqa: ASYNC110 (another process)
                    await asyncio.sleep(0.02)
            stand.go_on.set()
            assert await in_flight == "done"
        async with asyncio.timeout(10):
            assert await process.wait() == 0


def test_the_pod_is_given_more_time_than_the_drain_takes() -> None:
    deployment = next(yaml.safe_load_all((KUBERNETES / "base" / "gateway.yaml").read_text()))
    pod = deployment["spec"]["template"]["spec"]
    most_s = int(DRAIN.read_text().split("most_s=${3:-")[1].split("}")[0])
    arguments = pod["containers"][0]["args"]
    accepts_s = int(arguments[arguments.index("--drain-time-s") + 1])
    assert accepts_s < most_s < pod["terminationGracePeriodSeconds"] - 10


def test_the_hook_is_a_script_that_bash_can_read() -> None:
    bash = shutil.which("bash")
    assert bash
    assert subprocess.run([bash, "-n", DRAIN], check=False).returncode == 0
