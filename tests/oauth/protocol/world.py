"""An authorization server in the test's own process: real endpoints over a real database, a clock and users to turn."""

import base64
import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import aiohttp
import sqlalchemy as sa
from aiohttp import web

from infra.stores.revocations.events import EventKind
from oauth.consent import PendingRequest, RedirectNow, decide, deny, load_pending
from oauth.dependencies import Dependencies
from oauth.login import Identity, LoginFailed, LoginResult, Membership
from oauth.protocol.clients import Client, ClientKind
from oauth.protocol.scopes import KNOWN_SCOPES
from oauth.store.clients import register
from oauth.store.revocations import NewEntry, append, entries
from oauth.store.tables import CLIENTS
from oauth.tokens.opaque import digest
from tests.support.hushed import hush, hush_fields

ISSUER, AUDIENCE = "https://auth.example", "https://api.example"
CALLBACK = "https://app.example/callback"
READ, WRITE = "contacts:read", "contacts:write"
ASKED = f"{READ} {WRITE}"
SAYABLE = re.compile(r"[ !#-\[\]-~]+")
"""RFC 6749 §5.2: what an `error_description` may hold."""


class Town:
    """A `Login`: users who are what a test says they are."""

    def __init__(self) -> None:
        self.members: dict[tuple[int, int], Membership] = {}
        self.plans: dict[int, str] = {}

    async def open(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def begin(self, request: web.Request, return_to: str, failure: LoginFailed | None = None) -> web.Response:
        return web.Response(text=return_to)

    async def finish(self, request: web.Request) -> LoginResult:
        raise LoginFailed("nobody logs in here")

    async def memberships(self, user_id: int) -> tuple[Membership, ...]:
        return tuple(member for (number, _), member in self.members.items() if number == user_id)

    async def name_of(self, business_id: int) -> str | None:
        return f"Business {business_id}"

    async def membership(self, user_id: int, business_id: int) -> Membership | None:
        return self.members.get((user_id, business_id))

    async def plan(self, business_id: int) -> str | None:
        return self.plans.get(business_id)


@dataclass
class Clock:
    """Seconds that pass when a test says so."""

    now_s: int = 2_000_000_000
    """Far from the wall's, so that nothing passes by looking at that one."""

    def __call__(self) -> int:
        return self.now_s

    def pass_s(self, seconds: int) -> None:
        self.now_s += seconds


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Any
    text: str
    json: dict[str, Any]

    @property
    def error(self) -> str | None:
        return self.json.get("error")


@dataclass(frozen=True)
class App:
    """A registered client, with the secret that only it has."""

    id: str
    secret: str | None
    callback: str = CALLBACK

    @property
    def fields(self) -> dict[str, str]:
        """How it authenticates in a form."""
        return {"client_id": self.id, **({"client_secret": self.secret} if self.secret else {})}

    @property
    def basic(self) -> dict[str, str]:
        """How it authenticates in a header."""
        return basic(self.id, self.secret or "")


def basic(client_id: str, secret: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{client_id}:{secret}'.encode()).decode()}"}


@dataclass(frozen=True)
class Verifier:
    """A PKCE pair."""

    text: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    @property
    def challenge(self) -> str:
        return base64.urlsafe_b64encode(hashlib.sha256(self.text.encode()).digest()).rstrip(b"=").decode()


@dataclass(frozen=True)
class World:
    """Everything at hand."""

    desk: Dependencies
    town: Town
    clock: Clock
    http: aiohttp.ClientSession
    base: str

    def a_user(self, role: str = "admin", business: int | None = None, plan: str = "growth") -> tuple[int, int]:
        """Someone new in a business; both numbers."""
        user, business = secrets.randbelow(2**31) + 1, business or secrets.randbelow(2**31) + 1
        self.town.members[user, business] = Membership(business, f"Business {business}", role, plan)
        self.town.plans[business] = plan
        return user, business

    async def an_app(self, *, public: bool = False, **changes: Any) -> App:
        """A client, registered just now."""
        secret = None if public else secrets.token_urlsafe(32)
        made = replace(A_CLIENT, id=f"cli_{secrets.token_hex(8)}", native=public)
        made = replace(made, secret_hash=digest(secret) if secret else None, **changes)
        async with self.desk.database.write() as connection:
            await register(connection, made, by=None, now_s=self.clock())
        hush(secret)
        return App(made.id, secret)

    async def a_service(self, business: int, **changes: Any) -> App:
        """A service client of a business."""
        return await self.an_app(
            kind=ClientKind.SERVICE,
            business=business,
            owner=business,
            service_user=2**52 + secrets.randbelow(2**40),
            redirect_uris=(),
            **{"service_role": "member"} | changes,
        )

    async def change_app(self, app: App, **values: Any) -> None:
        """As an administrator changes it."""
        async with self.desk.database.write() as connection:
            await connection.execute(sa.update(CLIENTS).where(CLIENTS.c.client_id == app.id).values(**values))

    async def log_event(self, kind: str, target: str) -> None:
        """As an operator appends it."""
        async with self.desk.database.write() as connection:
            await append(connection, [NewEntry(EventKind(kind), target, "a test")], now_s=self.clock())

    async def count_in_log(self, target: str) -> int:
        """How often something is in the revocation log."""
        async with self.desk.database.read() as connection:
            return sum(entry.event.target == target for entry in await entries(connection))

    async def revoked(self) -> set[str]:
        """Every `jti` in the revocation log."""
        async with self.desk.database.read() as connection:
            return {entry.event.target for entry in await entries(connection)}

    async def send(
        self, path: str, body: dict[str, str] | bytes | str | None = None, *, method: str = "POST", **headers: str
    ) -> Answer:
        """A request; a dict becomes a form."""
        sent = urlencode(body) if isinstance(body, dict) else body
        hush_fields(body if isinstance(body, dict) else {})
        own = {"x-gw-client-address": secrets.token_hex(8), "Content-Type": "application/x-www-form-urlencoded"}
        async with self.http.request(
            method, f"{self.base}{path}", data=sent, headers=own | headers, allow_redirects=False
        ) as answer:
            text = await answer.text()
            found = await answer.json() if answer.content_type == "application/json" and text else {}
            hush_fields(found)
            assert SAYABLE.fullmatch(found.get("error_description", "x"))
            return Answer(answer.status, answer.headers, text, found)

    async def token(self, app: App, grant_type: str, *, headers: dict[str, str] | None = None, **form: str) -> Answer:
        """POST /token."""
        fields = {"grant_type": grant_type, **({} if headers else app.fields), **form}
        return await self.send("/token", {name: value for name, value in fields.items() if value}, **headers or {})

    def question(self, app: App, verifier: Verifier | None = None, **changes: str | None) -> dict[str, str]:
        """The parameters of a good authorization request, but for the changes; None takes one away."""
        asked: dict[str, str | None] = {
            "response_type": "code",
            "client_id": app.id,
            "redirect_uri": app.callback,
            "scope": ASKED,
            "state": "s-1",
            "code_challenge": (verifier or Verifier()).challenge,
            "code_challenge_method": "S256",
            **changes,
        }
        return {name: value for name, value in asked.items() if value is not None}

    async def ask(self, query: dict[str, str] | str) -> Answer:
        """GET /authorize; where it is accepted, the answer's text is the word of the kept request."""
        text = urlencode(query) if isinstance(query, dict) else query
        return await self.send(f"/authorize?{text}", method="GET")

    async def outcome(self, query: dict[str, str] | str, who: Identity) -> PendingRequest | dict[str, str]:
        """What there is to decide after a login; or what the client is told at once."""
        answer = await self.ask(query)
        assert answer.status == 200, answer.text
        found = await load_pending(self.desk, answer.text, who)
        return told(found.url) if isinstance(found, RedirectNow) else found

    def identity(self, user: int) -> Identity:
        """That user, logged in."""
        places = tuple(member for (number, _), member in self.town.members.items() if number == user)
        return Identity(user, f"User {user}", places, self.clock(), ("pwd",))

    async def pending(
        self, app: App, user: int, verifier: Verifier | None = None, **changes: str | None
    ) -> PendingRequest:
        """A request that this user has before them."""
        found = await self.outcome(self.question(app, verifier, **changes), self.identity(user))
        assert isinstance(found, PendingRequest), found
        return found

    async def allowed(
        self,
        found: PendingRequest,
        who: tuple[int, int],
        *,
        scopes: Sequence[str] = tuple(ASKED.split()),
        identity: Identity | None = None,
    ) -> dict[str, str]:
        """What the client is told when the user allows it."""
        return told(await decide(self.desk, found, identity or self.identity(who[0]), who[1], scopes))

    async def denied(self, found: PendingRequest, user: int) -> dict[str, str]:
        """What it is told when the user does not."""
        return told(await deny(self.desk, found, self.identity(user)))

    async def a_code(
        self, app: App, who: tuple[int, int], verifier: Verifier, scopes: str = ASKED, **changes: str | None
    ) -> str:
        """The code of a whole consent."""
        found = await self.pending(app, who[0], verifier, **changes)
        return (await self.allowed(found, who, scopes=scopes.split()))["code"]

    async def redeem(self, app: App, code: str, verifier: Verifier, **changes: str) -> Answer:
        """The code for tokens."""
        form = {"code": code, "redirect_uri": app.callback, "code_verifier": verifier.text}
        return await self.token(app, "authorization_code", **form | changes)

    async def tokens(self, app: App, who: tuple[int, int], **changes: Any) -> dict[str, str]:
        """The tokens of a whole flow."""
        verifier = Verifier()
        answer = await self.redeem(app, await self.a_code(app, who, verifier, **changes), verifier)
        assert answer.status == 200, answer.text
        return answer.json

    async def refresh(self, app: App, refresh_token: str, **form: str) -> Answer:
        return await self.token(app, "refresh_token", refresh_token=refresh_token, **form)

    async def introspect(self, app: App, token: str) -> dict[str, Any]:
        return (await self.send("/introspect", {"token": token}, **app.basic)).json


A_CLIENT = Client(
    id="",
    number=0,
    name="An app",
    kind=ClientKind.MARKETPLACE,
    native=False,
    owner=1,
    business=None,
    service_user=None,
    service_role=None,
    redirect_uris=(CALLBACK,),
    scope=KNOWN_SCOPES,
    secret_hash=None,
    previous_secret_hash=None,
    previous_secret_until_s=0,
    disabled=False,
)


def told(url: str) -> dict[str, str]:
    """The query of a redirect; no parameter comes twice."""
    pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True, strict_parsing=True)
    assert len(dict(pairs)) == len(pairs)
    assert SAYABLE.fullmatch(dict(pairs).get("error_description", "x"))
    return dict(pairs)
