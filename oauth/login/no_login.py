"""No login: a deployment that was told of none. Nobody comes in, and nothing can be said of anybody."""

from typing import NoReturn

from aiohttp import web

from contract.vocabulary import TenantId, UserId
from oauth.login import DirectoryUnavailable, LoginFailed
from oauth.protocol.errors import PageError, PageProblem

NO_LOGIN = PageProblem("There is no login here", "This deployment has no way to log in.", 503)


class NobodyLogin:
    """A `Login` that lets nobody in."""

    async def open(self) -> None:
        """See `Login`."""

    async def close(self) -> None:
        """See `Login`."""

    async def begin(self, request: web.Request, return_to: str, failure: LoginFailed | None = None) -> NoReturn:
        """See `Login`."""
        raise PageError(NO_LOGIN)

    async def finish(self, request: web.Request) -> NoReturn:
        """See `Login`."""
        raise PageError(NO_LOGIN)

    async def memberships(self, user_id: UserId) -> NoReturn:
        """See `Login`."""
        raise DirectoryUnavailable("no login is set")

    async def membership(self, user_id: UserId, business_id: TenantId) -> NoReturn:
        """See `Login`."""
        raise DirectoryUnavailable("no login is set")

    async def plan(self, business_id: TenantId) -> NoReturn:
        """See `Login`."""
        raise DirectoryUnavailable("no login is set")

    async def business_name(self, business_id: TenantId) -> NoReturn:
        """See `Login`."""
        raise DirectoryUnavailable("no login is set")
