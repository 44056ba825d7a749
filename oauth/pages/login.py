"""The way in and out: the form of names and passwords, coming back from a provider, logging out.

Where somebody goes after it is the id of something kept here. Knows no user; who they are, the `Login` says.
"""

from collections.abc import Callable
from urllib.parse import urlencode

from aiohttp import web

from contract.oauth import ACCESS_TOKENS, APPS, CONNECTED_APPS, CONSENT, LOGIN, LOGOUT
from contract.rate_plans import Policy
from oauth.dependencies import Dependencies
from oauth.endpoints.browser_requests import BROKEN_LINK, read_query
from oauth.endpoints.client_endpoint import client_address
from oauth.endpoints.forms import trusted_form
from oauth.endpoints.responses import see_other
from oauth.login import LoginFailed
from oauth.pages.browser_session import load_session, log_in, log_out, login_form_secret, remember_login_form
from oauth.pages.renderer import PageRenderer
from oauth.protocol.errors import PageError, PageProblem
from oauth.protocol.parameters import Parameters
from oauth.store.audit import record
from oauth.store.authorization_requests import peek, release
from oauth.store.clients import find_client
from oauth.store.database import Database
from oauth.tokens.opaque import is_secret

_PLACES = {endpoint.id: endpoint.path for endpoint in (CONNECTED_APPS, ACCESS_TOKENS, APPS)}
LOGIN_TRIES = Policy("login", 60, 60)
"""What one address may try: each costs a core some 50 ms."""
_TOO_MANY = PageProblem("Too many tries", "Wait a minute, then try again.", 429)


def login_path(return_to: str, *, again: bool = False) -> str:
    """The path of the login, for somebody who is to come to a page's id or a kept request."""
    query = {**({"to": return_to} if return_to else {}), **({"again": "1"} if again else {})}
    return f"{LOGIN.path}?{urlencode(query)}" if query else LOGIN.path


def destination(return_to: str) -> str:
    """Where somebody goes after the login: to a page of ours, or to decide a kept request. Never anywhere else."""
    if not return_to:
        return CONNECTED_APPS.path
    return _PLACES.get(return_to) or f"{CONSENT.path}?{urlencode({'request': return_to})}"


def return_to_in(parameters: Parameters) -> str:
    """Read where somebody wants to go after the login. Raises PageError for what was not handed out here."""
    return_to = parameters.get("to") or ""
    if return_to and return_to not in _PLACES and not is_secret(return_to):
        raise PageError(BROKEN_LINK)
    return return_to


class LoginForm:
    """The form of a name and a password, for a login that asks for them here."""

    def __init__(
        self, database: Database, printer: PageRenderer, clock: Callable[[], int], accounts: object = ()
    ) -> None:
        self._database = database
        self._printer = printer
        self._clock = clock
        self._accounts = accounts

    async def show(self, request: web.Request, return_to: str, failure: LoginFailed | None) -> web.StreamResponse:
        """The form, and what was wrong with the last try."""
        async with self._database.read() as connection:
            asked = None if return_to in _PLACES else await peek(connection, return_to, now_s=self._clock())
            app = await find_client(connection, asked.client_id) if asked else None
        word = login_form_secret(request)
        page = self._printer.render(
            "login.html",
            status=failure.status if failure else 200,
            # A mistake of the app's is told to it right after this form.
            redirect_uri=asked.redirect_uri if asked else None,
            failure=failure,
            to=return_to,
            csrf=word,
            app=app,
            accounts=self._accounts,
        )
        remember_login_form(page, word)
        return page


class LoginPages:
    """The endpoints."""

    def __init__(self, desk: Dependencies, printer: PageRenderer) -> None:
        self._desk = desk
        self._printer = printer

    async def login(self, request: web.Request) -> web.StreamResponse:
        """Shows the way in, or takes what its form brings."""
        if request.method == "POST":
            return_to_in(await trusted_form(request, self._desk.issuer, login_form_secret(request)))
            if self._desk.throttle.wait_s(LOGIN_TRIES, client_address(request)):
                raise PageError(_TOO_MANY)
            return await self._finish(request)
        query = read_query(request)
        return_to = return_to_in(query)
        if not query.get("again") and await load_session(self._desk, request):
            return see_other(destination(return_to))
        return await self._desk.login.begin(request, return_to)

    async def come_back(self, request: web.Request) -> web.StreamResponse:
        """From a provider."""
        return await self._finish(request)

    async def logout(self, request: web.Request) -> web.StreamResponse:
        """Asks whether that is meant, does it, and says that it was done."""
        visitor = await load_session(self._desk, request)
        if request.method != "POST" or visitor is None:
            return self._printer.render("logout.html", visitor=visitor)
        form = await visitor.form(request, self._desk.issuer)
        return_to = return_to_in(form)
        if return_to:
            async with self._desk.database.write() as connection:
                await release(connection, return_to, visitor.session.user)
        answer = see_other(login_path(return_to, again=True) if return_to else LOGOUT.path)
        await log_out(self._desk, request, answer)
        return answer

    async def _finish(self, request: web.Request) -> web.StreamResponse:
        try:
            arrival = await self._desk.login.finish(request)
        except LoginFailed as failure:
            if failure.__cause__ is not None:
                self._desk.log.warning("login refused", cause=repr(failure.__cause__))
            return await self._desk.login.begin(request, failure.return_to, failure)
        answer = see_other(destination(arrival.return_to))
        await log_in(self._desk, request, answer, arrival.identity)
        async with self._desk.database.write() as connection:
            user = str(arrival.identity.user_id)
            amr = list(arrival.identity.amr)
            await record(connection, "user.login", user, actor=f"user:{user}", now_s=self._desk.clock(), amr=amr)
        return answer
