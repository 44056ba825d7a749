"""What was made with a key: a create that is asked for again, since its answer was lost, makes nothing anew.

Owns how long a key is known: longer than the gateway keeps it. The key is a digest; knows no secret.
"""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from contract.size_and_time_limits import IDEMPOTENCY_RETENTION_S
from contract.vocabulary import TenantId
from oauth.store.tables import KEYED_CREATES

RETENTION_S = IDEMPOTENCY_RETENTION_S + 3600
_KEYED = KEYED_CREATES.c


async def find_created(connection: AsyncConnection, business: TenantId, key: str | None, *, now_s: int) -> int | None:
    """Return the number of what the business made with the key; None where that was nothing, or too long ago."""
    if key is None:
        return None
    asked = sa.select(_KEYED.number).where(*_of(business, key), _KEYED.created_at_s > now_s - RETENTION_S)
    number: int | None = await connection.scalar(asked)
    return number


async def remember(
    connection: AsyncConnection, business: TenantId, key: str | None, number: int, *, now_s: int
) -> None:
    """Note what was made with the key, in the transaction that made it; without a key nothing."""
    if key is None:
        return
    await connection.execute(sa.delete(KEYED_CREATES).where(*_of(business, key)))
    made = {"business_id": business, "dedupe_key": key, "number": number, "created_at_s": now_s}
    await connection.execute(sa.insert(KEYED_CREATES).values(made))


def _of(business: TenantId, key: str) -> tuple[sa.ColumnElement[bool], ...]:
    return _KEYED.business_id == business, _KEYED.dedupe_key == key
