"""[pure] What callers ask, each kind with the records that it is to leave, and what an answer says of those.

Knows no connection and nobody's token.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.faults.ledger import Changes, Told, Write, told_by

BATCH = 3


@dataclass(frozen=True)
class Person:
    """Who asks: a user of a business."""

    business: int
    user: int


@dataclass(frozen=True)
class Ask:
    """A request to come. With a key it may be sent again, and is to leave `writes` once."""

    kind: str
    person: Person
    method: str
    path: str
    body: Mapping[str, Any] | None = None
    key: str | None = None
    writes: Sequence[Write] = ()
    change: Changes | None = None
    if_match: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """Its own, beside those of every request."""
        own = {"idempotency-key": self.key, "if-match": self.if_match}
        if self.body is not None:
            own["content-type"] = "application/merge-patch+json" if self.method == "PATCH" else "application/json"
        return {name: value for name, value in own.items() if value is not None}

    @property
    def content(self) -> bytes:
        return b"" if self.body is None else json.dumps(self.body).encode()

    @property
    def unsettled(self) -> bool:
        """Whether a retry has something left to find out."""
        return self.key is not None and any(write.told is Told.UNKNOWN for write in self.writes)

    def hears(self, status: int, body: Mapping[str, Any]) -> None:
        """The answer, told to each record that was asked for."""
        told, items = told_by(status, body), body.get("data") if status < 300 else None
        if self.change is not None and self.body is not None:
            self.change.hears(self.body["first_name"], told)
        for number, write in enumerate(self.writes):
            item = items[number] if isinstance(items, list) else {"status": status, "data": items, "error": body}
            write.hears(told_by(item["status"], item.get("error")), (item.get("data") or {}).get("id"))

    def hears_nothing(self) -> None:
        """No answer came: nothing is known."""
        if self.change is not None and self.body is not None:
            self.change.hears(self.body["first_name"], Told.UNKNOWN)
        for write in self.writes:
            write.hears(Told.UNKNOWN)


@dataclass
class Book:
    """All that was asked for in one run, whose marks begin alike."""

    run: str = field(default_factory=lambda: f"r{uuid.uuid4().hex[:10]}")
    asks: list[Ask] = field(default_factory=list)
    """Those that write."""
    changed: list[Changes] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    """What no answer should have been like."""
    _number: int = 0

    @property
    def writes(self) -> list[Write]:
        """Every record that was asked for."""
        return [write for ask in self.asks for write in ask.writes]

    def _mark(self) -> str:
        self._number += 1
        return f"{self.run}-{self._number}"

    def _written(self, ask: Ask) -> Ask:
        self.asks.append(ask)
        return ask

    def create(self, person: Person, *, keyed: bool) -> Ask:
        """One contact."""
        write = Write(self._mark(), person.business, keyed)
        key, kind = (uuid.uuid4().hex, "keyed create") if keyed else (None, "create")
        return self._written(
            Ask(kind, person, "POST", "/v1/contacts", {"last_name": write.mark}, key=key, writes=[write])
        )

    def upsert(self, person: Person) -> Ask:
        """One that matches nothing yet."""
        write = Write(self._mark(), person.business, keyed=True)
        body = {"last_name": write.mark, "external_id": write.mark}
        path = "/v1/contacts/upsert?on=external_id"
        return self._written(Ask("upsert", person, "POST", path, body, key=uuid.uuid4().hex, writes=[write]))

    def batch(self, person: Person, size: int = BATCH) -> Ask:
        """Several contacts."""
        writes = [Write(self._mark(), person.business, keyed=True) for _ in range(size)]
        body = {"items": [{"last_name": write.mark} for write in writes]}
        return self._written(
            Ask("batch", person, "POST", "/v1/contacts/batch/create", body, key=uuid.uuid4().hex, writes=writes)
        )

    def change(self, person: Person, record: Changes, if_match: str) -> Ask:
        """Another first name for a record that is as its caller knows it."""
        body = {"first_name": self._mark()}
        path = f"/v1/contacts/{record.id}"
        return Ask("change", person, "PATCH", path, body, change=record, if_match=if_match)


def a_list(person: Person) -> Ask:
    """Some contacts."""
    return Ask("list", person, "GET", "/v1/contacts?limit=2")


def a_look(person: Person, identity: str) -> Ask:
    """One contact."""
    return Ask("get", person, "GET", f"/v1/contacts/{identity}")
