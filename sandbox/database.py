"""The database: what is asked of one, whichever it is.

Owns the two ways to use it and the deadline of those who wait. It must not know SQL, nor what is read or written.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from sandbox.refusals import Code, Refusal, RefusedError


@dataclass(frozen=True, slots=True)
class Deadline:
    """The instant, on the loop's clock, by which the caller wants an answer."""

    at_s: float

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        """The instant that many seconds from now."""
        return cls(asyncio.get_running_loop().time() + seconds)

    @property
    def left_s(self) -> float:
        """How long that is from now; negative once it has passed."""
        return self.at_s - asyncio.get_running_loop().time()

    @property
    def has_passed(self) -> bool:
        """Whether nobody waits any more."""
        return self.left_s <= 0


class Database(Protocol):
    """Records that outlive the process."""

    def reading(self, deadline: Deadline) -> AbstractAsyncContextManager[AsyncConnection]:
        """One snapshot.

        Raises:
            RefusedError: E_BUSY, when the deadline passed before a connection was free.
        """
        ...

    def writing(self, deadline: Deadline) -> AbstractAsyncContextManager[AsyncConnection]:
        """One transaction; committed unless something is raised in it.

        The deadline holds while waiting only: cut off between a COMMIT and its answer, an outcome that we know would be
        one that nobody knows. Two that take the same business's turn follow one another.

        Raises:
            RefusedError: E_BUSY, when the deadline passed before the turn came.
        """
        ...

    def preparing(self, deadline: Deadline) -> AbstractAsyncContextManager[AsyncConnection]:
        """A transaction that no other `preparing` runs beside, in whichever process."""
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...


@asynccontextmanager
async def acquire(turn: asyncio.Lock | asyncio.Semaphore, deadline: Deadline) -> AsyncIterator[None]:
    """Hold `turn`; E_BUSY when it does not come within the deadline."""
    late = RefusedError(Refusal(Code.BUSY, "the deadline passed before a connection was free"))
    if deadline.has_passed:
        raise late
    try:
        async with asyncio.timeout_at(deadline.at_s):
            await turn.acquire()
    except TimeoutError:
        raise late from None
    try:
        yield
    finally:
        turn.release()
