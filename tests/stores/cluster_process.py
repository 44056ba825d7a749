"""A real Valkey Cluster for tests: three masters without replicas, of the same binary as the single server."""

import asyncio
import contextlib
import os
import socket
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from infra.process.address import TcpAddress
from infra.stores.valkey_cluster import SLOTS, slot_of
from tests.stores.valkey_process import binary
from tests.support.processes import free_ports, running

NODES = 3
READY_S = 20.0
_POLL_S = 0.05


@dataclass
class Nodes:
    """The nodes, by their ports."""

    ports: list[int]
    folder: Path
    processes: dict[int, Process] = field(default_factory=dict)
    around: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack)

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.ports)
        return f"redis://{hosts}?cluster=true"

    def holder(self, key: str) -> int:
        """The port of the node that is given a key at first: each holds as many slots as the next."""
        return self.ports[min(slot_of(key) * NODES // SLOTS, NODES - 1)]

    async def ask(self, port: int, *words: str | int) -> Any:
        """What one node answers to a command."""
        async with Redis(port=port, decode_responses=True) as redis:
            return await redis.execute_command(*words)  # type: ignore[no-untyped-call]

    async def start(self, port: int, *options: str) -> None:
        """Start a node; what it knew of the others before, it finds in its file."""
        folder = self.folder / str(port)
        folder.mkdir(exist_ok=True)
        command = [binary(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
        command += ["--cluster-enabled", "yes", "--cluster-port", str(port + 1), "--cluster-node-timeout", "1000"]
        # The slots of a node that is away are away, and no other.
        command += ["--cluster-require-full-coverage", "no", "--enable-debug-command", "local", *options]
        ready = TcpAddress("127.0.0.1", port)
        self.processes[port] = await self.around.enter_async_context(
            running(command, {"PATH": os.environ["PATH"]}, ready=ready, log=folder / "log")
        )

    async def kill(self, port: int) -> None:
        """SIGKILL."""
        self.processes[port].kill()
        await self.processes[port].wait()

    async def agree(self) -> None:
        """Return when every node says that all is well, and knows who holds which slots."""

        async def told() -> list[Any]:
            return [await self.ask(port, "CLUSTER", "SLOTS") for port in self.ports]

        async with asyncio.timeout(READY_S):
            while True:
                info = [await self.ask(port, "CLUSTER", "INFO") for port in self.ports]
                slots = await told()
                held = [{(first, last, node[1]) for first, last, node, *_ in each} for each in slots]
                whole = sum(last + 1 - first for first, last, _ in held[0]) == SLOTS
                if whole and held.count(held[0]) == len(held) and all("cluster_state:ok" in str(one) for one in info):
                    return
                await asyncio.sleep(_POLL_S)


@contextlib.asynccontextmanager
async def cluster_at(folder: Path) -> AsyncIterator[Nodes]:
    """Three nodes that know each other, a third of the slots each."""
    nodes = Nodes(_ports(), folder)
    async with nodes.around:
        for number, port in enumerate(nodes.ports):
            await nodes.start(port)
            first, last = -(-SLOTS * number // NODES), -(-SLOTS * (number + 1) // NODES) - 1
            await nodes.ask(port, "CLUSTER", "SET-CONFIG-EPOCH", number + 1)
            await nodes.ask(port, "CLUSTER", "ADDSLOTSRANGE", first, last)
        for port in nodes.ports[1:]:
            await nodes.ask(nodes.ports[0], "CLUSTER", "MEET", "127.0.0.1", port, port + 1)
        await nodes.agree()
        yield nodes


def _ports() -> list[int]:
    """Three that are free, with the next ones, for the nodes among themselves."""
    ports = free_ports(4 * NODES)
    return [port for port in ports if port + 1 not in ports and _is_free(port + 1)][:NODES]


def _is_free(port: int) -> bool:
    with socket.socket() as trial:
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
