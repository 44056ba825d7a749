"""Speaking the sandbox's dialect to a running sandbox, as one of its users."""

import itertools
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp

MEMBER, MANAGER, VIEWER, INACTIVE = 13, 12, 14, 15
STRANGER = 23  # a user of business 2
SUSPENDED_BUSINESS = 3
NOWHERE = 999_999_999
_numbers = itertools.count(1)


def fresh(word: str) -> str:
    """A string that no other test has used."""
    return f"{word}-{next(_numbers)}"


def said(refusal: dict[str, Any]) -> tuple[str, str | None, str | None]:
    """Code, field and rule of a refusal."""
    return refusal["error_code"], refusal["field"], refusal["rule"]


@dataclass(frozen=True)
class Crm:
    """A user of a business, with some permissions, before a sandbox."""

    session: aiohttp.ClientSession
    business: int = 1
    user: int = MEMBER
    permissions: tuple[str, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)

    def but(self, **differences: Any) -> "Crm":
        """The same, but for something."""
        return replace(self, **differences)

    async def raw(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Status and JSON of one call under the business."""
        headers = {"X-Actor-User-Id": str(self.user), "X-Actor-Permissions": " ".join(self.permissions)}
        url = f"http://sandbox/internal/v2/businesses/{self.business}/{path}"
        async with self.session.request(method, url, json=body, headers=headers | self.headers) as response:
            return response.status, await response.json()

    async def say(self, method: str, path: str, body: object = None) -> Any:
        """The CRM's own answer, which is always HTTP 200."""
        status, answer = await self.raw(method, path, body)
        assert status == 200, answer
        return answer

    async def ok(self, method: str, path: str, body: object = None) -> Any:
        """The result of a call that is carried out."""
        answer = await self.say(method, path, body)
        assert answer["ok"] is True, answer
        return answer["result"]

    async def no(self, method: str, path: str, body: object = None) -> Any:
        """The refusal of a call that is not."""
        answer = await self.say(method, path, body)
        assert answer["ok"] is False, answer
        return answer

    async def contact(self, **fields: object) -> Any:
        """A new contact."""
        return await self.ok("POST", "contacts", {"first_name": "Ada", **fields})

    async def deal(self, **fields: object) -> Any:
        """A new deal."""
        return await self.ok("POST", "deals", {"title": "Fleet renewal", **fields})

    async def ids(self, where: object, of: str = "contacts", **query: object) -> list[int]:
        """The ids that a query finds, in its order."""
        body = {"where": where, "sort": ["id"], "limit": 200, **query}
        return [record["id"] for record in await self.ok("POST", f"{of}/query", body)]
