"""A Valkey Cluster for scripts: a pipelined connection for each node, and a map of slots that follows redirections.

Owns the map: who holds which slot, and when it is asked for again. Every key of ours has its business as hash tag, so
that a script's keys lie in one slot. A node that is away takes its own slots with it and no other.
"""

import asyncio
from binascii import crc_hqx
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import hiredis

from infra.stores.valkey import DEFAULT_PORT, Call, Place, StoreUnavailable, side_by_side
from infra.stores.valkey_pipeline import PipelinedClient, PipelinedScript

Node = tuple[str, int]
"""Host and port."""
SLOTS = 16_384
REFRESH_MAP_EVERY_S = 0.2
"""A map that has just been asked for is not asked for again before that."""


class Cluster:
    """A client of all nodes of a cluster; nothing is opened before the first call."""

    def __init__(self, place: Place, *, timeout_s: float) -> None:
        self.timeout_s = timeout_s
        self._place = place
        self._nodes: dict[Node, PipelinedClient] = {}
        self._holders: list[Node | None] = [None] * SLOTS
        self._mapping: asyncio.Task[None] | None = None
        self._mapped_at_s = -REFRESH_MAP_EVERY_S
        self._closed = False

    def script(self, text: str) -> "ClusterScript":
        """A script to call."""
        return ClusterScript(self, text)

    def partition(self, key: str) -> str:
        """The node that is known to hold a key."""
        holder = self._holders[slot_of(key)]
        return f"{holder[0]}:{holder[1]}" if holder else ""

    def node(self, node: Node) -> PipelinedClient:
        """The connection to a node."""
        if node not in self._nodes:
            self._nodes[node] = PipelinedClient(self._place.url, timeout_s=self.timeout_s, node=node)
        return self._nodes[node]

    def is_current(self, connection: PipelinedClient) -> bool:
        """Whether the connection is still in use."""
        return connection in self._nodes.values()

    async def node_of_slot(self, slot: int) -> Node:
        """Who holds a slot, as far as is known; StoreLost when nobody does."""
        if (known := self._holders[slot]) is not None:
            return known
        mapping = self.refresh_map()
        if mapping is not None:
            # A task of its own goes on when whoever waits has left.
            await asyncio.wait({mapping}, timeout=self.timeout_s)
        if (known := self._holders[slot]) is None:
            raise StoreUnavailable(f"nobody is known to hold slot {slot}")
        return known

    def on_moved(self, slot: int, node: Node) -> None:
        """A node said that another holds the slot: probably not that one alone."""
        self._holders[slot] = node
        self.refresh_map()

    def refresh_map(self) -> "asyncio.Task[None] | None":
        """Have the map drawn anew, beside whatever goes on; None: it has just been, or never will be again."""
        loop = asyncio.get_running_loop()
        if self._mapping is None or self._mapping.done():
            if self._closed or loop.time() - self._mapped_at_s < REFRESH_MAP_EVERY_S:
                return None
            self._mapping = loop.create_task(self._map())
        return self._mapping

    async def _map(self) -> None:
        """By the first of all nodes that answers."""
        for node in dict.fromkeys((*self._nodes, *self._place.seeds)):
            with suppress(StoreUnavailable):
                told = await self.node(node).execute("CLUSTER", "SLOTS")
                if isinstance(told, list) and told:
                    await self._draw(told, node)
                    break
        self._mapped_at_s = asyncio.get_running_loop().time()

    async def _draw(self, told: list[Any], teller: Node) -> None:
        holders: list[Node | None] = [None] * SLOTS
        for first, last, (host, port, *_), *_ in told:
            # A node that does not know its own name leaves it out, or says `?`: it is on the host that we have asked.
            node = (host.decode() if host not in (None, b"", b"?") else teller[0], port)
            holders[first : last + 1] = [node] * (last + 1 - first)
        self._holders = holders
        for gone in self._nodes.keys() - set(holders) - set(self._place.seeds):
            await self._nodes.pop(gone).close()

    async def close(self) -> None:
        """Close every connection."""
        self._closed = True
        if self._mapping is not None:
            self._mapping.cancel()
            with suppress(asyncio.CancelledError):
                await self._mapping
        for node in self._nodes.values():
            await node.close()


class ClusterScript:
    """A Lua script, run by whichever node holds its keys."""

    def __init__(self, cluster: Cluster, text: str) -> None:
        self._cluster = cluster
        self._text = text
        self._by_node: dict[PipelinedClient, PipelinedScript] = {}

    async def __call__(self, keys: Sequence[str], args: Sequence[str | bytes | int]) -> Any:
        """See `Script`. A redirection is followed once, within what is left of the deadline."""
        cluster, slot = self._cluster, slot_of(keys[0]) if keys else 0
        ends_s = asyncio.get_running_loop().time() + cluster.timeout_s
        try:
            holder = await cluster.node_of_slot(slot)
            answer = await self._at(holder).call(keys, args)
            if isinstance(answer, hiredis.ReplyError):
                async with asyncio.timeout_at(ends_s):
                    answer = await self._redirected(str(answer).split(), holder, slot, keys, args)
        except (StoreUnavailable, TimeoutError) as error:
            cluster.refresh_map()
            raise StoreUnavailable(str(error) or "no answer within the deadline") from error
        return answer

    async def call_many(self, calls: Sequence[Call]) -> "Sequence[Any | StoreUnavailable]":
        """See `Script`. Whoever asks the same node in the same turn of the loop shares a write."""
        return await side_by_side(self, calls)

    async def _redirected(
        self, told: list[str], teller: Node, slot: int, keys: Sequence[str], args: Sequence[str | bytes | int]
    ) -> Any:
        match told:
            case ["MOVED", _, address]:
                self._cluster.on_moved(slot, node := parse_node(address, teller[0]))
                answer = await self._at(node).call(keys, args)
            case ["ASK", _, address]:
                answer = await self._at(parse_node(address, teller[0])).call_asking(keys, args)
            case _:
                # Loading, read-only, out of memory, without its slots (CLUSTERDOWN), amid a move (TRYAGAIN).
                raise StoreUnavailable(" ".join(told))
        if isinstance(answer, hiredis.ReplyError):
            raise StoreUnavailable(str(answer))
        return answer

    def _at(self, node: Node) -> PipelinedScript:
        connection = self._cluster.node(node)
        if connection not in self._by_node:
            # Nodes come and go: of those that went, no more is kept than there ever were at once.
            self._by_node = {
                known: script for known, script in self._by_node.items() if self._cluster.is_current(known)
            }
            self._by_node[connection] = connection.script(self._text)
        return self._by_node[connection]


def slot_of(key: str) -> int:
    """The slot of a key: of its hash tag, if it has one that is not empty (Redis' cluster specification)."""
    tag, closed, _ = key.partition("{")[2].partition("}")
    return crc_hqx((tag if closed and tag else key).encode(), 0) % SLOTS


def parse_node(address: str, teller: str) -> Node:
    """The node that a redirection names; without a host, or with `?`, another port of the host that says so.

    That is how nodes answer that do not know their own names (`cluster-preferred-endpoint-type unknown-endpoint`).
    """
    host, _, port = address.rpartition(":")
    return host if host not in ("", "?") else teller, int(port or DEFAULT_PORT)
