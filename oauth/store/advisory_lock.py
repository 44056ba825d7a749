"""Turns: what counts and then adds does so for one business at a time, so that a cap holds whoever races."""

import hashlib

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from contract.vocabulary import TenantId


async def lock_for_business(connection: AsyncConnection, what: str, business: TenantId) -> None:
    """Wait for those before, and hold it to the end of the transaction. In SQLite writes follow one another anyway."""
    if connection.dialect.name != "postgresql":
        return
    key = int.from_bytes(hashlib.sha256(f"{what} {business}".encode()).digest()[:8], "big", signed=True)
    await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))
