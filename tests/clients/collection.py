"""Runs a Postman collection: variables, path parameters, and the one kind of script that ours have."""

import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

KEPT = re.compile(
    r'const id = pm\.response\.(?:json\(\)\.([\w.?\[\]]+)|headers\.get\("([\w-]+)"\));\n'
    r'if \(id\) pm\.collectionVariables\.set\("(\w+)", id\);'
)
STEP = re.compile(r"\w+")
LATER = '"retryable":true'
"""The machine may be busy with other things; said of the whole or of an item."""
ASKED_AGAIN = 5
Json = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What a request of the collection was answered with."""

    name: str
    method: str
    status: int
    code: str | None
    retryable: bool


def outcome_of(item: Json, status: int, body: Json) -> Outcome:
    """Of a batch of which an item failed, the item's."""
    data = body.get("data")
    items = data if isinstance(data, list) else []
    told = next((each["error"] for each in items if "error" in each), body)
    status = told.get("status", status)
    return Outcome(item["name"], item["request"]["method"], status, told.get("code"), told.get("retryable", False))


def requests(items: list[Json]) -> Iterator[Json]:
    """The items that are requests, in order."""
    for item in items:
        if "item" in item:
            yield from requests(item["item"])
        else:
            yield item


def filled(text: str, variables: dict[str, str]) -> str:
    """The text with its variables; a new value for each `{{$guid}}`."""
    known = re.sub(r"{{(\w+)}}", lambda found: variables[found[1]], text)
    return re.sub(r"{{\$guid}}", lambda _: str(uuid.uuid4()), known)


class Runner:
    """One run over a collection."""

    def __init__(self, whole: Json, client: httpx.Client, **variables: str) -> None:
        self._whole = whole
        self._client = client
        self.variables = {each["key"]: each["value"] for each in whole["variable"]} | variables

    def run(self) -> list[Outcome]:
        """Send everything, in order."""
        return [self._sent(item) for item in requests(self._whole["item"])]

    def _sent(self, item: Json) -> Outcome:
        request = item["request"]
        answer = self._answer(request)
        for _ in range(ASKED_AGAIN):
            if LATER not in answer.text:
                break
            answer = self._answer(request)
        body = json.loads(answer.text) if answer.text else {}
        if answer.is_success:
            self._keep(item, body, answer.headers)
        return outcome_of(item, answer.status_code, body)

    def _answer(self, request: Json) -> httpx.Response:
        return self._client.request(
            request["method"],
            self._url(request["url"]),
            headers={each["key"]: filled(each["value"], self.variables) for each in _enabled(request["header"])},
            content=filled(request["body"]["raw"], self.variables).encode() if "body" in request else None,
        )

    def _url(self, url: Json) -> str:
        places = {each["key"]: filled(each["value"], self.variables) for each in url.get("variable", [])}
        path = "/".join(places[part[1:]] if part.startswith(":") else part for part in url["path"])
        query = {each["key"]: filled(each["value"], self.variables) for each in _enabled(url.get("query", []))}
        return str(httpx.URL(f"{filled(url['host'][0], self.variables)}/{path}", params=query))

    def _keep(self, item: Json, body: Json, headers: httpx.Headers) -> None:
        for event in item.get("event", []):
            found = KEPT.search("\n".join(event["script"]["exec"]))
            assert found, f"a script that this runner cannot read: {event}"
            place, header, name = found.groups()
            value: Any = headers[header] if header else body
            for step in STEP.findall(place or ""):
                value = value[int(step)] if step.isdecimal() else value[step]
            self.variables[name] = value


def _enabled(entries: list[Json]) -> list[Json]:
    return [each for each in entries if not each.get("disabled")]
