"""Records that a test makes for itself, and that are gone when it ends."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.conformance.examples import Body


@contextmanager
def making(api: httpx.Client, path: str, usual: Body) -> Iterator[Callable[..., Body]]:
    """Makes them in the collection at `path`, of `usual` or another body with other members; deletes them at last."""
    made: list[str] = []

    def one(body: Body = usual, **members: Any) -> Body:
        answer = api.post(path, json=body | members)
        assert answer.status_code == 201, answer.text
        made.append(answer.json()["data"]["id"])
        return dict(answer.json()["data"])

    yield one
    for record_id in made:
        api.delete(f"{path}/{record_id}")
