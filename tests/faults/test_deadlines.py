"""Each inner deadline ends first, and is told inwards: by the logs of requests that met a part that was slow.

The store has 50 ms (more here), the internal service 8 s of the transcoder's 10, and the edge waits for 15.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from contract.size_and_time_limits import EDGE_TIMEOUT_S, INTERNAL_TIMEOUT_S, REQUEST_TIMEOUT_S, STORE_TIMEOUT_S
from tests.faults import breaking
from tests.faults.asks import Ask, Book, Person, a_list
from tests.faults.callers import Called, Callers
from tests.faults.matrix import IN_FULL
from tests.faults.relay import Lie, Relay
from tests.support.lines import Got
from tests.support.stack import Stack
from tests.support.waiting import until

TRANSCODERS = ("transcoder-1", "transcoder-2")
PERSON = Person(1, 11)
OTHER = Person(2, 21)
TOLD = re.compile(rb"x-deadline-ms: (\d+)", re.IGNORECASE)
LATE_S = INTERNAL_TIMEOUT_S + 1
TWICE_S = 6.0
"""Two such answers are more than the transcoder has, and each is less than the internal service has."""


@dataclass(frozen=True)
class Logged:
    """What the edge and a transcoder have written of one request."""

    edge: dict[str, Any]
    transcoder: dict[str, Any]


async def logged(stack: Stack, got: Got, *names: str) -> list[dict[str, Any]]:
    """The lines of a request in those logs, once they are there."""
    mark = f'"trace_id":"{got.headers["x-request-id"]}"'
    lines: list[dict[str, Any]] = []

    def is_there() -> bool:
        text = "\n".join(stack.log(name) for name in names)
        lines[:] = [json.loads(line) for line in text.splitlines() if mark in line and '"event":"request"' in line]
        return bool(lines)

    await until(is_there, f"{mark} in {names}")
    return lines


async def of_both(stack: Stack, got: Got) -> Logged:
    [edge] = await logged(stack, got, "envoy")
    [transcoder] = await logged(stack, got, *TRANSCODERS)
    return Logged(edge, transcoder)


@dataclass(frozen=True)
class Spell:
    """While the internal service was slow: a read and a write of it, and what was asked of the other service."""

    slow: list[tuple[Called, Got]]
    others: list[Called]
    told_ms: list[int]


@pytest.fixture(scope="module")
async def spell(breakable: Stack, service: Relay, book: Book) -> AsyncIterator[Spell]:
    tokens = Ask("tokens", PERSON, "GET", "/v1/personal_access_tokens?limit=1")
    async with Callers(breakable, book, count=0) as callers:
        service.asked.clear()
        with service.lying(Lie(after_s=LATE_S)):
            asks = (a_list(PERSON), book.create(PERSON, keyed=True))
            slow = asyncio.gather(*(callers.ask(ask) for ask in asks))
            others = []
            while not slow.done():
                others.append((await callers.ask(tokens))[0])
        yield Spell(await slow, others, [int(ms) for ms in TOLD.findall(b"".join(service.asked))])


def test_the_internal_service_is_told_how_long_it_has(spell: Spell) -> None:
    assert len(spell.told_ms) >= len(spell.slow)
    assert all(0 < ms <= INTERNAL_TIMEOUT_S * 1000 for ms in spell.told_ms)


async def test_its_deadline_ends_before_the_transcoders_and_that_before_the_edges(
    spell: Spell, breakable: Stack
) -> None:
    for called, got in spell.slow:
        assert called.word == "504 upstream-timeout"
        lines = await of_both(breakable, got)
        assert lines.edge["details"] == "via_upstream", "the transcoder answered, not the edge"
        assert lines.transcoder["code"] == "upstream-timeout"
        assert lines.transcoder["cause"] == "no answer in time"
        assert lines.transcoder["upstream_duration_ms"] >= INTERNAL_TIMEOUT_S * 1000 - 50


def test_who_asks_another_service_does_not_wait_for_the_sick_one(spell: Spell) -> None:
    assert len(spell.others) > 1
    for call in spell.others:
        assert call.good, call
        assert call.ended_s - call.began_s < INTERNAL_TIMEOUT_S / 2


async def test_the_store_is_given_up_long_before_the_internal_service_would_be(breakable: Stack) -> None:
    async with Callers(breakable, Book(), count=0) as callers, breaking.hung(breakable, "valkey"):
        called, got = await callers.ask(callers.book.create(PERSON, keyed=True))
    assert called.word == "503 idempotency-unavailable"
    [line] = await logged(breakable, got, *TRANSCODERS)
    assert STORE_TIMEOUT_S * 1000 <= line["duration_ms"] < INTERNAL_TIMEOUT_S * 1000
    assert line["upstream_duration_ms"] is None, "nobody was asked to write"


@IN_FULL
async def test_a_second_call_is_told_what_the_first_has_left(breakable: Stack, service: Relay) -> None:
    """An amount without a currency: the default one is asked for first."""
    body = {"title": "Northwind fleet renewal", "amount": "1200.50"}
    async with Callers(breakable, Book(), count=0) as callers:
        service.asked.clear()
        with service.lying(Lie(after_s=TWICE_S)):
            called, got = await callers.ask(Ask("deal", OTHER, "POST", "/v1/deals", body))
    first_ms, *_, last_ms = (int(ms) for ms in TOLD.findall(b"".join(service.asked)))
    assert first_ms <= INTERNAL_TIMEOUT_S * 1000
    assert last_ms <= (REQUEST_TIMEOUT_S - TWICE_S) * 1000
    assert called.word == "504 upstream-timeout"
    lines = await of_both(breakable, got)
    assert lines.edge["details"] == "via_upstream"
    assert lines.transcoder["duration_ms"] >= REQUEST_TIMEOUT_S * 1000 - 50


@IN_FULL
async def test_the_edge_waits_longest(breakable: Stack) -> None:
    async with Callers(breakable, Book(), count=0) as callers, breaking.hung(breakable, "transcoder"):
        called, got = await callers.ask(a_list(PERSON))
    assert called.word == "504 upstream-timeout"
    [edge] = await logged(breakable, got, "envoy")
    assert "response_timeout" in edge["details"]
    assert edge["duration_ms"] >= EDGE_TIMEOUT_S * 1000 - 50
