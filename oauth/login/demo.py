"""The login of a local deployment: the seeded users, out of the database. Never where others' records are.

Owns what the users are; who shows them a form is the pages' affair.
"""

from typing import NoReturn

from aiohttp import web

from contract.vocabulary import TenantId, UserId
from oauth.errors import PageError, PageFault
from oauth.login import Identity, LoginFailed, Membership
from oauth.store.database import Database
from oauth.store.people import memberships, plan_of

_NO_FORM = PageFault("There is no login here", "This deployment shows no login page.", 503)


class DemoLogin:
    """A `Login` over the tables of users."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, request: web.Request, return_to: str) -> NoReturn:
        """See `Login`."""
        raise PageError(_NO_FORM)

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
