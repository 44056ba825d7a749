"""Keyed writes from many clients while processes are killed at random: one record each, and nobody's answer is lost.

CHAOS_S is how long the killing lasts: a little while here, a minute in `make test-scale`. CHAOS_SEED plays one again.
"""

import logging
import os
import random
import secrets
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx
import pytest

from tests.faults.matrix import note
from tests.idempotency.conftest import Mortal
from tests.idempotency.looks import ids_by_search, ids_in, told
from tests.idempotency.writes import Keyed, batches, creates, upserts

CLIENTS = 12
AT_LEAST = 200
CHAOS_S = float(os.environ.get("CHAOS_S") or 12)
SEED = int(os.environ.get("CHAOS_SEED") or secrets.randbelow(2**32))
BATCH_MAX = 60
PAUSE_S = (0.1, 1.5)
VICTIMS = {"one transcoder": 5, "every transcoder": 2, "the sandbox": 4, "the store": 1}
"""How often each is chosen."""
LOG = logging.getLogger(__name__)


@dataclass
class Tally:
    """What clients did and heard, what was killed."""

    acknowledged: list[tuple[Keyed, httpx.Response]] = field(default_factory=list)
    killed: Counter[str] = field(default_factory=Counter)
    over: threading.Event = field(default_factory=threading.Event)


def _write(chance: random.Random) -> Keyed:
    match chance.randrange(4):
        case 0:
            return batches("contacts", chance.randint(1, BATCH_MAX))
        case 1:
            return upserts("contacts")
        case 2:
            return creates("deals")
    return creates("contacts")


def _client(mortal: Mortal, tally: Tally, chance: random.Random) -> None:
    """Write after write until the killing is over, each until it has succeeded."""
    with mortal.stack.client() as client:
        while not tally.over.is_set() or len(tally.acknowledged) < AT_LEAST:
            write = _write(chance)
            tally.acknowledged.append((write, write.settle(client, mortal.stack)))


def _kill(mortal: Mortal, tally: Tally, chance: random.Random) -> None:
    ends_s = time.monotonic() + CHAOS_S
    while time.monotonic() < ends_s:
        victim = chance.choices(list(VICTIMS), list(VICTIMS.values()))[0]
        match victim:
            case "one transcoder":
                mortal.kill("transcoder", 1)
            case "every transcoder":
                mortal.kill("transcoder")
            case "the sandbox":
                mortal.kill("sandbox")
            case "the store":
                mortal.kill("valkey")
        tally.killed[victim] += 1
        # At random instants: there is no condition to wait for.
        time.sleep(chance.uniform(*PAUSE_S))


@pytest.fixture(scope="module", params=[SEED], ids=["at random"])
def tally(request: pytest.FixtureRequest, mortal: Mortal) -> Tally:
    """The killing, and what came of it once everything is whole again."""
    mortal.await_whole()
    LOG.info("CHAOS_SEED=%d does the same again", request.param)
    tally, chance = Tally(), random.Random(request.param)
    with ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(_client, mortal, tally, random.Random(chance.random())) for _ in range(CLIENTS)]
        try:
            _kill(mortal, tally, chance)
        finally:
            tally.over.set()
        for client in clients:
            client.result()
    mortal.await_whole()
    LOG.info("%d writes, killed %s", len(tally.acknowledged), dict(tally.killed))
    note("idempotency owner", "killed at random", f"{len(tally.acknowledged)} writes, killed {dict(tally.killed)}")
    return tally


def test_every_key_has_made_its_records_once(mortal: Mortal, tally: Tally) -> None:
    assert len(tally.acknowledged) >= AT_LEAST
    assert set(tally.killed) >= {"the sandbox"}
    for table, column in {(write.table, write.column) for write, _ in tally.acknowledged}:
        marks = [mark for write, _ in tally.acknowledged if write.table == table for mark in write.marks]
        assert Counter(mortal.stored(table, column, marks)) == Counter(marks)


def test_every_record_that_was_acknowledged_is_there(mortal: Mortal, tally: Tally) -> None:
    def look(one: tuple[Keyed, httpx.Response]) -> None:
        with mortal.stack.client() as client:
            assert ids_by_search(client, mortal, one[0]) == sorted(ids_in(one[1]))

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(look, tally.acknowledged))


def test_a_replay_is_the_answer_that_was_given_and_is_told_of(mortal: Mortal, tally: Tally) -> None:
    def ask(one: tuple[Keyed, httpx.Response]) -> None:
        write, answer = one
        with mortal.stack.client() as client:
            again = write.settle(client, mortal.stack)
            assert (again.status_code, again.content) == (answer.status_code, answer.content)
            entry, ids = told(client, mortal, write), ids_in(answer)
            assert (entry["state"], entry["record_id"]) == ("done", None if "/batch/" in write.path else ids[0])

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(ask, tally.acknowledged))
