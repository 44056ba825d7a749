"""The flow in curl that the page of the authorization server shows, as it stands; a person does their part in forms."""

import re
import ssl
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import aiohttp

from tests.oauth.pages.visit import Visit
from tests.support import guides
from tests.support.stack import ROOT, Stack

PAGE = (ROOT / "docs" / "authorization-server.md").read_text()
PERSON = "marcus@acme-brokers.example"
APP = {
    "name": "Tried by hand",
    "kind": "marketplace",
    "is_public": True,
    "scopes": ["contacts:read"],
    "redirect_uris": ["http://127.0.0.1/callback"],
}


def shown() -> list[str]:
    """The commands of the page's flow, in order."""
    blocks = re.findall(r"^```console\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    [block] = [text for text in blocks if "/authorize?" in text]
    return [command.strip() for command in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]


async def test_what_the_page_shows_ends_in_a_token(stack: Stack, tmp_path: Path) -> None:
    where, names, challenge, back, link, code, redeem = shown()
    folders = [tmp_path / name for name in ("before", "after")]
    for folder in folders:
        folder.mkdir()
    with stack.client(stack.token()) as api:
        made = api.post("/v1/apps", json=APP).json()["data"]
        try:
            assert "CLIENT=cli_…" in names
            before = [where, names.replace("cli_…", made["client_id"]), challenge, back]
            [*_, url, verifier] = guides.run([*before, link, 'echo "$VERIFIER"'], stack, folders[0])
            assert code == "CODE=…"
            rest = [where, f"CLIENT={made['client_id']} VERIFIER={verifier}", back]
            rest += [f"CODE={await allowed(stack, url.strip())}", redeem]
            said = guides.run(rest, stack, folders[1])[-1]
            token = re.search(r'"access_token":"([^"]+)"', said)
            assert token, said
            with stack.client(token[1]) as caller:
                assert caller.get("/v1/contacts").status_code == 200
        finally:
            api.delete(f"/v1/apps/{made['id']}")


async def allowed(stack: Stack, url: str) -> str:
    """The code that a browser brings back once somebody has logged in and allowed it."""
    base, tls = stack.facts["AUTH_URL"], ssl.create_default_context(cafile=stack.facts["CA_FILE"])
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=tls), cookie_jar=aiohttp.DummyCookieJar()
    ) as http:
        visit = Visit(http, base)
        await visit.log_in(PERSON)
        page = await visit.consent_page(dict(parse_qsl(urlsplit(url).query)))
        answer = await visit.submit(page.form("/consent"), decision="allow")
        return dict(parse_qsl(urlsplit(answer.location).query))["code"]
