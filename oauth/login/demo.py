"""The login of a local deployment: the seeded users, out of the database. Never where others' records are.

Owns what the users are and how their passwords are checked; who shows them a form is the pages' affair.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from aiohttp import web
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from contract.oauth import ACCOUNT_LOCK_OUT, LOGIN_ADDRESS_LOCK_OUT, LOGIN_LOCK_OUT
from contract.vocabulary import TenantId, UserId
from oauth.endpoints.client_endpoint import client_address
from oauth.endpoints.forms import read_form
from oauth.login import Identity, LoginFailed, LoginResult, Membership
from oauth.login.directory import Business
from oauth.store.database import Database
from oauth.store.demo_users import Account, find_account, memberships, name_of, plan_of, seed, set_password_where_none
from oauth.store.login_failures import FailureCounter, count_failure, forget_failures, locked_for_s

PASSWORD = "let-me-in"  # noqa: S105
"""Of every seeded user: it protects nothing, and the documentation tells it."""

# OWASP's least for Argon2id; the library's own would take ten times as long.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_AT_ONCE = 2
"""So many passwords are checked side by side: each takes 19 MiB, and a core for some 50 ms."""


@dataclass(frozen=True, slots=True)
class DemoUser:
    """A seeded user, as the login's page lists them."""

    email: str
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Accounts:
    """All who can log in, and everybody's password."""

    people: tuple[DemoUser, ...]
    password: str = PASSWORD


def demo_accounts(directory: Mapping[TenantId, Business]) -> Accounts:
    """Those whom a directory has."""
    places: dict[str, list[str]] = {}
    for business in directory.values():
        for person in business.people:
            if person.email and person.active:
                places.setdefault(person.email, []).append(f"{person.role} of {business.name}")
    return Accounts(tuple(DemoUser(email, tuple(of)) for email, of in places.items()))


Show = Callable[[web.Request, str, LoginFailed | None], Awaitable[web.StreamResponse]]
"""Shows the form of names and passwords."""


class DemoLogin:
    """A `Login` over the tables of users."""

    def __init__(
        self, database: Database, people: Mapping[TenantId, Business], clock: Callable[[], int], show: Show
    ) -> None:
        self._database = database
        self._people = people
        self._clock = clock
        self._show = show
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._nobodys = ""

    async def open(self) -> None:
        """See `Login`: what the directory says by now is what counts."""
        self._nobodys = await asyncio.to_thread(_HASHER.hash, PASSWORD)
        async with self._database.write() as connection:
            await seed(connection, self._people)
            await set_password_where_none(connection, self._nobodys)

    async def close(self) -> None:
        """See `Login`."""

    async def begin(
        self, request: web.Request, return_to: str, failure: LoginFailed | None = None
    ) -> web.StreamResponse:
        """See `Login`."""
        return await self._show(request, return_to, failure)

    async def finish(self, request: web.Request) -> LoginResult:
        """See `Login`: a form with `email`, `password` and `to`."""
        form = await read_form(request)
        return_to, email = form.get("to") or "", (form.get("email") or "").strip().lower()
        watched = _watched(email, client_address(request))
        now_s = self._clock()
        async with self._database.read() as connection:
            locked_s = await locked_for_s(connection, watched, now_s=now_s)
            account = await find_account(connection, email)
        if locked_s:
            wait = f"Too many wrong passwords. Wait {-(-locked_s // 60)} min and try again."
            raise LoginFailed(wait, return_to, tried=email, status=429)
        # Somebody whom nobody knows takes as long as somebody whose password is wrong.
        right = await self._is_right(form.get("password") or "", account)
        businesses = await self.memberships(account.user_id) if account and right else ()
        async with self._database.write() as connection:
            if account is not None and businesses:
                await forget_failures(connection, watched[:1])
                identity = Identity(account.user_id, account.name, businesses, now_s, ("pwd",))
                return LoginResult(identity, return_to)
            await count_failure(connection, watched, now_s=now_s)
        raise LoginFailed("The e-mail address or the password is wrong.", return_to, tried=email)

    async def memberships(self, user_id: UserId) -> tuple[Membership, ...]:
        """See `Login`."""
        async with self._database.read() as connection:
            return await memberships(connection, user_id)

    async def membership(self, user_id: UserId, business_id: TenantId) -> Membership | None:
        """See `Login`."""
        async with self._database.read() as connection:
            found = await memberships(connection, user_id, business_id)
        return found[0] if found else None

    async def plan(self, business_id: TenantId) -> str | None:
        """See `Login`."""
        async with self._database.read() as connection:
            return await plan_of(connection, business_id)

    async def business_name(self, business_id: TenantId) -> str | None:
        """See `Login`."""
        async with self._database.read() as connection:
            return await name_of(connection, business_id)

    async def _is_right(self, password: str, account: Account | None) -> bool:
        kept = account.password_hash if account else None
        async with self._turns:
            return await asyncio.to_thread(_matches, kept or self._nobodys, password) and kept is not None


def _matches(hashed: str, password: str) -> bool:
    try:
        return _HASHER.verify(hashed, password)
    except VerifyMismatchError:
        return False


def _watched(email: str, address: str) -> tuple[FailureCounter, ...]:
    """The first is forgotten when the password was right."""
    return (
        FailureCounter(f"login {email} from {address}", LOGIN_LOCK_OUT),
        FailureCounter(f"login {email}", ACCOUNT_LOCK_OUT),
        FailureCounter(f"logins from {address}", LOGIN_ADDRESS_LOCK_OUT),
    )
