"""Answers kept under the key that their caller chose, so that a call sent twice happens once.

Owns the kept answers and the keys of the writes under way. It must not know what was written: an answer is kept in the
transaction of its write, so either both are there or neither.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy.ext.asyncio import AsyncConnection

from sandbox.codec import read_json, write_json
from sandbox.refusals import Code, Refusal, RefusedError
from sandbox.tables import DEDUPE

KEPT_MS = 24 * 60 * 60 * 1000


class CallsInFlight:
    """The keys of the calls that have arrived and are not answered."""

    def __init__(self) -> None:
        self._keys: Counter[tuple[int, str]] = Counter()

    def has(self, business_id: int, key: str) -> bool:
        """Whether a call with that key is under way."""
        return self._keys[business_id, key] > 0

    @contextmanager
    def during(self, business_id: int, key: str) -> Iterator[None]:
        """Count a call in, and out when it ends, however it ends."""
        self._keys[business_id, key] += 1
        try:
            yield
        finally:
            self._keys[business_id, key] -= 1
            if not self._keys[business_id, key]:
                del self._keys[business_id, key]


async def find_answer(
    connection: AsyncConnection, business_id: int, key: str, *, now_ms: int
) -> tuple[bytes, dict[str, object]] | None:
    """The fingerprint and the answer kept under a key in the last 24 h."""
    found = DEDUPE.select().where(DEDUPE.c.business_id == business_id, DEDUPE.c.key == key)
    row = (await connection.execute(found.where(DEDUPE.c.stored_at > now_ms - KEPT_MS))).one_or_none()
    answer = None if row is None else read_json(row.answer)
    return (row.fingerprint, answer) if row is not None and isinstance(answer, dict) else None


async def replay(
    connection: AsyncConnection, business_id: int, key: str, fingerprint: bytes, *, now_ms: int
) -> dict[str, object] | None:
    """The first answer to the same call, if it was made before.

    Raises:
        RefusedError: E_DEDUPE_MISMATCH, when the key was used for another body.
    """
    known = await find_answer(connection, business_id, key, now_ms=now_ms)
    if known is None:
        return None
    if known[0] != fingerprint:
        raise RefusedError(Refusal(Code.DEDUPE_MISMATCH, "the dedupe_key was used for another body"))
    return {**known[1], "deduped": True}


async def save(
    connection: AsyncConnection,
    business_id: int,
    key: str,
    fingerprint: bytes,
    answer: Mapping[str, object],
    *,
    now_ms: int,
) -> None:
    """Keep an answer for 24 h, and forget those whose time is over."""
    await connection.execute(DEDUPE.delete().where(DEDUPE.c.stored_at <= now_ms - KEPT_MS))
    row = {"business_id": business_id, "key": key, "fingerprint": fingerprint, "stored_at": now_ms}
    await connection.execute(DEDUPE.insert().values(**row, answer=write_json(answer)))
