"""A browser without a screen: it keeps cookies, follows what a page offers, and says of itself what browsers say."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from tests.oauth.protocol.world import ISSUER
from tests.support.hushed import hush, hush_form

PASSWORD = "let-me-in"


@dataclass
class Form:
    """A form of a page: where it goes, and its fields as they are filled in."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given["action"]))
        elif tag == "input" and given.get("type") not in ("radio", "checkbox"):
            self.forms[-1].fields[given["name"]] = given.get("value", "")
        elif tag == "button" and "name" in given:
            self.forms[-1].buttons.append((given["name"], given["value"]))


@dataclass(frozen=True)
class Shown:
    """What came back."""

    status: int
    headers: Any
    text: str

    @property
    def location(self) -> str:
        assert self.status == 303, (self.status, self.text)
        return str(self.headers["Location"])

    @property
    def forms(self) -> list[Form]:
        parser = _Forms()
        parser.feed(self.text)
        return parser.forms

    def form(self, action: str) -> Form:
        """The page's first form that goes there."""
        return next(form for form in self.forms if form.action == action)

    @property
    def heading(self) -> str:
        found = re.search(r"<h1>(.*?)</h1>", self.text, re.DOTALL)
        assert found, self.text
        return re.sub(r"<[^>]+>", "", found[1])


@dataclass
class Visit:
    """A browser."""

    http: aiohttp.ClientSession
    base: str
    address: str = "192.0.2.1"
    cookies: dict[str, str] = field(default_factory=dict)
    set_cookies: list[str] = field(default_factory=list)
    """As they came, with their attributes."""

    async def get(self, path: str) -> Shown:
        return await self.send("GET", path, None, {"Sec-Fetch-Site": "none"})

    async def post(self, path: str, fields: dict[str, str], **headers: str | None) -> Shown:
        """As a page of ours sends it, but for the headers; None takes one away."""
        own: dict[str, str | None] = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
        return await self.send("POST", path, urlencode(fields), own | headers)

    async def submit(self, form: Form, **fields: str) -> Shown:
        return await self.post(form.action, form.fields | fields)

    async def log_in(self, email: str, to: str = "", password: str = PASSWORD) -> Shown:
        page = await self.get(f"/login?{urlencode({'to': to, 'again': '1'})}")
        return await self.submit(page.form("/login"), email=email, password=password)

    async def consent_page(self, query: dict[str, str]) -> Shown:
        """What is shown of an authorization request to somebody who is logged in."""
        kept = await self.get(f"/authorize?{urlencode(query)}")
        return await self.get(kept.location)

    async def send(
        self, method: str, path: str, body: str | None = None, headers: dict[str, str | None] | None = None
    ) -> Shown:
        hush_form(body)
        sent = {
            "x-gw-client-address": self.address,
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            **({"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}),
            **(headers or {}),
        }
        async with self.http.request(
            method,
            URL(f"{self.base}{path.removeprefix(ISSUER)}", encoded=True),
            data=body,
            headers={name: value for name, value in sent.items() if value},
            allow_redirects=False,
        ) as answer:
            for line in answer.headers.getall("Set-Cookie", []):
                self._keep(line)
            return Shown(answer.status, answer.headers, await answer.text())

    def _keep(self, line: str) -> None:
        self.set_cookies.append(line)
        name, _, value = line.partition(";")[0].partition("=")
        hush(value)
        if re.search(r"max-age=0", line, re.IGNORECASE):
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value
