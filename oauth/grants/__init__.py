"""The grants of the token endpoint, a file each: what each looks at, and what it redeems.

The shared phases are `token`'s: parameters, the client, the user as they are now, the transaction, the answer. A grant
fills in two steps, and so cannot forget one that is not its own.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from contract.vocabulary import TenantId, UserId
from oauth.protocol.clients import Client
from oauth.protocol.errors import ErrorResponse
from oauth.protocol.parameters import Parameters
from oauth.store.database import Database
from oauth.store.grants import Grant, RefreshToken

Shown = TypeVar("Shown")


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A request by a client that has authenticated."""

    client: Client
    form: Parameters
    now_s: int


@dataclass(frozen=True, slots=True)
class Redemption(Generic[Shown]):
    """For whom something is to be redeemed, and what was shown for it: of that nothing changes but whether it was used.

    Without a grant it is the client itself, by its service user.
    """

    business: TenantId
    user: UserId
    grant_id: str | None
    shown: Shown


@dataclass(frozen=True, slots=True)
class IssuePermit:
    """What may be issued: an access token of this scope, and under a grant a refresh token, the child of `parent`."""

    scope: tuple[str, ...]
    grant: Grant | None = None
    parent: RefreshToken | None = None


@dataclass(frozen=True, slots=True)
class GrantFlow(Generic[Shown]):
    """One grant. `party` only reads. `redeem` writes, and what it returns is committed, a refusal too:

    a code stays spent and a family dead. It must not raise what is the caller's doing.
    """

    grant_type: str
    party: Callable[[Database, TokenRequest], Awaitable[Redemption[Shown] | ErrorResponse]]
    redeem: Callable[[AsyncConnection, TokenRequest, Redemption[Shown]], Awaitable[IssuePermit | ErrorResponse]]
