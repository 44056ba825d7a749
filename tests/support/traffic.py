"""Steady traffic over TLS while something is done to the stack: so many requests a second, whatever their answers take.

Reads and keyed creates, half of them over HTTP/1.1 and half over HTTP/2. Counts what was lost: every answer that is not
a 2xx, and every request that got none.
"""

import asyncio
import itertools
import json
import sqlite3
import ssl
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass, field

from contract.size_and_time_limits import DECISION_TIMEOUT_S
from tests.spec.operations import CURRENT
from tests.support.lines import Got, Http1, Http2, Lost, Sent
from tests.support.stack import Stack

REQUESTS_A_TOKEN = 20
"""Far less than its budget."""
CREATES_EVERY = 20
"""The stand-in behind the gateway pays several reads for a create: with more, it gives up at 200 requests a second."""
ANSWER_S = 60.0


@dataclass
class Tally:
    """What was sent, how long that took, and what was lost of it."""

    sent: int = 0
    lost: Counter[str] = field(default_factory=Counter)
    created: list[str] = field(default_factory=list)
    """The marks of creates that were acknowledged."""
    undecided: int = 0
    """Asked again, since authz had no time for a decision: the machine was busy, and nothing was lost of a process. Who
    finds no authz says so at once, and that is lost."""
    took_s: float = 0.0
    done_s: float = 0.0
    """How long what was done meanwhile has taken, at the most."""

    def __str__(self) -> str:
        """A line of it."""
        return (
            f"{self.lost.total()} lost of {self.sent} ({self.undecided} asked again) in {self.took_s:.1f} s, "
            f"{self.done_s:.1f} s each time"
        )


class Traffic:
    """Both clients of one stack."""

    def __init__(self, stack: Stack, tls: ssl.SSLContext | None = None) -> None:
        self._stack = stack
        self.port = port = int(stack.api_url.rpartition(":")[2])
        tls = tls or ssl.create_default_context(cafile=stack.facts["CA_FILE"])
        self.tls = tls
        self._clients: tuple[Http1 | Http2, ...] = (
            Http1(port, _speaking(tls, "http/1.1")),
            Http2(port, _speaking(tls, "h2")),
        )
        self._token = stack.token()
        with stack.client(self._token) as client:
            made = client.post("/v1/contacts", json={"last_name": "Read again and again"})
        assert made.status_code == 201, made.text
        self._path = f"/v1/contacts/{made.json()['data']['id']}"
        self._numbers = itertools.count()

    async def while_doing(self, work: Callable[[], Awaitable[object]], *, rate: float, at_least: int) -> Tally:
        """Send until the work is done and `at_least` were sent; the work is done again until then."""
        tally, loop = Tally(), asyncio.get_running_loop()
        began_s = loop.time()
        async with asyncio.TaskGroup() as group:
            working = group.create_task(_again(work, lambda: tally.sent >= at_least, tally))
            while not working.done() or tally.sent < at_least:
                due_s = began_s + tally.sent / rate
                if (wait_s := due_s - loop.time()) > 0:
                    await asyncio.sleep(wait_s)
                group.create_task(self._one(next(self._numbers), tally))
                tally.sent += 1
        tally.took_s = loop.time() - began_s
        return tally

    async def _one(self, number: int, tally: Tally) -> None:
        if number % REQUESTS_A_TOKEN == 0:
            self._token = self._stack.token()
        mark = f"mark-{uuid.uuid4().hex}" if number % CREATES_EVERY < 1 else ""
        sent = self._create(mark) if mark else self._read()
        client = self._clients[number // CREATES_EVERY % 2]
        try:
            async with asyncio.timeout(ANSWER_S):
                while _is_undecided(*(told := await _timed(client, sent))):
                    tally.undecided += 1
                got = told[0]
        except (OSError, Lost) as fault:
            tally.lost[f"{sent.method} {type(fault).__name__}: {fault}"] += 1
        else:
            self._count(sent, got, mark, tally)

    @staticmethod
    def _count(sent: Sent, got: Got, mark: str, tally: Tally) -> None:
        if got.status not in (200, 201):
            tally.lost[f"{sent.method} {got.status} {got.body.decode(errors='replace')[:400]}"] += 1
        elif mark:
            tally.created.append(mark)

    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self._token}", "version": CURRENT}

    def _read(self) -> Sent:
        return Sent("GET", self._path, self._headers())

    def _create(self, mark: str) -> Sent:
        own = {"content-type": "application/json", "idempotency-key": mark}
        return Sent("POST", "/v1/contacts", self._headers() | own, json.dumps({"last_name": mark}).encode())

    def close(self) -> None:
        """Close both."""
        for client in self._clients:
            client.close()


async def _timed(client: Http1 | Http2, sent: Sent) -> tuple[Got, float]:
    began_s = time.monotonic()
    return await client.ask(sent), time.monotonic() - began_s


def _is_undecided(got: Got, took_s: float) -> bool:
    return got.status == 503 and b'"overloaded"' in got.body and took_s >= DECISION_TIMEOUT_S


def _speaking(tls: ssl.SSLContext, protocol: str) -> ssl.SSLContext:
    """A context that trusts the same authorities and speaks one protocol."""
    own = ssl.create_default_context(cadata=b"".join(tls.get_ca_certs(binary_form=True)))
    own.set_alpn_protocols([protocol])
    return own


async def _again(work: Callable[[], Awaitable[object]], enough: Callable[[], bool], tally: Tally) -> None:
    while True:
        began_s = time.monotonic()
        await work()
        tally.done_s = max(tally.done_s, time.monotonic() - began_s)
        if enough():
            return


def stored_once(stack: Stack, marks: list[str]) -> bool:
    """Whether each mark is the name of one contact in the sandbox, and of one only."""
    with closing(sqlite3.connect(stack.own_folder / "store" / "sandbox.db")) as database:
        rows = database.execute("SELECT last_name FROM contacts WHERE last_name LIKE 'mark-%'").fetchall()
    stored = Counter(name for (name,) in rows)
    return all(stored[mark] == 1 for mark in marks)
