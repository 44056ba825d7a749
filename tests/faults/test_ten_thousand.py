"""Keyed creates while every part is killed at random, until each was acknowledged: none is lost, none is there twice.

FAULTS_CREATES is how many: a few here, ten thousand in `make test-faults`. FAULTS_SEED plays the kills again. Envoy is
killed as well: for as long as nobody listens, callers find no connection, which tells them nothing.
"""

import asyncio
import itertools
import logging
import os
import random
import secrets
import signal
import time
from collections import Counter
from contextlib import suppress

from tests.faults import matrix
from tests.faults.asks import Ask, Book
from tests.faults.breaking import is_whole
from tests.faults.callers import PERSONS, Callers, assert_audited
from tests.faults.ledger import Told
from tests.support.stack import Stack
from tests.support.waiting import until

CREATES = int(os.environ.get("FAULTS_CREATES") or 200)
SEED = int(os.environ.get("FAULTS_SEED") or secrets.randbelow(2**32))
CLIENTS = 16
BATCH_OF = 10
BATCHES = 0.1
"""The share of requests that are batches; each of their items is a create with a key."""
PAUSE_S = (1.0, 4.0)
VICTIMS = {
    "one authz": 4,
    "all authz": 1,
    "one transcoder": 4,
    "all transcoders": 1,
    "the internal service": 3,
    "Valkey": 2,
    "the authorization server": 2,
    "Envoy": 1,
}
"""How often each is chosen."""
KINDS = {
    "one authz": ("authz", 1),
    "all authz": ("authz", None),
    "one transcoder": ("transcoder", 1),
    "all transcoders": ("transcoder", None),
    "the internal service": ("sandbox", 1),
    "Valkey": ("valkey", 1),
    "the authorization server": ("oauth", 1),
    "Envoy": ("envoy", 1),
}
ALL = ("authz-1", "authz-2", "transcoder-1", "transcoder-2", "oauth")
LOG = logging.getLogger(__name__)


def done(book: Book) -> int:
    """The creates that were acknowledged."""
    return sum(write.told is Told.DONE for write in book.writes)


def is_a_surprise(line: str) -> bool:
    """Whether a part was told of something that it had not thought of."""
    return '"exception":' in line or '"unhandled"' in line or "Traceback" in line


async def create_on(callers: Callers, number: int, over: asyncio.Event) -> None:
    """One create, or batch of creates, after the other, each until it was acknowledged."""
    chance, person = random.Random(number), PERSONS[number % len(PERSONS)]
    while not over.is_set():
        if chance.random() < BATCHES:
            ask = callers.book.batch(person, BATCH_OF)
        else:
            ask = callers.book.create(person, keyed=True)
        await insisted(callers, ask)


async def insisted(callers: Callers, ask: Ask) -> None:
    """Ask again, at the pace that answers ask for."""
    while True:
        _, got = await callers.ask(ask)
        if all(write.told is Told.DONE for write in ask.writes):
            return
        await asyncio.sleep(float(got.headers.get("retry-after", "0.1")))


async def kill_on(stack: Stack, chance: random.Random, over: asyncio.Event) -> Counter[str]:
    """One after the other, at random instants: there is no condition to wait for."""
    killed, dead = Counter[str](), set[int]()
    while not over.is_set():
        [victim] = chance.choices(list(VICTIMS), list(VICTIMS.values()))
        kind, count = KINDS[victim]
        alive = [pid for pid in stack.pids(kind) if pid not in dead]
        for pid in chance.sample(alive, len(alive))[:count]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            dead.add(pid)
            killed[victim] += 1
        with suppress(TimeoutError):
            async with asyncio.timeout(chance.uniform(*PAUSE_S)):
                await over.wait()
    return killed


async def test_no_create_is_lost_and_none_is_there_twice(breakable: Stack) -> None:
    LOG.info("FAULTS_SEED=%d kills in the same order", SEED)
    book, over, began_s = Book(), asyncio.Event(), time.monotonic()
    async with Callers(breakable, book, count=0) as callers, asyncio.TaskGroup() as tasks:
        killing = tasks.create_task(kill_on(breakable, random.Random(SEED), over))
        for number in range(CLIENTS):
            tasks.create_task(create_on(callers, number, over))
        waits = itertools.count()
        while done(book) < CREATES:
            await asyncio.sleep(0.5)
            assert next(waits) < 4 * CREATES, f"{done(book)} creates"
        over.set()
    took_s = time.monotonic() - began_s
    await until(lambda: is_whole(breakable), "everything to be back", within_s=60)
    counts = await assert_audited(breakable, book)
    words = Counter(call.word for call in callers.calls)
    notes = f"{counts}, killed {dict(killing.result())} in {took_s:.0f} s, {len(callers.calls)} calls"
    LOG.info("%s; heard %s", notes, dict(words))
    heard = {"keyed create": dict(words)}
    matrix.keep(matrix.Seen("every part", "killed at random", len(callers.calls), heard, 0, 0, 0, notes=notes))
    surprises = [line for name in ALL for line in breakable.log(name).splitlines() if is_a_surprise(line)]
    assert not surprises, surprises[:3]
    assert counts["done"] == counts["records"] == counts["keyed writes"]
    assert killing.result(), "nothing was killed"
