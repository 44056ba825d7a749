"""A real Chromium before a stack, and pages that remember what went wrong in them."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory

import pytest
from playwright.async_api import BrowserContext, Locator, Page, Playwright, async_playwright

from tests.support.hushed import hush_form
from tests.support.stack import Stack

CHROMIUM = shutil.which("chromium")
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
DESK, PHONE = 1280, 390
HEIGHT = 900
PATIENCE_MS = 60_000
ENDS_S = 30.0


@dataclass(frozen=True)
class Watched:
    """A page, and whatever must not happen in it.

    `refused` are answers that were no success; a breach of the page's policy is among the errors.
    """

    page: Page
    asked: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def watch(self, origin: str) -> None:
        """Begin to remember."""
        self.page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on(
            "request",
            lambda request: (self.asked if _is_here(request.url, origin) else self.elsewhere).append(request.url),
        )
        self.page.on("request", lambda request: hush_form(request.post_data) if request.method == "POST" else None)
        self.page.on("response", lambda answer: self.refused.append(answer.url) if answer.status >= 400 else None)


def _is_here(url: str, origin: str) -> bool:
    return url.startswith((f"{origin}/", "data:"))


@dataclass(frozen=True)
class Chromium:
    """A browser before a stack."""

    context: BrowserContext
    stack: Stack

    @asynccontextmanager
    async def opened(self, path: str, *, scheme: str = "light", width: int = DESK) -> AsyncIterator[Watched]:
        """A page of the API host; at its end nothing must have gone wrong in it."""
        page = await self.context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        watched = Watched(page)
        watched.watch(self.stack.api_url)
        try:
            await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            await page.set_viewport_size({"width": width, "height": HEIGHT})
            await page.goto(self.stack.api_url + path, wait_until="networkidle")
            yield watched
        finally:
            await page.close()
        assert watched.asked
        assert (watched.errors, watched.elsewhere, watched.refused) == ([], [], [])

    @staticmethod
    async def operation(page: Page, tag: str, method: str, path: str) -> Locator:
        """One operation of the reference, opened."""
        await page.locator(f".opblock-tag[data-tag={tag}]").click()
        block = page.locator(f'.opblock-{method}:has([data-path="{path}"])')
        await block.locator(".opblock-summary-control").click()
        await block.locator(".opblock-body").wait_for()
        return block


@asynccontextmanager
async def driving() -> AsyncIterator[Playwright]:
    """Playwright's driver. It was seen not to end when it was told to, after all browsers had: it ends with us then."""
    playwright = await async_playwright().start()
    try:
        yield playwright
    finally:
        with suppress(TimeoutError):
            async with asyncio.timeout(ENDS_S):
                await playwright.stop()


@asynccontextmanager
async def chromium_before(stack: Stack) -> AsyncIterator[Chromium]:
    """A browser for the pages of that stack; without one on this machine the test skips, and says so."""
    if CHROMIUM is None:
        pytest.skip("there is no `chromium` on PATH: nothing was looked at in a browser")
    with TemporaryDirectory(prefix="chromium-") as profile:
        async with driving() as playwright:
            context = await playwright.chromium.launch_persistent_context(
                profile, executable_path=CHROMIUM, args=FLAGS, headless=True, ignore_https_errors=True
            )
            try:
                yield Chromium(context, stack)
            finally:
                await context.close()
