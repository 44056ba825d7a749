"""A real cluster of three: which keys go together, and what callers see while slots move and nodes die."""

import asyncio
import importlib
import pkgutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

import infra.stores
from contract.rate_plans import SCALE
from contract.vocabulary import TenantId
from infra.stores.connect import pipelined_client
from infra.stores.idempotency import KeyUse, ValkeyIdempotency
from infra.stores.rate_limits import ValkeyBuckets
from infra.stores.receipt import Receipt
from infra.stores.receipts import ValkeyReceipts
from infra.stores.valkey import Call, Script, Scripts, StoreUnavailable, place, valkey_url
from infra.stores.valkey_cluster import Cluster, slot_of
from tests.stores.charging import charged
from tests.stores.cluster_process import Nodes, cluster_at

TIMEOUT_S = 5.0
SHORT_S = 0.5
CALLERS = 8
COUNT = "return redis.call('INCR', KEYS[1])"
READ = "return redis.call('GET', KEYS[1])"


@pytest.fixture(scope="module")
async def nodes() -> AsyncIterator[Nodes]:
    """A cluster that may be broken; every test leaves it whole."""
    with TemporaryDirectory() as folder:
        async with cluster_at(Path(folder)) as nodes:
            yield nodes


@asynccontextmanager
async def client_of(url: str, timeout_s: float = TIMEOUT_S) -> AsyncIterator[Cluster]:
    client = Cluster(place(url), timeout_s=timeout_s)
    try:
        yield client
    finally:
        await client.close()


@pytest.fixture
async def cluster(nodes: Nodes) -> AsyncIterator[Cluster]:
    async with client_of(nodes.url) as client:
        yield client


def key_on(nodes: Nodes, port: int) -> str:
    """A key that a node is given."""
    return next(key for key in (f"{{{number}}}" for number in range(1000)) if nodes.holder(key) == port)


class Recorder:
    """A client that remembers which keys each script was called with."""

    def __init__(self, inner: Scripts) -> None:
        self._inner = inner
        self.called: dict[str, list[Sequence[str]]] = {}

    def partition(self, key: str) -> str:
        return self._inner.partition(key)

    def script(self, text: str) -> Script:
        return Recorded(self._inner.script(text), self.called.setdefault(text, []))


class Recorded:
    """One of its scripts."""

    def __init__(self, inner: Script, called: list[Sequence[str]]) -> None:
        self._inner = inner
        self._called = called

    async def __call__(self, keys: Sequence[str], args: Sequence[str | bytes | int]) -> Any:
        self._called.append(keys)
        return await self._inner(keys, args)

    async def call_many(self, calls: Sequence[Call]) -> Sequence[Any | StoreUnavailable]:
        self._called += [call.keys for call in calls]
        return await self._inner.call_many(calls)


