"""The pages as people meet them: by day and by night, on a desk and on a phone, by keyboard and by a reader's tools."""

import json
import uuid

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from contract.versions import VERSIONS
from tests.support.browser import DESK, PHONE, Chromium

PAGES = (
    *("/problems", "/problems/validation-failed", "/docs", "/docs/changelog", f"/docs/changelog/{VERSIONS[0].date}"),
    *("/docs/guides", "/docs/guides/sync", "/docs/guides/apps"),
)
NOWHERE = ("/nonesuch", "/docs?version=2020-01-01")
SCHEMES = ("light", "dark")
NIGHT, DAY = "rgb(28, 32, 34)", "rgb(255, 255, 255)"
OLDEST = VERSIONS[-1].date


async def faults(page: Page) -> list[str]:
    """What axe-core finds, with the first place of each."""
    found = await Axe().run(page)
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found.response["violations"]]


@pytest.mark.parametrize("width", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("path", PAGES)
async def test_a_page_fits_its_reader(chromium: Chromium, path: str, scheme: str, width: int) -> None:
    async with chromium.opened(path, scheme=scheme, width=width) as watched:
        page = watched.page
        assert await page.evaluate("document.documentElement.scrollWidth") == width
        background = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert background == (NIGHT if scheme == "dark" else DAY)
        assert await page.locator("h1").count() == 1
        assert await faults(page) == []


@pytest.mark.parametrize("width", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("path", NOWHERE)
async def test_a_page_for_a_wrong_address_fits_its_reader(
    chromium: Chromium, path: str, scheme: str, width: int
) -> None:
    async with chromium.opened(path, scheme=scheme, width=width) as watched:
        page = watched.page
        assert await page.evaluate("document.documentElement.scrollWidth") == width
        assert await page.locator("h1").count() == 1
        assert await faults(page) == []
        # That it is refused is what was asked for, and the browser tells of it.
        assert len(watched.refused) == len(watched.errors) == 1
        watched.refused.clear()
        watched.errors.clear()


async def test_the_first_address_that_anybody_opens_leads_to_the_reference(chromium: Chromium) -> None:
    async with chromium.opened("/") as watched:
        assert watched.page.url == f"{chromium.stack.api_url}/docs"


async def test_the_keyboard_comes_to_the_content_at_once(chromium: Chromium) -> None:
    async with chromium.opened("/problems") as watched:
        await watched.page.keyboard.press("Tab")
        await watched.page.keyboard.press("Enter")
        await watched.page.keyboard.press("Tab")
        reached = await watched.page.evaluate(
            "document.activeElement.closest('main') && document.activeElement.pathname"
        )
        assert reached == "/docs/guides/problems"


async def test_the_reference_lists_every_resource(chromium: Chromium) -> None:
    async with chromium.opened("/docs") as watched:
        tags = watched.page.locator(".opblock-tag")
        await tags.first.wait_for()
        names = [await tag.get_attribute("data-tag") for tag in await tags.all()]
        assert {"contacts", "companies", "deals", "tasks", "notes"} <= set(names)


async def test_the_reference_of_another_version_is_one_click_away(chromium: Chromium) -> None:
    async with chromium.opened("/docs") as watched:
        page = watched.page
        await page.get_by_role("navigation", name="Versions").get_by_role("link", name=OLDEST).click()
        block = await chromium.operation(page, "notes", "post", "/v1/notes")
        assert '"content"' in await block.locator(".body-param__example").inner_text()
        assert await block.locator("[data-param-name=Version] select").input_value() == OLDEST


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_a_contact_is_created_with_a_pasted_token(chromium: Chromium, scheme: str) -> None:
    email = f"{uuid.uuid4().hex}@example.com"
    async with chromium.opened("/docs", scheme=scheme) as watched:
        page = watched.page
        await page.get_by_label("Token to try it with").fill(chromium.stack.token())
        block = await chromium.operation(page, "contacts", "post", "/v1/contacts")
        await block.get_by_role("button", name="Try it out").click()
        await block.get_by_label("Request body").fill(json.dumps({"first_name": "Ada", "email": email}))
        await block.get_by_role("button", name="Execute").click()
        answer = block.locator(".live-responses-table .response")
        await answer.wait_for()
        assert (await answer.locator(".response-col_status").inner_text()).startswith("201")
        assert await faults(page) == []
    with chromium.stack.caller() as api:
        assert [each["first_name"] for each in api.get("/v1/contacts", params={"email": email}).json()["data"]] == [
            "Ada"
        ]


async def test_an_open_operation_fits_a_phone(chromium: Chromium) -> None:
    async with chromium.opened("/docs", width=PHONE) as watched:
        await chromium.operation(watched.page, "contacts", "post", "/v1/contacts")
        assert await watched.page.evaluate("document.documentElement.scrollWidth") == PHONE


@pytest.mark.parametrize("width", [DESK, PHONE], ids=["desk", "phone"])
async def test_a_problem_of_an_operation_is_a_line_until_it_is_asked_for(chromium: Chromium, width: int) -> None:
    async with chromium.opened("/docs", width=width) as watched:
        block = await chromium.operation(watched.page, "contacts", "get", "/v1/contacts")
        told = block.locator(".response", has_text="retry_after_seconds")
        assert await told.count() == 0
        line = block.get_by_role("button", name="rate-limited")
        await line.press("Enter")
        await told.wait_for()
        assert await line.get_attribute("aria-expanded") == "true"
        assert await watched.page.evaluate("document.documentElement.scrollWidth") == width
        assert await faults(watched.page) == []


async def test_what_is_refused_is_shown_as_the_problem_that_it_is(chromium: Chromium) -> None:
    async with chromium.opened("/docs") as watched:
        block = await chromium.operation(watched.page, "contacts", "get", "/v1/contacts")
        await block.get_by_role("button", name="Try it out").click()
        await block.get_by_role("button", name="Execute").click()
        answer = block.locator(".live-responses-table .response")
        await answer.wait_for()
        assert (await answer.locator(".response-col_status").inner_text()).startswith("401")
        assert "authentication-required" in await answer.inner_text()
        # That the browser tells of it is what was meant.
        assert len(watched.refused) == len(watched.errors) == 1
        watched.refused.clear()
        watched.errors.clear()
