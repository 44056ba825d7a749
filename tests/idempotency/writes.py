"""Keyed writes as a careful client sends them: again with the same key until they have succeeded."""

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.support.stack import Stack

SCOPES = "contacts:read contacts:write deals:read deals:write"
PATIENCE_S = 90.0


def a_mark() -> str:
    """A word that stands in one record only."""
    return f"m{uuid.uuid4().hex}"


@dataclass(frozen=True)
class Keyed:
    """One keyed write, and the marks of the records that it is to leave: one record each, whatever happens."""

    path: str
    body: dict[str, Any]
    marks: tuple[str, ...]
    key: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def table(self) -> str:
        """Where the records stand inside."""
        return self.path.split("/")[2]

    @property
    def column(self) -> str:
        """What holds the mark."""
        return "title" if self.table == "deals" else "last_name"

    @property
    def dedupe_suffix(self) -> str:
        """What tells the first item of a batch inside."""
        return ".0" if "/batch/" in self.path else ""

    def send(self, client: httpx.Client, stack: Stack) -> httpx.Response:
        """Once. Every request has a budget of its own, so that the limits never play a part."""
        headers = {"Authorization": f"Bearer {stack.token(scope=SCOPES)}", "Idempotency-Key": self.key}
        return client.post(self.path, json=self.body, headers=headers)

    def settle(self, client: httpx.Client, stack: Stack) -> httpx.Response:
        """Until it has succeeded, as often as it takes, at the pace that the answers ask for."""
        gives_up_s = time.monotonic() + PATIENCE_S
        while True:
            answer = self.send(client, stack)
            wait_s = _wait_s(answer)
            if wait_s is None:
                return answer
            assert time.monotonic() < gives_up_s, f"after {PATIENCE_S} s: {answer.status_code} {answer.text}"
            time.sleep(wait_s)


def is_done(answer: httpx.Response) -> bool:
    """Whether there is nothing left to ask for; what is left must be worth asking for again."""
    return _wait_s(answer) is None


def _wait_s(answer: httpx.Response) -> float | None:
    if answer.is_success:
        items = answer.json()["data"]
        failed = [item for item in items if "error" in item] if isinstance(items, list) else []
        assert all(item["error"]["retryable"] for item in failed), answer.text
        return 0.2 if failed else None
    assert answer.json()["retryable"], answer.text
    return float(answer.headers.get("Retry-After", "0.2"))


def creates(kind: str) -> Keyed:
    """A create."""
    mark = a_mark()
    return Keyed(f"/v1/{kind}", _a_record(kind, mark), (mark,))


def upserts(kind: str) -> Keyed:
    """An upsert that matches nothing yet."""
    mark = a_mark()
    return Keyed(f"/v1/{kind}/upsert?on=external_id", {**_a_record(kind, mark), "external_id": mark}, (mark,))


def batches(kind: str, count: int) -> Keyed:
    """A batch of creates."""
    marks = tuple(a_mark() for _ in range(count))
    return Keyed(f"/v1/{kind}/batch/create", {"items": [_a_record(kind, mark) for mark in marks]}, marks)


def batch_upserts(kind: str, count: int) -> Keyed:
    """A batch of upserts that match nothing yet."""
    marks = tuple(a_mark() for _ in range(count))
    items = [{**_a_record(kind, mark), "external_id": mark} for mark in marks]
    return Keyed(f"/v1/{kind}/batch/upsert?on=external_id", {"items": items}, marks)


def batch_updates(kind: str, ids: Sequence[str]) -> Keyed:
    """A batch of changes, one a record."""
    marks = tuple(a_mark() for _ in ids)
    items = [{"id": each, "patch": _a_record(kind, mark)} for each, mark in zip(ids, marks, strict=True)]
    return Keyed(f"/v1/{kind}/batch/update", {"items": items}, marks)


def _a_record(kind: str, mark: str) -> dict[str, Any]:
    # Nothing in it that the CRM wants unique: a second record would not be refused, but be there.
    return {"title": mark, "amount": "1200.50"} if kind == "deals" else {"first_name": "Ada", "last_name": mark}
