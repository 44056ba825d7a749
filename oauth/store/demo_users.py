"""The users of the demo login and what they are in which business: seeded from a directory, read at each refresh."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from contract.vocabulary import TenantId, UserId
from oauth.login import Membership
from oauth.login.directory import Business
from oauth.store.tables import BUSINESSES, MEMBERSHIPS, USERS

# Made once: whoever issues a token asks.
_EVERYWHERE = (
    sa.select(BUSINESSES.c.id, BUSINESSES.c.name, MEMBERSHIPS.c.role, BUSINESSES.c.plan, MEMBERSHIPS.c.permissions)
    .join(MEMBERSHIPS, MEMBERSHIPS.c.business_id == BUSINESSES.c.id)
    .join(USERS, USERS.c.id == MEMBERSHIPS.c.user_id)
    .where(USERS.c.id == sa.bindparam("user"), USERS.c.active)
    .order_by(BUSINESSES.c.name)
)
_IN_ONE = _EVERYWHERE.where(BUSINESSES.c.id == sa.bindparam("business"))
_PLAN = sa.select(BUSINESSES.c.plan).where(BUSINESSES.c.id == sa.bindparam("business"))


@dataclass(frozen=True, slots=True)
class Account:
    """What somebody logs in to."""

    user_id: UserId
    name: str
    password_hash: str | None


async def seed(connection: AsyncConnection, directory: Mapping[TenantId, Business]) -> None:
    """What the directory says of businesses and users; what is kept of them besides, such as a password, stays."""
    for number, business in directory.items():
        await _put(connection, BUSINESSES, {"id": number}, {"name": business.name, "plan": business.plan})
        for person in business.people:
            who = {"name": person.name, "email": person.email, "active": person.active}
            await _put(connection, USERS, {"id": person.id}, who)
            place = {"user_id": person.id, "business_id": number}
            await _put(connection, MEMBERSHIPS, place, {"role": person.role})


async def taken_address(connection: AsyncConnection, directory: Mapping[TenantId, Business]) -> str | None:
    """An e-mail address that another user has here than in the directory, which cannot be seeded then."""
    told = {person.email: person.id for business in directory.values() for person in business.people if person.email}
    for user, email in await connection.execute(sa.select(USERS.c.id, USERS.c.email)):
        if told.get(email, user) != user:
            return str(email)
    return None


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
    asked = _EVERYWHERE if business is None else _IN_ONE
    rows = await connection.execute(asked, {"user": user} if business is None else {"user": user, "business": business})
    return tuple(Membership(*row) for row in rows)


async def plan_of(connection: AsyncConnection, business: TenantId) -> str | None:
    """The plan of a business, if it is one."""
    plan: str | None = await connection.scalar(_PLAN, {"business": business})
    return plan


async def name_of(connection: AsyncConnection, business: TenantId) -> str | None:
    """What a business is called, if it is one."""
    found = await connection.execute(sa.select(BUSINESSES.c.name).where(BUSINESSES.c.id == business))
    name: str | None = found.scalar()
    return name


async def find_account(connection: AsyncConnection, email: str) -> Account | None:
    """Whose e-mail address it is, in lower case; none of somebody who is not active."""
    columns = USERS.c
    asked = sa.select(columns.id, columns.name, columns.password_hash)
    found = await connection.execute(asked.where(sa.func.lower(columns.email) == email, columns.active))
    row = found.one_or_none()
    return None if row is None else Account(*row)


async def set_password_where_none(connection: AsyncConnection, password_hash: str) -> None:
    """For those who have none yet."""
    await connection.execute(
        sa.update(USERS).where(USERS.c.password_hash.is_(None)).values(password_hash=password_hash)
    )
