"""What the conformance suite asks with: calls that would succeed, so that each refusal differs in one thing."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from tests.spec.operations import Promised
from tests.support.stack import Stack


@dataclass(frozen=True)
class Request:
    """A request; `http` keyword arguments of httpx."""

    method: str
    path: str
    json: Any = None
    params: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()

    def but(self, **changes: Any) -> "Request":
        return replace(self, **changes)

    def send(self, client: httpx.Client) -> httpx.Response:
        body = {} if self.json is None else {"json": self.json}
        return client.request(self.method, self.path, params=self.params, headers=dict(self.headers), **body)


@pytest.fixture(scope="session")
def api(stack: Stack) -> Iterator[httpx.Client]:
    """An admin of the first business with a wide budget."""
    with stack.client(stack.token()) as client:
        yield client


@pytest.fixture(scope="session")
def stranger(stack: Stack) -> Iterator[httpx.Client]:
    """An admin of the second business."""
    with stack.client(stack.token(tenant=2)) as client:
        yield client


def a_contact(**members: Any) -> dict[str, Any]:
    """A create body that nobody else uses."""
    return {"first_name": "Ada", "email": f"{uuid.uuid4().hex}@northwind.example", **members}


Good = Callable[[Promised], Request]


@pytest.fixture(scope="session")
def good(stack: Stack) -> Iterator[Good]:
    """A request of an operation that succeeds."""
    with stack.client(stack.token()) as client:

        def make(operation: Promised) -> Request:
            path = operation.path
            if "{" in path:
                made = client.post("/v1/contacts", json=a_contact())
                assert made.status_code == 201, made.text
                path = path.replace("{contact_id}", made.json()["data"]["id"])
            body = {"POST": a_contact(), "PATCH": {"job_title": "Captain"}}.get(operation.method)
            return Request(operation.method, path, body)

        yield make
