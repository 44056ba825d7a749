"""Clients in the database: registering one, finding one, and what changes of one."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from oauth.protocol.clients import Client, ClientKind
from oauth.store.login_failures import LOCKED_UNTIL, FailureCounter, counter_keys, wait_s
from oauth.store.tables import CLIENTS

_NAMED = CLIENTS.c.client_id == sa.bindparam("named")
_FOUND = sa.select(CLIENTS).where(_NAMED)
_HELD = _FOUND.with_for_update(read=True)
_ALWAYS = sa.select(sa.literal(1).label("one")).subquery()
_FOUND_AND_LOCKED = sa.select(LOCKED_UNTIL.scalar_subquery().label("locked_until_s"), CLIENTS).select_from(
    _ALWAYS.outerjoin(CLIENTS, _NAMED)
)
"""Made once, as all that every request asks: to make a question takes longer than to answer it."""


async def register(connection: AsyncConnection, client: Client, *, by: int | None, now_s: int) -> int:
    """Keep a new client; returns its number, which `client` does not have yet."""
    made = await connection.execute(
        sa.insert(CLIENTS)
        .returning(CLIENTS.c.number)
        .values(
            client_id=client.id,
            kind=client.kind.value,
            name=client.name,
            native=client.native,
            owner_business_id=client.owner,
            business_id=client.business,
            service_user_id=client.service_user,
            service_role=client.service_role,
            redirect_uris=list(client.redirect_uris),
            scope=" ".join(client.scope),
            secret_hash=client.secret_hash,
            created_at_s=now_s,
            updated_at_s=now_s,
            created_by=by,
        )
    )
    return int(made.scalar_one())


async def find_client(connection: AsyncConnection, client_id: str | None, *, hold: bool = False) -> Client | None:
    """The client of that id, disabled ones included.

    `hold` keeps it as it is until the end of the transaction: who disables it waits, and then sees what was issued.
    """
    found = await connection.execute(_HELD if hold else _FOUND, {"named": client_id})
    row = found.mappings().one_or_none()
    return None if row is None else read_client(row)


async def find_client_and_wait(
    connection: AsyncConnection, client_id: str, watched: Sequence[FailureCounter], *, now_s: int
) -> tuple[Client | None, int]:
    """The client, and for how many seconds it is not listened to: in one question, since every request asks it."""
    asked = {"named": client_id, "watched": counter_keys(watched)}
    row = (await connection.execute(_FOUND_AND_LOCKED, asked)).mappings().one()
    return None if row["client_id"] is None else read_client(row), wait_s(row["locked_until_s"], now_s)


def read_client(row: sa.RowMapping) -> Client:
    """A client from its row."""
    return Client(
        id=row["client_id"],
        number=row["number"],
        name=row["name"],
        kind=ClientKind(row["kind"]),
        native=row["native"],
        owner=row["owner_business_id"],
        business=row["business_id"],
        service_user=row["service_user_id"],
        service_role=row["service_role"],
        redirect_uris=tuple(row["redirect_uris"]),
        scope=tuple(row["scope"].split()),
        secret_hash=row["secret_hash"],
        previous_secret_hash=row["previous_secret_hash"],
        previous_secret_until_s=row["previous_secret_until_s"] or 0,
        disabled=row["disabled_at_s"] is not None,
    )
