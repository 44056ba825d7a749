"""Every page by day and by night, on a desk and on a phone, as axe-core sees it and as it fits."""

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from oauth.protocol.scopes import KNOWN_SCOPES
from tests.oauth.pages.town import ADA, BOB, SOUTH
from tests.oauth.screen.conftest import BRAND, COLORS, Scene, fill_in
from tests.support.browser import DESK, PHONE

NIGHT, DAY = "rgb(19, 22, 24)", "rgb(243, 245, 248)"


async def looked_at(page: Page, scheme: str, width: int, heading: str) -> None:
    assert (await page.locator("h1").all_inner_texts())[0].replace("\n", " ") == heading
    assert await page.locator("h1").count() == 1
    assert await page.evaluate("document.documentElement.scrollWidth") == width
    background = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == (NIGHT if scheme == "dark" else DAY)
    found = await Axe().run(page)
    assert [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found.response["violations"]] == []
    small = await page.evaluate(SMALL)
    assert small == []


SMALL = """[...document.querySelectorAll("button:not(.link), input:not([type=hidden]), select, summary")]
    .filter(each => each.checkVisibility() && each.getBoundingClientRect().height < 24 && !each.closest("label"))
    .map(each => each.outerHTML)"""
"""WCAG 2.2, success criterion 2.5.8; a box is as large as its label."""


@pytest.mark.parametrize("width", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_pages_of_a_flow(scene: Scene, scheme: str, width: int) -> None:
    app = await scene.an_app(owner=SOUTH)
    async with scene.person(scheme=scheme, width=width) as watched:
        page = watched.page
        await page.goto(scene.link(app, scope=" ".join(KNOWN_SCOPES)))
        await looked_at(page, scheme, width, "Log in")
        await fill_in(page, BOB, "wrong")
        await page.get_by_text("Accounts of this").click()
        await looked_at(page, scheme, width, "Log in")
        await fill_in(page, BOB)
        await looked_at(page, scheme, width, "Mail Robot asks for access")
        await page.get_by_role("button", name="Use another").click()
        await fill_in(page, ADA)
        await looked_at(page, scheme, width, "Mail Robot asks for access")
        await page.get_by_label("North & Sons").check()
        await page.get_by_role("button", name="Allow").click()
        await page.goto(f"{scene.world.base}/connected-apps")
        await page.get_by_text("Disconnect Mail Robot").first.click()
        await looked_at(page, scheme, width, "Connected apps")
        await page.goto(f"{scene.world.base}/logout")
        await looked_at(page, scheme, width, "Log out?")
        await page.get_by_role("button", name="Log out").click()
        await looked_at(page, scheme, width, "You are logged out")
        await page.goto(f"{scene.world.base}/authorize?client_id=nobody")
        await looked_at(page, scheme, width, "This app is not known")
        await page.goto(f"{scene.world.base}/nonesuch")
        await looked_at(page, scheme, width, "Page not found")
        # That the browser tells of the three refusals is what was meant.
        assert len(watched.refused) == len(watched.errors) == 3
        watched.refused.clear()
        watched.errors.clear()


@pytest.mark.parametrize("width", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_pages_of_an_admin(scene: Scene, scheme: str, width: int) -> None:
    async with scene.person(scheme=scheme, width=width) as watched:
        page = watched.page
        await scene.log_in(page, ADA)
        for link, heading, button in (
            ("Access tokens", "Access tokens", "Make the token"),
            ("Apps", "Apps", "Register the app"),
        ):
            await page.get_by_role("link", name=link, exact=True).click()
            if not await page.get_by_label("Name", exact=True).is_visible():
                await page.locator("details.new > summary").click()
            await looked_at(page, scheme, width, heading)
            await page.get_by_label("Name", exact=True).fill(f"A thing with a long-long-{'long-' * 12}name")
            await page.get_by_label("See all contacts").check()
            if link == "Apps":
                await page.get_by_label("Web app").check()
                await page.get_by_label("Redirect URIs").fill(f"https://app.example/{'callback/' * 20}")
            await page.get_by_role("button", name=button).click()
            for summary in await page.locator("details.sure > summary").all():
                await summary.click()
            await looked_at(page, scheme, width, heading)


@pytest.mark.parametrize("width", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_form_with_faults_and_the_page_of_somebody_who_is_no_admin(
    scene: Scene, scheme: str, width: int
) -> None:
    async with scene.person(scheme=scheme, width=width) as watched:
        page = watched.page
        await scene.log_in(page, ADA)
        await page.goto(f"{scene.world.base}/apps")
        if not await page.get_by_label("Name", exact=True).is_visible():
            await page.locator("details.new > summary").click()
        await page.get_by_label("Redirect URIs").fill("http://evil.example/cb")
        await page.get_by_role("button", name="Register the app").click()
        name = page.get_by_label("Name", exact=True)
        await expect(name).to_be_focused()
        await expect(name).to_have_accessible_description("Give the app a name of up to 100 characters.")
        await expect(page.get_by_role("radiogroup", name="Kind")).to_have_accessible_description(
            "Choose what kind of app it is."
        )
        await expect(page.get_by_label("Redirect URIs")).to_have_value("http://evil.example/cb")
        await looked_at(page, scheme, width, "Apps")
        await page.get_by_role("button", name="Log out").click()
        await scene.log_in(page, BOB)
        await page.goto(f"{scene.world.base}/apps")
        await looked_at(page, scheme, width, "This page is for admins")
        await page.get_by_role("button", name="Log in as somebody else").click()
        await looked_at(page, scheme, width, "Log in")
        # That the browser tells of the two refusals is what was meant.
        assert len(watched.refused) == len(watched.errors) == 2
        watched.refused.clear()
        watched.errors.clear()


@pytest.mark.parametrize("width", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_deployments_name_logo_and_colours_are_on_its_pages(scene: Scene, scheme: str, width: int) -> None:
    app = await scene.an_app()
    async with scene.person(scheme=scheme, width=width) as watched:
        page = watched.page
        await page.goto(scene.link(app, scope="contacts:read"))
        for heading in ("Log in", "Mail Robot asks for access"):
            await expect(page.get_by_role("heading", level=1)).to_have_text(heading)
            assert (await page.title()).endswith(f" · {BRAND}")
            logo = page.get_by_role("img", name=BRAND)
            drawn = await logo.evaluate(
                "image => image.decode().then(() => [image.naturalWidth, image.getBoundingClientRect().height > 20])"
            )
            assert drawn == [160, True]
            main = page.locator("button.main")
            color = await main.evaluate("button => getComputedStyle(button).backgroundColor")
            assert color == f"rgb{tuple(bytes.fromhex(COLORS[scheme][1:]))}"
            if heading == "Log in":
                await fill_in(page, BOB)
