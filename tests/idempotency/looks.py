"""Looking at what keyed writes have left, through the API."""

from typing import Any

import httpx

from tests.idempotency.conftest import Mortal
from tests.idempotency.writes import Keyed
from tests.support.waiting import waited


def ids_in(answer: httpx.Response) -> list[str]:
    """The records that an answer tells of."""
    shown = answer.json()["data"]
    return [item["data"]["id"] for item in shown] if isinstance(shown, list) else [shown["id"]]


def ids_by_search(client: httpx.Client, mortal: Mortal, write: Keyed) -> list[str]:
    """The records with the write's marks, deleted ones included."""
    condition = {"field": write.column, "operator": "in", "value": list(write.marks)}
    headers = {"Authorization": f"Bearer {mortal.stack.token(scope='contacts:read deals:read')}"}
    query = {"fields": "id", "deleted": "include"}
    body = {"filters": [condition], "limit": 200}
    request = client.build_request("POST", f"/v1/{write.table}/search", params=query, json=body, headers=headers)
    answer = _read(client, request)
    return sorted(record["id"] for record in answer.json()["data"])


def told(client: httpx.Client, mortal: Mortal, write: Keyed) -> dict[str, Any]:
    """The one entry of `GET /v1/requests` for the write's key."""
    headers = {"Authorization": f"Bearer {mortal.stack.token(scope='contacts:read')}"}
    request = client.build_request("GET", "/v1/requests", params={"idempotency_key": write.key}, headers=headers)
    [entry] = _read(client, request).json()["data"]
    return dict(entry)


def _read(client: httpx.Client, request: httpx.Request) -> httpx.Response:
    """A good answer: after so many deaths it may need a moment."""
    answers: list[httpx.Response] = []

    def is_good() -> bool:
        answers.append(client.send(request))
        assert answers[-1].status_code in (200, 503), answers[-1].text
        return answers[-1].status_code == 200

    waited(is_good, "a good answer")
    return answers[-1]
