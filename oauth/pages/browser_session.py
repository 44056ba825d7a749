"""Who is at the page: the browser's session, and what its user is now.

The cookie's `__Host-` keeps it from other hosts, `Lax` lets it come along when an app sends somebody here, and it means
nothing but a row of ours: a logout, or a user's end, is one at once.
"""

import secrets
from dataclasses import dataclass

from aiohttp import web

from contract.oauth import SESSION_LIFETIME_S
from contract.roles import TOKENS_MANAGE
from oauth.dependencies import Dependencies
from oauth.endpoints.browser_requests import cookie
from oauth.endpoints.forms import trusted_form
from oauth.login import Identity, Membership
from oauth.protocol.parameters import Parameters
from oauth.protocol.scopes import permitted_scopes
from oauth.store.sessions import Session, end_session, end_sessions_of, find_session, start_session

SESSION_COOKIE = "__Host-sid"
LOGIN_FORM_COOKIE = "__Host-door"
"""Of a browser that is not logged in yet: so that nobody can log it in as somebody else."""


@dataclass(frozen=True, slots=True)
class BrowserSession:
    """Someone who is logged in, in this browser."""

    session: Session
    businesses: tuple[Membership, ...]

    @property
    def identity(self) -> Identity:
        """As decisions want it."""
        session = self.session
        return Identity(session.user, session.name, self.businesses, session.auth_time_s, session.amr)

    @property
    def administered_businesses(self) -> tuple[Membership, ...]:
        """The businesses whose tokens and apps are theirs to manage."""
        scope = (TOKENS_MANAGE.name,)
        return tuple(each for each in self.businesses if permitted_scopes(each.role, each.permissions, scope))

    async def form(self, request: web.Request, issuer: str) -> Parameters:
        """What they send by a form of ours. Raises PageError."""
        return await trusted_form(request, issuer, self.session.csrf)


async def load_session(desk: Dependencies, request: web.Request) -> BrowserSession | None:
    """Who this browser belongs to; nobody, from the moment on that the user is nobody any more."""
    word = cookie(request, SESSION_COOKIE)
    if not word:
        return None
    async with desk.database.read() as connection:
        session = await find_session(connection, word, now_s=desk.clock())
    if session is None:
        return None
    businesses = await desk.login.memberships(session.user)
    if businesses:
        return BrowserSession(session, businesses)
    async with desk.database.write() as connection:
        await end_sessions_of(connection, session.user)
    return None


async def log_in(desk: Dependencies, request: web.Request, answer: web.StreamResponse, identity: Identity) -> None:
    """A session of its own for each login: a word that was known before is worth nothing after it."""
    async with desk.database.write() as connection:
        await end_session(connection, cookie(request, SESSION_COOKIE))
        word = await start_session(connection, identity, now_s=desk.clock())
    _set(answer, SESSION_COOKIE, word)
    _unset(answer, LOGIN_FORM_COOKIE)


async def log_out(desk: Dependencies, request: web.Request, answer: web.StreamResponse) -> None:
    """The end of this browser's session."""
    async with desk.database.write() as connection:
        await end_session(connection, cookie(request, SESSION_COOKIE))
    _unset(answer, SESSION_COOKIE)


def login_form_secret(request: web.Request) -> str:
    """What the login's form has to bring: the same in every tab."""
    return cookie(request, LOGIN_FORM_COOKIE) or secrets.token_urlsafe(32)


def remember_login_form(answer: web.StreamResponse, word: str) -> None:
    """The browser is to remember the form that it was shown."""
    _set(answer, LOGIN_FORM_COOKIE, word)


def _set(answer: web.StreamResponse, name: str, word: str) -> None:
    answer.set_cookie(name, word, path="/", max_age=SESSION_LIFETIME_S, secure=True, httponly=True, samesite="Lax")


def _unset(answer: web.StreamResponse, name: str) -> None:
    answer.del_cookie(name, path="/", secure=True, httponly=True, samesite="Lax")
