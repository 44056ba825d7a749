"""A stack whose revocations grow old within seconds, and the log that its authorization server keeps."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from infra.stores.revocations.events import EventKind
from oauth.store import revocations
from oauth.store.database import Database, database_url
from oauth.store.revocations import NewEntry
from tests.support.stack import ASKED_AGAIN, Stack, running_stack

T = TypeVar("T")

MAX_AGE_S = 4
IN_A_ROW = 12
"""Answers alike, until it is believed."""
_POLL_S = 0.01


@pytest.fixture(scope="session")
def aging() -> Iterator[Stack]:
    """A stack for this folder alone."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("REVOCATIONS_MAX_AGE_S", str(MAX_AGE_S))
        with running_stack() as running:
            yield running


@pytest.fixture
def log(aging: Stack) -> "Log":
    return Log(aging.own_folder / "store" / "oauth.db")


@dataclass(frozen=True)
class Log:
    """The revocation log, written to as another process of the authorization server would."""

    file: Path

    def tell(self, kind: EventKind, target: str, value: str | None = None) -> float:
        """Append one event; returns the instant at which it was committed."""
        asyncio.run(self._append(NewEntry(kind, target, "a test", value)))
        return time.monotonic()

    async def _append(self, note: NewEntry) -> None:
        async with Database(database_url(f"sqlite:///{self.file}")) as database, database.write() as connection:
            await revocations.append(connection, [note], now_s=int(time.time()))


@dataclass
class Caller:
    """One token of the stack, whose answers are told by status and problem code."""

    stack: Stack
    client: httpx.Client
    claims: dict[str, Any]

    @property
    def jti(self) -> str:
        return str(self.claims["jti"])

    def ask(self) -> httpx.Response:
        """A question that no internal service has to answer."""
        return self.client.get("/v1/requests", params={"idempotency_key": "none"})

    def answer(self) -> tuple[int, str]:
        """The status, and the problem's code."""
        answer = self.ask()
        return answer.status_code, "" if answer.status_code == 200 else answer.json()["code"]

    def decided(self) -> tuple[int, str]:
        """`answer`, asked for again where nothing was decided for lack of time: the machine may be busy."""
        for _ in range(ASKED_AGAIN):
            if (answer := self.answer()) != (503, "overloaded"):
                return answer
        return self.answer()

    def until(self, expected: tuple[int, str], *, within_s: float) -> float:
        """Wait until every authz answers so; returns the instant at which the first of those answers was asked for."""
        return until_all(self.answer, expected, within_s=within_s)


def until_all(look: Callable[[], T], expected: T, *, within_s: float) -> float:
    """Wait until `look` finds what is expected, many times in a row; returns the instant of the first look of those."""
    gives_up_s = time.monotonic() + within_s
    row, first_s = 0, 0.0
    while row < IN_A_ROW:
        looked_s = time.monotonic()
        seen = look()
        if seen == expected:
            first_s = first_s if row else looked_s
            row += 1
            continue
        row = 0
        assert looked_s < gives_up_s, f"after {within_s} s still {seen}"
        time.sleep(_POLL_S)
    return first_s


@pytest.fixture
def new_caller(aging: Stack) -> Iterator[Callable[..., Caller]]:
    """Makes callers, each with a token of its own; by default of a user of business 1 that no other has."""
    clients: list[httpx.Client] = []
    users = iter(range(int(time.time() * 1000), 2**62))

    def make(**changes: Any) -> Caller:
        claims = aging.claims(**{"user": next(users), **changes})
        clients.append(aging.client(aging.sign(claims)))
        return Caller(aging, clients[-1], claims)

    yield make
    for client in clients:
        client.close()
