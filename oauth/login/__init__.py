"""The seam to whoever knows the users: how they log in, and what they are in which business, asked at each refresh.

Owns the shapes. `demo` is the seeded users of a local deployment; elsewhere `oidc` asks the platform's own
provider.
"""

from dataclasses import dataclass
from typing import Protocol

from aiohttp import web

from contract.rate_plans import DEFAULT_PLAN
from contract.vocabulary import TenantId, UserId


@dataclass(frozen=True, slots=True)
class Membership:
    """What a user is in one business now. `permissions`: custom ones, which replace what the role grants."""

    business_id: TenantId
    business_name: str
    role: str
    plan: str = DEFAULT_PLAN.name
    permissions: str | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """Someone who has logged in, and how (RFC 8176 words)."""

    user_id: UserId
    name: str
    businesses: tuple[Membership, ...]
    auth_time_s: int
    amr: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LoginResult:
    """Someone who came in, and where they were going: what `begin` was given."""

    identity: Identity
    return_to: str


class LoginFailed(Exception):
    """Nobody was let in; the words are for the user, and do not tell a wrong name from a wrong password."""

    def __init__(self, words: str, return_to: str = "", *, tried: str = "", status: int = 400) -> None:
        super().__init__(words)
        self.words, self.return_to, self.tried, self.status = words, return_to, tried, status


class DirectoryUnavailable(Exception):
    """Whoever knows the users gave no answer: nothing can be said of them now."""


class Login(Protocol):
    """Whoever can tell who a user is."""

    async def open(self) -> None:
        """Make ready, before the first request."""

    async def close(self) -> None:
        """Let go of what `open` took, after the last request."""

    async def begin(
        self, request: web.Request, return_to: str, failure: LoginFailed | None = None
    ) -> web.StreamResponse:
        """Show the way in, and why the last try failed. Raises PageError, DirectoryUnavailable.

        `return_to` is the id of something kept here, never a URL that a browser brought.
        """

    async def finish(self, request: web.Request) -> LoginResult:
        """Who came back. Raises LoginFailed, DirectoryUnavailable."""

    async def memberships(self, user_id: UserId) -> tuple[Membership, ...]:
        """What the user is now, in every business; empty for an unknown user. Raises DirectoryUnavailable."""

    async def membership(self, user_id: UserId, business_id: TenantId) -> Membership | None:
        """What the user is in the business now; None where they are nothing any more. Raises DirectoryUnavailable."""

    async def plan(self, business_id: TenantId) -> str | None:
        """The business's plan, for tokens of no user; None for an unknown business. Raises DirectoryUnavailable."""

    async def business_name(self, business_id: TenantId) -> str | None:
        """What the business is called. Raises DirectoryUnavailable."""
