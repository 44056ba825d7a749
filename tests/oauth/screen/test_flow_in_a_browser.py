"""An app sends somebody here, and they come back to it: in a real browser, through a real Envoy."""

import pytest
from playwright.async_api import Page, expect

from tests.oauth.pages.town import ADA, BOB, CLEO
from tests.oauth.protocol.world import Verifier
from tests.oauth.screen.conftest import Scene, fill_in


async def back(scene: Scene, page: Page) -> dict[str, str]:
    """What the app was told, once the browser is there again."""
    await expect(page.get_by_role("heading", name="Back at the app")).to_be_visible()
    return scene.callback.told[-1]


@pytest.mark.parametrize("public", [False, True], ids=["with a secret", "without one"])
async def test_an_app_is_allowed_and_calls_the_api(scene: Scene, public: bool) -> None:
    app, verifier = await scene.an_app(public=public), Verifier()
    async with scene.person() as watched:
        await watched.page.goto(scene.link(app, verifier, scope="contacts:read"))
        await fill_in(watched.page, BOB)
        await watched.page.get_by_role("button", name="Allow").click()
        told = await back(scene, watched.page)
    assert (told["iss"], told["state"]) == (scene.world.base, "s-1")
    tokens = await scene.world.redeem(app, told["code"], verifier)
    assert tokens.status == 200
    header = {"Authorization": f"Bearer {tokens.json['access_token']}"}
    assert (await scene.edge.get("/v1/contacts", headers=header)).status_code == 200
    assert (await scene.edge.get("/v1/deals", headers=header)).status_code == 403


async def test_an_app_is_denied(scene: Scene) -> None:
    app = await scene.an_app()
    async with scene.person() as watched:
        await watched.page.goto(scene.link(app))
        await fill_in(watched.page, BOB)
        await watched.page.get_by_role("button", name="Deny").click()
        told = await back(scene, watched.page)
    assert (told["error"], told["iss"], told["state"]) == ("access_denied", scene.world.base, "s-1")


async def test_an_apps_mistake_comes_back_to_it_after_the_login(scene: Scene) -> None:
    app = await scene.an_app()
    async with scene.person() as watched:
        await watched.page.goto(scene.link(app, scope="nonsense"))
        await fill_in(watched.page, BOB)
        assert (await back(scene, watched.page))["error"] == "invalid_scope"


async def test_a_business_has_to_be_chosen_where_there_are_several(scene: Scene) -> None:
    app, verifier = await scene.an_app(), Verifier()
    async with scene.person() as watched:
        page = watched.page
        await page.goto(scene.link(app, verifier, scope="contacts:read"))
        await fill_in(page, ADA)
        await page.get_by_role("button", name="Allow").click()
        await expect(page.get_by_role("heading", name="asks for access")).to_be_visible()
        await page.get_by_label("South Ltd").check()
        await page.get_by_role("button", name="Allow").click()
        tokens = await scene.world.redeem(app, (await back(scene, page))["code"], verifier)
    assert tokens.status == 200


async def test_the_keyboard_is_enough_and_its_first_stop_allows_nothing(scene: Scene) -> None:
    app = await scene.an_app()
    async with scene.person() as watched:
        page = watched.page
        await page.goto(scene.link(app, scope="contacts:read"))
        for typed in (BOB, "let-me-in"):
            await page.keyboard.press("Tab")
            await page.keyboard.type(typed)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="asks for access")).to_be_visible()
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("button", name="Deny")).to_be_focused()
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("button", name="Allow")).to_be_focused()
        await page.keyboard.press("Space")
        assert "code" in await back(scene, page)


async def test_without_scripts_everything_works(scene: Scene) -> None:
    app = await scene.an_app()
    async with scene.person(scripts=False) as watched:
        await watched.page.goto(scene.link(app, scope="contacts:read"))
        await fill_in(watched.page, BOB)
        await watched.page.get_by_role("button", name="Allow").click()
        assert "code" in await back(scene, watched.page)


async def test_no_page_is_shown_in_a_frame(scene: Scene) -> None:
    app = await scene.an_app()
    async with scene.person() as watched:
        page = watched.page
        await scene.log_in(page, BOB)
        for path in ("/login?again=1", "/connected-apps", scene.link(app).removeprefix(scene.world.base)):
            framed = scene.world.base + path
            await page.goto(scene.callback.framing(framed))
            assert page.frames[1].url.startswith("chrome-error:")
        assert all("frame-ancestors" in error or "X-Frame-Options" in error for error in watched.errors)
        assert len(watched.errors) >= 3
        watched.errors.clear()


async def test_a_form_is_answered_by_no_other_than_the_app(scene: Scene) -> None:
    app = await scene.an_app()
    async with scene.person() as watched:
        page = watched.page
        await page.goto(scene.link(app, scope="contacts:read"))
        await fill_in(page, BOB)
        await page.evaluate("document.querySelector('form').action = 'https://127.0.0.1:1/steal'")
        async with page.expect_console_message(lambda said: "form-action" in said.text):
            await page.get_by_role("button", name="Allow").evaluate("button => { button.click() }")
        assert page.url.startswith(f"{scene.world.base}/consent?")
        watched.errors.clear()


