"""The audit: who did what to what. Ids and words, never a token, a secret or what a person is called."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from contract.vocabulary import Json, TenantId
from oauth.store.tables import AUDIT

_NOTE = sa.insert(AUDIT)


async def record(
    connection: AsyncConnection,
    action: str,
    target: str,
    *,
    actor: str,
    now_s: int,
    business: TenantId | None = None,
    **detail: Json,
) -> None:
    """Add a row, in the transaction of what it tells of."""
    row = {"action": action, "target": target, "actor": actor, "at_s": now_s, "business_id": business, "detail": detail}
    await connection.execute(_NOTE, row)
