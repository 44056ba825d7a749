"""The login of a local deployment: the seeded users, out of the database. Never where others' records are.

Owns what the users are; who shows them a form is the pages' affair.
"""

from collections.abc import Mapping
from typing import NoReturn

from aiohttp import web

from contract.vocabulary import TenantId, UserId
from oauth.directory import Business
from oauth.errors import PageError
from oauth.login import Identity, LoginFailed, Membership
from oauth.login.nobody import NO_LOGIN
from oauth.store.database import Database
from oauth.store.people import memberships, plan_of, seed


class DemoLogin:
    """A `Login` over the tables of users."""

    def __init__(self, database: Database, people: Mapping[TenantId, Business]) -> None:
        self._database = database
        self._people = people

    async def open(self) -> None:
        """See `Login`: what the directory says by now is what counts."""
        async with self._database.writing() as connection:
            await seed(connection, self._people)

    async def begin(self, request: web.Request, return_to: str) -> NoReturn:
        """See `Login`."""
        raise PageError(NO_LOGIN)

    async def finish(self, request: web.Request) -> Identity:
        """See `Login`."""
        raise LoginFailed

    async def current(self, user_id: UserId, business_id: TenantId) -> Membership | None:
        """See `Login`."""
        async with self._database.reading() as connection:
            found = await memberships(connection, user_id, business_id)
        return found[0] if found else None

    async def plan(self, business_id: TenantId) -> str | None:
        """See `Login`."""
        async with self._database.reading() as connection:
            return await plan_of(connection, business_id)
