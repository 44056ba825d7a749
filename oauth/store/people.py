"""The users of the demo login and what they are in which business: seeded from a directory, read at each refresh."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from contract.vocabulary import TenantId, UserId
from oauth.directory import Business
from oauth.login import Membership
from oauth.store.tables import BUSINESSES, MEMBERSHIPS, USERS


async def seed(connection: AsyncConnection, directory: Mapping[TenantId, Business]) -> None:
    """What the directory says of businesses and users; what is kept of them besides, such as a password, stays."""
    for number, business in directory.items():
        await _put(connection, BUSINESSES, {"id": number}, {"name": business.name, "plan": business.plan})
        for person in business.people:
            who = {"name": person.name, "email": person.email, "active": person.active}
            await _put(connection, USERS, {"id": person.id}, who)
            place = {"user_id": person.id, "business_id": number}
            await _put(connection, MEMBERSHIPS, place, {"role": person.role})


async def _put(
    connection: AsyncConnection, table: sa.Table, key: Mapping[str, object], values: Mapping[str, object]
) -> None:
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    made = insert(table).values(**key, **values)
    await connection.execute(made.on_conflict_do_update(index_elements=list(key), set_=dict(values)))


async def memberships(
    connection: AsyncConnection, user: UserId, business: TenantId | None = None
) -> tuple[Membership, ...]:
    """What an active user is, in every business or in one; nothing for one who is not active."""
    asked = (
        sa.select(BUSINESSES.c.id, BUSINESSES.c.name, MEMBERSHIPS.c.role, BUSINESSES.c.plan, MEMBERSHIPS.c.permissions)
        .join(MEMBERSHIPS, MEMBERSHIPS.c.business_id == BUSINESSES.c.id)
        .join(USERS, USERS.c.id == MEMBERSHIPS.c.user_id)
        .where(USERS.c.id == user, USERS.c.active)
        .order_by(BUSINESSES.c.name)
    )
    rows = await connection.execute(asked if business is None else asked.where(BUSINESSES.c.id == business))
    return tuple(Membership(*row) for row in rows)


async def plan_of(connection: AsyncConnection, business: TenantId) -> str | None:
    """The plan of a business, if it is one."""
    found = await connection.execute(sa.select(BUSINESSES.c.plan).where(BUSINESSES.c.id == business))
    plan: str | None = found.scalar()
    return plan
