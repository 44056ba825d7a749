"""Requests, and the records that they need: made when first asked for, and shared where no test changes them."""

from collections import deque
from dataclasses import dataclass, replace
from typing import Any

import httpx

from tests.conformance.examples import Body, least
from tests.spec.operations import COLLECTIONS, ITEM_NAMES, PREFIXES

NOBODY = "2028xzawvf4039wj1pg44gawme"
"""The opaque part of an id that belongs to nothing."""
MOST_PIPELINES = 25
"""A business may have 50; the oldest of ours go."""

CAPPED, MOST_CAPPED = ("personal_access_tokens", "apps"), 25


def nobodys(resource: str) -> str:
    """A well-formed id of no record."""
    return f"{PREFIXES[resource]}_{NOBODY}"


@dataclass(frozen=True)
class Request:
    """A request."""

    method: str
    path: str
    json: Any = None
    params: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()

    def but(self, **changes: Any) -> "Request":
        return replace(self, **changes)

    def send(self, client: httpx.Client, *, token: str | None = None, version: str | None = None) -> httpx.Response:
        """Send it; with a token or a version of its own instead of the client's."""
        headers = dict(self.headers)
        more: dict[str, Any] = {} if self.json is None else {"json": self.json}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
            more["auth"] = None
        if version is not None:
            headers["Version"] = version
        return client.request(self.method, self.path, params=self.params, headers=headers, **more)


class World:
    """What one caller, an admin, has in its business."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self._shared: dict[str, Body] = {}
        self._pipelines: deque[str] = deque()
        self._capped: dict[str, deque[str]] = {}

    def collection(self, resource: str, pipeline: str | None = None) -> str:
        """The path of a resource."""
        path = COLLECTIONS[resource]
        return path.replace("{pipeline_id}", pipeline or self.id_of("pipelines")) if "{" in path else path

    def path(self, resource: str, record: Body) -> str:
        """The path of a record."""
        return f"{self.collection(resource, record.get('pipeline_id'))}/{record['id']}"

    def one(self, resource: str) -> Body:
        """A live record that no test changes."""
        if resource not in self._shared:
            self._shared[resource] = self._find(resource)
        return self._shared[resource]

    def id_of(self, resource: str) -> str:
        """Its id."""
        return str(self.one(resource)["id"])

    def _find(self, resource: str) -> Body:
        match resource:
            case "pipelines":
                return self._listed("/v1/pipelines", {"is_default": "true"})
            case "stages":
                return dict(self.one("pipelines")["stages"][0])
            case "users":
                user = self.client.get("/v1/me").json()["data"]["user"]["id"]
                return self._listed("/v1/users", {"ids": user})
            case "custom_fields":
                return self._listed("/v1/custom_fields", {})
        found = self.new(resource)
        for kept in self._capped.values():
            if found["id"] in kept:
                kept.remove(found["id"])
        return found

    def _listed(self, path: str, params: dict[str, str]) -> Body:
        answer = self.client.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return dict(answer.json()["data"][0])

    def new(self, resource: str, /, _pipeline: str | None = None, **members: Any) -> Body:
        """A record for one test alone; the members beyond the least."""
        body = least(resource, self) | members
        if resource == "stages" and _pipeline is None:
            _pipeline = str(self.new("pipelines")["id"])
        answer = self.client.post(self.collection(resource, _pipeline), json=body)
        assert answer.status_code == 201, answer.text
        record = dict(answer.json()["data"])
        if resource == "pipelines":
            self.remember(record["id"])
        elif resource in CAPPED:
            self._keep_few(resource, record["id"])
        return record

    def _keep_few(self, resource: str, new: str) -> None:
        """A business may have a hundred: the oldest of ours go."""
        kept = self._capped.setdefault(resource, deque())
        kept.append(new)
        while len(kept) > MOST_CAPPED:
            self.client.delete(f"{COLLECTIONS[resource]}/{kept.popleft()}")

    def remember(self, pipeline: str) -> None:
        """Keep the number of live pipelines low."""
        self._pipelines.append(pipeline)
        self.clear(MOST_PIPELINES)

    def clear(self, kept: int = 0) -> None:
        """Delete the oldest pipelines of ours, and the deals in them."""
        while len(self._pipelines) > kept:
            pipeline = self._pipelines.popleft()
            if self.client.delete(f"/v1/pipelines/{pipeline}").status_code == 409:
                for deal in self.walk("/v1/deals", {"pipeline_id": pipeline, "fields": "id"}):
                    self.client.delete(f"/v1/deals/{deal['id']}")
                self.client.delete(f"/v1/pipelines/{pipeline}")

    def read(self, resource: str, record: Body) -> Body:
        """The record as it is now, deleted or not."""
        answer = self.client.get(self.path(resource, record), params={"deleted": "include"})
        assert answer.status_code == 200, answer.text
        return dict(answer.json()["data"])

    def walk(self, path: str, params: dict[str, str], search: Body | None = None) -> list[Body]:
        """Every record of a list, or of a search, by its cursors."""
        found: list[Body] = []
        cursor: str | None = None
        while True:
            if search is None:
                answer = self.client.get(path, params=params | ({"cursor": cursor} if cursor else {}))
            else:
                body = search | ({"cursor": cursor} if cursor else {})
                answer = self.client.post(path, params=params, json=body)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            found += page["data"]
            cursor = page["meta"]["cursor"]["next"]
            if not page["meta"]["cursor"]["has_more"]:
                return found


def placed(path: str, ids: dict[str, str]) -> str:
    """A path template with ids in it."""
    for resource, name in ITEM_NAMES.items():
        path = path.replace(f"{{{name}}}", ids.get(resource, ""))
    return path