async def test_every_script_touches_keys_of_one_slot(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.stores.receipts.RECEIPTS_PER_BUSINESS", 1)
    recorder = Recorder(cluster)
    await charged(ValkeyBuckets(recorder), "family", business="biz_1", plan=SCALE, cost=1)
    once, tenant, use = ValkeyIdempotency(recorder), TenantId(1), KeyUse("key", b"note")
    await once.claim(tenant, "name", "print", "owner", use)
    await once.claim(tenant, "another", "print", "owner", use)
    await once.finish(tenant, "name", "owner", b"answer", b"note")
    assert len(await once.uses(tenant, "key")) == 2
    await once.release(tenant, "another", "owner")
    receipts, receipt = ValkeyReceipts(recorder), Receipt("first", "usr", "contacts.list", 0, status=200)
    await receipts.save("biz_1", [receipt])
    # The first makes room for this one: a key that the script finds by itself.
    await receipts.save("biz_1", [Receipt("second", "usr", "contacts.list", 0, status=200)])
    assert await receipts.find("biz_1", "first") is None
    assert set(recorder.called) == scripts_in_stores()
    for text, calls in recorder.called.items():
        assert calls, text
        for keys in calls:
            assert len({slot_of(key) for key in keys}) == 1, keys


def scripts_in_stores() -> set[str]:
    """Every Lua text in the room."""
    modules = [
        importlib.import_module(found.name) for found in pkgutil.walk_packages(infra.stores.__path__, "infra.stores.")
    ]
    texts = (value for module in modules for value in vars(module).values() if isinstance(value, str))
    return {text for text in texts if "redis.call(" in text}


async def test_each_key_is_asked_for_where_it_lies(nodes: Nodes, cluster: Cluster) -> None:
    count = cluster.script(COUNT)
    keys = [key_on(nodes, port) + "place" for port in nodes.ports]
    assert await asyncio.gather(*(count([key], []) for key in keys)) == [1, 1, 1]
    assert [cluster.partition(key) for key in keys] == [f"127.0.0.1:{port}" for port in nodes.ports]


async def test_any_node_that_lives_is_enough_to_find_all(nodes: Nodes) -> None:
    url = f"redis://127.0.0.1:1,127.0.0.1:{nodes.ports[2]}?cluster=true"
    async with client_of(url) as client:
        assert await client.script(COUNT)([key_on(nodes, nodes.ports[0]) + "found"], []) == 1


@pytest.mark.parametrize("kind", ["unknown-endpoint", "hostname"])
async def test_a_node_that_names_no_host_means_its_own(nodes: Nodes, cluster: Cluster, kind: str) -> None:
    """Without a name `unknown-endpoint` says `:port`, and `hostname` says `?:port`."""
    key = key_on(nodes, nodes.ports[0]) + kind
    count = cluster.script(COUNT)
    assert await count([key], []) == 1
    for port in nodes.ports:
        await nodes.ask(port, "CONFIG", "SET", "cluster-preferred-endpoint-type", kind)
    try:
        cluster.on_moved(slot_of(key), ("127.0.0.1", nodes.ports[1]))  # which is not so: the node says where it is
        assert await count([key], []) == 2
    finally:
        for port in nodes.ports:
            await nodes.ask(port, "CONFIG", "SET", "cluster-preferred-endpoint-type", "ip")


async def test_without_any_node_the_store_is_lost() -> None:
    async with client_of("redis://127.0.0.1:1?cluster=true", SHORT_S) as client:
        with pytest.raises(StoreUnavailable):
            await client.script(COUNT)(["key"], [])


class Counting:
    """Callers that count one key up for as long as the block lasts; what they lose is remembered."""

    def __init__(self, client: Cluster, key: str) -> None:
        self._count = client.script(COUNT)
        self._key = key
        self._over = False
        self.seen: list[int] = []
        self.lost: list[StoreUnavailable] = []

    async def __aenter__(self) -> "Counting":
        self._callers = [asyncio.create_task(self._call()) for _ in range(CALLERS)]
        await self.more(CALLERS)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._over = True
        await asyncio.gather(*self._callers)

    async def _call(self) -> None:
        while not self._over:
            try:
                self.seen.append(await self._count([self._key], []))
            except StoreUnavailable as lost:
                self.lost.append(lost)
                await asyncio.sleep(0.01)

    async def more(self, count: int) -> None:
        """Wait for so many further answers."""
        target = len(self.seen) + count
        async with asyncio.timeout(20.0):
            while len(self.seen) < target:  # noqa: ASYNC110
                await asyncio.sleep(0.005)


async def test_a_slot_that_moves_as_a_whole_is_followed_and_no_call_is_lost(nodes: Nodes, cluster: Cluster) -> None:
    source, target, _ = nodes.ports
    key = key_on(nodes, source) + "moving"
    slot = slot_of(key)
    for one, other in ((source, target), (target, source)):
        async with Counting(cluster, key) as counting:
            name = await nodes.ask(other, "CLUSTER", "MYID")
            await nodes.ask(one, "CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", slot, slot, "NODE", name)
            async with asyncio.timeout(20.0):
                while cluster.partition(key) != f"127.0.0.1:{other}":  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            await counting.more(CALLERS)
        assert not counting.lost
        assert sorted(counting.seen) == list(range(min(counting.seen), max(counting.seen) + 1))
    await nodes.agree()


async def test_a_key_that_has_gone_ahead_of_its_slot_is_asked_for_where_it_is(nodes: Nodes, cluster: Cluster) -> None:
    """Key by key, as older servers move slots: ASK. The map stays what it is."""
    source, target, _ = nodes.ports
    key = key_on(nodes, source) + "ahead"
    slot, count = slot_of(key), cluster.script(COUNT)
    assert await count([key], []) == 1
    await nodes.ask(target, "CLUSTER", "SETSLOT", slot, "IMPORTING", await nodes.ask(source, "CLUSTER", "MYID"))
    await nodes.ask(source, "CLUSTER", "SETSLOT", slot, "MIGRATING", await nodes.ask(target, "CLUSTER", "MYID"))
    try:
        await nodes.ask(source, "MIGRATE", "127.0.0.1", target, key, 0, 5000)
        assert [await count([key], []) for _ in range(3)] == [2, 3, 4]
        assert cluster.partition(key) == f"127.0.0.1:{source}"
        both = cluster.script("return redis.call('MSET', KEYS[1], '1', KEYS[2], '2')")
        with pytest.raises(StoreUnavailable, match="TRYAGAIN"):
            await both([key, key + "new"], [])
    finally:
        for port in (source, target):
            await nodes.ask(port, "CLUSTER", "SETSLOT", slot, "STABLE")
        await nodes.ask(target, "FLUSHALL")


async def test_a_node_that_dies_takes_its_slots_with_it_and_no_other_and_is_found_again(nodes: Nodes) -> None:
    dying, *staying = nodes.ports
    async with client_of(nodes.url, SHORT_S) as client:
        gone = key_on(nodes, dying) + "gone"
        others = [Counting(client, key_on(nodes, port) + "staying") for port in staying]
        async with others[0], others[1]:
            count = client.script(COUNT)
            assert await count([gone], []) == 1
            await nodes.kill(dying)
            for _ in range(20):
                with pytest.raises(StoreUnavailable):
                    await count([gone], [])
            for other in others:
                await other.more(CALLERS)
            await nodes.start(dying)
            await nodes.agree()
            async with asyncio.timeout(20.0):
                while True:
                    try:
                        await count([gone], [])
                        break
                    except StoreUnavailable:
                        await asyncio.sleep(0.05)
        assert [other.lost for other in others] == [[], []]


async def test_a_forgotten_script_is_taught_again_to_the_node_that_forgot_it(nodes: Nodes, cluster: Cluster) -> None:
    read = cluster.script(READ)
    for port in nodes.ports:
        key = key_on(nodes, port)
        assert await read([key], []) is None
        await nodes.ask(port, "SCRIPT", "FLUSH")
        assert await read([key], []) is None


async def test_a_client_that_is_closed_while_it_looks_for_the_cluster_leaves_nothing_behind(nodes: Nodes) -> None:
    async with client_of(nodes.url) as client:
        asking = asyncio.ensure_future(client.script(READ)(["key"], []))
        await asyncio.sleep(0)
    with pytest.raises(StoreUnavailable):
        await asking
    assert {task for task in asyncio.all_tasks() if "Cluster" in repr(task.get_coro())} == set()


CLUSTERS = {
    "one node": ("redis://valkey:7000?cluster=true", (("valkey", 7000),)),
    "several nodes": ("rediss://u:p@a:1,b:2/0?cluster=true&ssl_ca_certs=/ca.pem", (("a", 1), ("b", 2))),
    "nodes on the usual port": ("redis://a,b?cluster=true", (("a", 6379), ("b", 6379))),
}


@pytest.mark.parametrize(("url", "seeds"), CLUSTERS.values(), ids=CLUSTERS.keys())
def test_a_url_names_a_cluster_by(url: str, seeds: tuple[tuple[str, int], ...]) -> None:
    assert place(valkey_url(url)).seeds == seeds
    assert "cluster" not in place(url).url


NOT_CLUSTERS = {
    "a socket": "unix:///run/valkey.sock?cluster=true",
    "a missing host": "redis://a:1,,b:2?cluster=true",
    "several hosts without the word": "redis://a:1,b:2",
    "no host": "redis://?cluster=true",
}


@pytest.mark.parametrize("url", NOT_CLUSTERS.values(), ids=NOT_CLUSTERS.keys())
def test_no_server_is_named_by(url: str) -> None:
    with pytest.raises(ValueError, match="names no server"):
        valkey_url(url)


async def test_one_server_is_no_cluster(valkey_url: str) -> None:
    client = pipelined_client(valkey_url, timeout_s=TIMEOUT_S)
    assert not isinstance(client, Cluster)
    assert client.partition("any key") == ""
    await client.close()
