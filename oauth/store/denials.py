"""Ending tokens everywhere: what is appended to the revocation log, from which every authoriser learns it."""

import secrets
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from oauth.store.tables import REVOCATION_HEAD, REVOCATION_LOG

_TOKEN = "token"  # noqa: S105


async def deny_tokens(
    connection: AsyncConnection, tokens: Iterable[tuple[str, int]], *, actor: str, now_s: int
) -> None:
    """End tokens, each named by its `jti` and when it would have expired."""
    rows = [
        {"mark": secrets.token_hex(8), "kind": _TOKEN, "target": jti, "expires_at_s": ends_s, "at_s": now_s}
        for jti, ends_s in tokens
    ]
    if not rows:
        return
    head = sa.update(REVOCATION_HEAD).values(sequence=REVOCATION_HEAD.c.sequence + len(rows))
    last = (await connection.execute(head.returning(REVOCATION_HEAD.c.sequence))).scalar_one()
    numbered = [
        {**row, "sequence": last - len(rows) + 1 + index, "actor": actor} for index, row in enumerate(rows)
    ]
    await connection.execute(sa.insert(REVOCATION_LOG), numbered)
