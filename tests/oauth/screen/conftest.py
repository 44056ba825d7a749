"""The pages behind a real Envoy, before a real Chromium, and an app of the tests' own that people are sent back to."""

import json
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import pytest
from aiohttp import web
from playwright.async_api import Browser, BrowserContext, Page, expect

from infra.process.branding import read_branding, read_logo
from infra.process.settings import SettingsReader
from oauth.app import assemble
from oauth.dependencies import Dependencies
from oauth.endpoints.throttle import Throttle
from oauth.keys.key_files import KeyFolder
from oauth.login.demo import DemoLogin, demo_accounts
from oauth.login.directory import read_directory
from oauth.pages.login import LoginForm
from oauth.pages.renderer import PageRenderer
from oauth.pages.routes import Pages
from oauth.store.database import Database, database_url
from tests.envoy.standing import Edge, standing_edge, until
from tests.oauth.pages.town import DIRECTORY
from tests.oauth.pages.visit import PASSWORD
from tests.oauth.protocol.world import App, Town, Verifier, World
from tests.support.browser import CHROMIUM, DESK, FLAGS, HEIGHT, PATIENCE_MS, Watched, driving
from tests.support.hushed import hush
from tests.support.processes import free_ports
from tests.support.quiet_log import QUIET

AUTHZ = ("authz-1",)
BRAND = "Brand & Co"
COLORS = {"light": "#7a1f6b", "dark": "#f0a6e8"}
LOGO = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 40" width="160" height="40">
<rect width="160" height="40" rx="8" fill="#7a1f6b"/><path d="M14 30 26 10l12 20zM50 18h96v6H50z" fill="#fff"/></svg>"""


def now_s() -> int:
    return int(time.time())


@dataclass
class Callback:
    """An app's own server: what it was sent back."""

    url: str
    told: list[dict[str, str]] = field(default_factory=list)

    shown: str = ""
    """What else its page holds."""

    async def answer(self, request: web.Request) -> web.Response:
        self.told.append(dict(request.query))
        text = f'<!doctype html><html lang="en"><title>The app</title><h1>Back at the app</h1>{self.shown}'
        self.shown = ""
        return web.Response(text=text, content_type="text/html")

    def framing(self, url: str) -> str:
        """Its page, with another in a frame."""
        self.shown = f'<iframe title="another" src="{escape(url)}"></iframe>'
        return self.url

    def forging(self, url: str, fields: dict[str, str]) -> str:
        """Its page, with a form that goes elsewhere."""
        inputs = "".join(f'<input type="hidden" name="{name}" value="{value}">' for name, value in fields.items())
        self.shown = f'<form method="post" action="{url}">{inputs}<button>Win</button></form>'
        return self.url


@dataclass(frozen=True)
class Scene:
    """Everything at hand. `world.base` is the auth host."""

    edge: Edge
    world: World
    callback: Callback
    browser: Browser

    async def an_app(self, **changes: object) -> App:
        """An app that is sent back to our own server."""
        made = await self.world.an_app(**{"redirect_uris": (self.callback.url,), "name": "Mail Robot"} | changes)
        return App(made.id, made.secret, self.callback.url)

    def link(self, app: App, verifier: Verifier | None = None, **changes: str | None) -> str:
        """Where the app sends a browser."""
        query = self.world.question(app, verifier, **changes)
        return f"{self.world.base}/authorize?{urlencode(query)}"

    @asynccontextmanager
    async def person(self, *, scheme: str = "light", width: int = DESK, scripts: bool = True) -> AsyncIterator[Watched]:
        """A browser that knows nothing yet; at its end nothing must have gone wrong in it."""
        context: BrowserContext = await self.browser.new_context(
            ignore_https_errors=True,
            color_scheme="dark" if scheme == "dark" else "light",
            viewport={"width": width, "height": HEIGHT},
            java_script_enabled=scripts,
        )
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        watched = Watched(page)
        watched.watch(self.world.base)
        try:
            yield watched
        finally:
            hush(*(cookie["value"] for cookie in await context.cookies()))
            await context.close()
        outside = [url for url in watched.elsewhere if not url.startswith(self.callback.url)]
        assert (watched.errors, outside, watched.refused) == ([], [], [])

    async def api_status(self, token: str) -> int:
        """What the API answers to a token."""
        hush(token)
        answer = await self.edge.get("/v1/contacts", headers={"Authorization": f"Bearer {token}"})
        return answer.status_code

    async def refused_soon(self, token: str) -> None:
        """Wait until the edge refuses it."""

        async def refused() -> bool:
            return await self.api_status(token) == 401

        await until(refused, "a revocation at the edge")

    async def log_in(self, page: Page, email: str, path: str = "/connected-apps") -> None:
        await page.goto(self.world.base + path)
        await fill_in(page, email)


