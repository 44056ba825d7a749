"""What a business's admin does with tokens and apps: made, read, changed, ended; by the API and by pages alike.

Owns what is asked and every way to be refused, in the public words for members. Knows no HTTP; whether the asker may
administer at all was decided before.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from contract.resources.shape import USER_PREFIX
from contract.vocabulary import TenantId, UserId
from oauth.dependencies import Dependencies


@dataclass(frozen=True, slots=True)
class AdminContext:
    """By whom, in which business. `dry`: everything is done, and then undone; nothing that was made is shown.

    `dedupe_key`: what is made with it is made once; asked for again it is shown again, without its secret.
    """

    business: TenantId
    user: UserId
    dry: bool = False
    dedupe_key: str | None = None

    def actor(self, desk: Dependencies) -> str:
        """The asker, for the audit and the revocation log."""
        return desk.ids.seal(USER_PREFIX, self.business, self.user)


@dataclass(frozen=True, slots=True)
class NotFound:
    """The business has none of that number."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """It had one, until then."""

    at_s: int


@dataclass(frozen=True, slots=True)
class Stale:
    """It is not on the revision that was named."""

    revision: int


@dataclass(frozen=True, slots=True)
class FieldError:
    """A member that will not do; `index` is an element's in an array."""

    member: str
    code: str
    detail: str
    index: int | None = None


@dataclass(frozen=True, slots=True)
class InvalidFields:
    """Every member that will not do."""

    errors: tuple[FieldError, ...]


@dataclass(frozen=True, slots=True)
class RuleBroken:
    """A rule about the whole."""

    rule: str
    detail: str


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Not at this very second: all of the user's tokens have just been revoked, or who knows the users is away."""


Rejection = NotFound | Deleted | Stale | InvalidFields | RuleBroken | TryAgain

LIMIT_REACHED = "limit-reached"


@asynccontextmanager
async def transaction(desk: Dependencies, asked: AdminContext) -> AsyncIterator[AsyncConnection]:
    """One transaction, kept unless it is only tried."""
    async with desk.database.write() as connection:
        yield connection
        if asked.dry:
            await connection.rollback()