async def test_another_site_cannot_make_a_browser_decide(scene: Scene) -> None:
    app = await scene.an_app()
    async with scene.person() as watched:
        page = watched.page
        await page.goto(scene.link(app, scope="contacts:read"))
        await fill_in(page, BOB)
        fields = {
            name: await page.locator(f"form[action='/consent'] input[name={name}]").input_value()
            for name in ("csrf", "request")
        }
        # Even with the very fields: the browser says where the form was.
        await page.goto(scene.callback.forging(f"{scene.world.base}/consent", fields | {"decision": "allow"}))
        await page.get_by_role("button", name="Win").click()
        await expect(page.get_by_role("heading", name="did not come from a page of ours")).to_be_visible()
        watched.errors.clear()
        watched.refused.clear()


async def test_a_popup_finds_its_way_back_to_who_opened_it(scene: Scene) -> None:
    app = await scene.an_app()
    async with scene.person() as watched:
        await watched.page.goto(scene.callback.url)
        async with watched.page.expect_popup() as opened:
            await watched.page.evaluate("url => { window.open(url) }", scene.link(app, scope="contacts:read"))
        popup = await opened.value
        await fill_in(popup, BOB)
        await popup.get_by_role("button", name="Allow").click()
        assert "code" in await back(scene, popup)
        assert await popup.evaluate("window.opener !== null")


async def test_who_is_not_active_does_not_come_in(scene: Scene) -> None:
    async with scene.person() as watched:
        await scene.log_in(watched.page, CLEO)
        await expect(watched.page.get_by_role("alert")).to_have_text("The e-mail address or the password is wrong.")
        watched.errors.clear()
        watched.refused.clear()


async def test_what_is_disconnected_is_refused_by_the_edge(scene: Scene) -> None:
    app, verifier = await scene.an_app(name="Robot to leave"), Verifier()
    async with scene.person() as watched:
        page = watched.page
        await page.goto(scene.link(app, verifier, scope="contacts:read"))
        await fill_in(page, BOB)
        await page.get_by_role("button", name="Allow").click()
        tokens = (await scene.world.redeem(app, (await back(scene, page))["code"], verifier)).json
        assert await scene.api_status(tokens["access_token"]) == 200
        await page.goto(f"{scene.world.base}/connected-apps")
        mine = page.get_by_role("article", name="Robot to leave")
        await mine.get_by_text("Disconnect").first.click()
        await mine.get_by_role("button", name="Disconnect").click()
        await expect(page.get_by_role("status")).to_have_text("The app is disconnected.")
    await scene.refused_soon(tokens["access_token"])
    assert (await scene.world.refresh(app, tokens["refresh_token"])).error == "invalid_grant"


async def test_a_token_is_made_used_replaced_and_revoked(scene: Scene) -> None:
    async with scene.person() as watched:
        page = watched.page
        await scene.log_in(page, ADA)
        await page.get_by_role("link", name="Access tokens").click()
        if not await page.get_by_label("Name", exact=True).is_visible():
            await page.get_by_text("New token").click()
        await page.get_by_label("Name", exact=True).fill("Nightly export")
        await page.get_by_label("See all contacts").check()
        await page.get_by_role("button", name="Make the token").click()
        first = await page.locator(".secret").inner_text()
        assert await scene.api_status(first) == 200
        await page.goto(f"{scene.world.base}/access-tokens")
        assert first not in await page.content()
        mine = page.get_by_role("article", name="Nightly export").first
        await mine.get_by_text("Replace").first.click()
        await mine.get_by_role("button", name="Make a new one").click()
        second = await page.locator(".secret").inner_text()
        await scene.refused_soon(first)
        assert await scene.api_status(second) == 200
        mine = page.get_by_role("article", name="Nightly export").filter(has_text="active")
        await mine.get_by_text("Revoke").first.click()
        await mine.get_by_role("button", name="Revoke").click()
        await expect(page.get_by_role("status")).to_have_text("The token is revoked.")
    await scene.refused_soon(second)


async def test_a_service_is_registered_and_gets_tokens_until_it_is_deleted(scene: Scene) -> None:
    async with scene.person() as watched:
        page = watched.page
        await scene.log_in(page, ADA)
        await page.get_by_role("link", name="Apps", exact=True).click()
        if not await page.get_by_label("Name", exact=True).is_visible():
            await page.get_by_text("New app").click()
        await page.get_by_label("Name", exact=True).fill("Sync")
        await page.get_by_label("Service", exact=False).first.check()
        await page.get_by_label("Role of a service").select_option("viewer")
        await page.get_by_label("See all contacts").check()
        await page.get_by_role("button", name="Register the app").click()
        client_id = await page.locator(".shown code").first.inner_text()
        secret = await page.locator(".secret").inner_text()
        form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
        tokens = (await scene.world.send("/token", form)).json
        assert await scene.api_status(tokens["access_token"]) == 200
        mine = page.get_by_role("article", name="Sync").last
        await mine.get_by_text("Delete").first.click()
        await mine.get_by_role("button", name="Delete").click()
        await expect(page.get_by_role("status")).to_have_text("The app is deleted.")
    await scene.refused_soon(tokens["access_token"])
    assert (await scene.world.send("/token", form)).error == "invalid_client"
