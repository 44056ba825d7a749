"""The authorization server's composition root: its endpoints, what they have at hand, and what goes on beside them."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import assert_never

from aiohttp import web
from prometheus_client import CollectorRegistry
from structlog.typing import FilteringBoundLogger

from contract.oauth import (
    AUTHORIZE,
    HEALTH,
    INTROSPECT,
    JWKS,
    RESOURCE_METADATA,
    REVOKE,
    SERVER_METADATA,
    TOKEN,
    WRONG_METHOD,
    Endpoint,
)
from contract.vocabulary import Json
from oauth.dependencies import Dependencies
from oauth.endpoints import responses
from oauth.endpoints.authorize import authorize_endpoint
from oauth.endpoints.browser_front import BrowserFront
from oauth.endpoints.client_endpoint import Handler, client_endpoint
from oauth.endpoints.introspect import introspect
from oauth.endpoints.request_log import log_requests
from oauth.endpoints.revoke import revoke
from oauth.endpoints.throttle import Throttle
from oauth.endpoints.token import token
from oauth.jobs.pat_review import review_periodically
from oauth.jobs.purge import purge_periodically
from oauth.keys.jwks import jwk_set
from oauth.login import Login
from oauth.login.demo import DemoLogin, demo_accounts
from oauth.login.no_login import NobodyLogin
from oauth.login.oidc import OidcLogin
from oauth.metrics import count_requests
from oauth.pages.login import LoginForm
from oauth.pages.renderer import PageRenderer
from oauth.pages.routes import Pages
from oauth.protocol.errors import ErrorResponse
from oauth.protocol.metadata import resource_metadata, server_metadata
from oauth.protocol.parameters import MAX_FORM_BYTES
from oauth.settings import Provider, Seeded, ServeSettings
from oauth.store.database import Database

_KEYS_FRESH = {"cache-control": "public, max-age=60"}
"""The edge fetches once a minute too: a new key is published long before it signs."""
Answer = Callable[[web.Request], Awaitable[web.Response]]
DEPENDENCIES = web.AppKey("DESK", Dependencies)
ENDPOINTS: tuple[tuple[Endpoint, Handler], ...] = ((TOKEN, token), (REVOKE, revoke), (INTROSPECT, introspect))


def _now_s() -> int:
    return int(time.time())


def build_dependencies(
    settings: ServeSettings, database: Database, login: Login, log: FilteringBoundLogger
) -> Dependencies:
    """What the endpoints have at hand."""
    return Dependencies(
        database=database,
        keys=settings.keys,
        login=login,
        ids=settings.ids,
        issuer=settings.issuer,
        audience=settings.audience,
        throttle=Throttle(lambda: time.monotonic_ns() // 1000),
        clock=_now_s,
        log=log,
    )


def build(
    settings: ServeSettings, database: Database, log: FilteringBoundLogger, registry: CollectorRegistry
) -> web.Application:
    """The application over a database that has its tables."""
    printer = PageRenderer(settings.look, settings.logo)
    desk = build_dependencies(settings, database, build_login(settings, database, printer), log)
    return assemble(desk, Pages(desk, printer), registry)


def build_login(settings: ServeSettings, database: Database, printer: PageRenderer) -> Login:
    """How people log in."""
    match settings.login:
        case Seeded(people):
            form = LoginForm(database, printer, _now_s, demo_accounts(people))
            return DemoLogin(database, people, _now_s, form.show)
        case Provider() as provider:
            return OidcLogin(database, provider, settings.issuer, _now_s)
        case None:
            return NobodyLogin()
    assert_never(settings.login)


def assemble(desk: Dependencies, front: BrowserFront, registry: CollectorRegistry | None = None) -> web.Application:
    """The application, whoever shows its pages."""
    phases = (log_requests(desk.log), count_requests(registry or CollectorRegistry()))
    app = web.Application(client_max_size=MAX_FORM_BYTES, middlewares=phases)
    app[DEPENDENCIES] = desk
    app.router.add_route("*", AUTHORIZE.path, authorize_endpoint(desk, front))
    for endpoint, handler in ENDPOINTS:
        app.router.add_route("*", endpoint.path, client_endpoint(desk, endpoint, handler))
    _publish(app, SERVER_METADATA, _document(server_metadata(desk.issuer, desk.audience)))
    _publish(app, RESOURCE_METADATA, _document(resource_metadata(desk.issuer, desk.audience)))
    _publish(app, JWKS, _jwks(desk))
    _publish(app, HEALTH, _healthy)
    front.add_routes(app.router)

    async def beside(_: web.Application) -> AsyncIterator[None]:
        await desk.login.open()
        async with purge_periodically(desk), review_periodically(desk):
            yield
        await desk.login.close()

    app.cleanup_ctx.append(beside)
    return app


def _publish(app: web.Application, endpoint: Endpoint, answer: Answer) -> None:
    """For anybody to read; whoever asks otherwise is told in the words of the back channel."""

    async def read(request: web.Request) -> web.Response:
        if request.method not in endpoint.methods:
            return responses.error_response(ErrorResponse(WRONG_METHOD), endpoint)
        return await answer(request)

    app.router.add_route("*", endpoint.path, read)


def _document(members: Mapping[str, Json]) -> Answer:
    async def answer(_: web.Request) -> web.Response:
        return responses.public_document(members)

    return answer


def _jwks(desk: Dependencies) -> Answer:
    async def answer(_: web.Request) -> web.Response:
        return responses.public_document(jwk_set(*desk.keys.published(desk.clock()).values()), _KEYS_FRESH)

    return answer


async def _healthy(_: web.Request) -> web.Response:
    return web.Response(text="ok\n")
