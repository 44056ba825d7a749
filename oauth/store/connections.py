"""What a user has allowed: one app in one business is one connection, however often they have agreed to it.

Owns that view of grants; ending one is for `tokens`.
"""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from contract.vocabulary import TenantId, UserId
from oauth.protocol.scopes import ordered
from oauth.store.tables import CLIENTS, GRANTS
from oauth.store.tokens import end_grants


@dataclass(frozen=True, slots=True)
class ConnectedApp:
    """An app that may act for a user in a business; `since_s`: of the first consent that still holds."""

    client_id: str
    name: str
    owner: TenantId
    business: TenantId
    scope: tuple[str, ...]
    since_s: int


async def connections_of(connection: AsyncConnection, user: UserId, *, now_s: int) -> tuple[ConnectedApp, ...]:
    """All that still hold, by the apps' names."""
    grant, client = GRANTS.c, CLIENTS.c
    rows = await connection.execute(
        sa.select(
            client.client_id, client.name, client.owner_business_id, grant.business_id, grant.scope, grant.created_at_s
        )
        .join(CLIENTS, client.client_id == grant.client_id)
        .where(grant.user_id == user, grant.revoked_at_s.is_(None), grant.absolute_expires_at_s > now_s)
        .order_by(client.name, client.client_id, grant.business_id, grant.created_at_s)
    )
    found: dict[tuple[str, TenantId], ConnectedApp] = {}
    for client_id, name, owner, business, scope, since_s in rows:
        first = found.get((client_id, business))
        words = ordered((*scope.split(), *(first.scope if first else ())))
        since_s = first.since_s if first else since_s
        found[client_id, business] = ConnectedApp(client_id, name, owner, business, words, since_s)
    return tuple(found.values())


async def withdraw(
    connection: AsyncConnection, user: UserId, client_id: str, business: TenantId, *, now_s: int
) -> None:
    """End all that a user has allowed an app in a business."""
    mine = (GRANTS.c.user_id == user, GRANTS.c.client_id == client_id, GRANTS.c.business_id == business)
    await end_grants(connection, *mine, reason="consent-withdrawn", actor=f"user:{user}", now_s=now_s)