async def fill_in(page: Page, email: str, password: str = PASSWORD) -> None:
    """The login's form."""
    await page.get_by_label("E-mail address").fill(email)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Log in").click()


expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
async def scene() -> AsyncIterator[Scene]:
    async with a_scene() as standing:
        yield standing


@asynccontextmanager
async def a_scene(url: str = "") -> AsyncIterator[Scene]:
    """Over that database, or a file of its own."""
    if CHROMIUM is None:
        pytest.skip("there is no `chromium` on PATH: nothing was looked at in a browser")
    async with (
        standing_edge(neighbours=AUTHZ, log_url=url) as edge,
        Database(database_url(url or f"sqlite:///{edge.folder}/oauth.db")) as database,
        serving(edge, database) as world,
        an_app_of_its_own(edge) as callback,
        driving() as playwright,
    ):
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS), headless=True)
        try:
            yield Scene(edge, world, callback, browser)
        finally:
            await browser.close()


@asynccontextmanager
async def serving(edge: Edge, database: Database) -> AsyncIterator[World]:
    """The authorization server, where Envoy looks for it."""
    people, printer = read_directory(json.dumps(DIRECTORY)), a_printer(edge.folder)
    form = LoginForm(database, printer, now_s, demo_accounts(people))
    desk = Dependencies(
        database=database,
        keys=KeyFolder(edge.folder / "signing"),
        login=DemoLogin(database, people, now_s, form.show),
        ids=edge.mint.ids,
        issuer=edge.mint.issuer,
        audience=edge.mint.audience,
        throttle=Throttle(lambda: time.monotonic_ns() // 1000),
        clock=now_s,
        log=QUIET,
    )
    runner = web.AppRunner(assemble(desk, Pages(desk, printer)), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.UnixSite(runner, str(edge.folder / "oauth.sock")).start()
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=edge.tls)) as http:
            yield World(desk, Town(), now_s, http, edge.mint.issuer)  # type: ignore[arg-type]
    finally:
        await runner.cleanup()


def a_printer(folder: Path) -> PageRenderer:
    """Pages in a deployment's own look, told by its settings."""
    (folder / "logo.svg").write_text(LOGO)
    settings = {
        "BRAND_NAME": BRAND,
        "BRAND_COLOR": COLORS["light"],
        "BRAND_COLOR_DARK": COLORS["dark"],
        "BRAND_LOGO_FILE": str(folder / "logo.svg"),
    }
    reader = SettingsReader(settings)
    return PageRenderer(read_branding(reader), read_logo(reader))


async def no_icon(_: web.Request) -> web.Response:
    return web.Response(status=204)


@asynccontextmanager
async def an_app_of_its_own(edge: Edge) -> AsyncIterator[Callback]:
    """Over https, by the edge's own certificate."""
    (port,) = free_ports(1)
    callback = Callback(f"https://localhost:{port}/callback")
    app = web.Application()
    app.router.add_get("/callback", callback.answer)
    app.router.add_get("/favicon.ico", no_icon)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(edge.folder / "server.pem", edge.folder / "server.key")
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls).start()
        yield callback
    finally:
        await runner.cleanup()
