"""A CRM that answers by a function, and what is asked of it."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from contract.resources import CONTACT
from contract.vocabulary import TenantId, TraceId, UserId
from transcoder.backend.interface import Actor, Query, RecordCollection, WriteTerms
from transcoder.backend.upstream import Reply

CONTACTS = RecordCollection(CONTACT)
PLAIN = WriteTerms()
DRY, KEYED, ON = WriteTerms(dry_run=True), WriteTerms(dedupe_key="k"), WriteTerms(revision=3)
BASE = "/internal/v2/businesses/7"


@dataclass
class Told:
    """An `Upstream` that answers by a function of the call, and remembers what it was asked."""

    answer: Callable[[str, Any], Any]
    calls: list[tuple[str, Any]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    writes: list[bool] = field(default_factory=list)

    async def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | None,
        *,
        deadline_s: float,
        deadline_header: str,
        writes: bool,
    ) -> Reply:
        """See `Upstream.send`."""
        assert path.startswith(BASE), path
        call = f"{method} {path.removeprefix(BASE)}"
        read = None if body is None else json.loads(body, parse_float=Decimal)
        self.calls.append((call, read))
        self.headers = dict(headers)
        self.writes.append(writes)
        answer = self.answer(call, read)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, Reply) else Reply(200, json.dumps(answer).encode())


def ok(result: Any, **beside: Any) -> dict[str, Any]:
    return {"ok": True, "result": result, **beside}


def no(code: str, **beside: Any) -> dict[str, Any]:
    return {"ok": False, "error_code": code, "field": None, "rule": None, "message": "words", **beside}


def an_actor() -> Actor:
    deadline_s = asyncio.get_running_loop().time() + 10
    return Actor(TenantId(7), UserId(31), "contacts:read contacts:write", "member", TraceId("t-1"), deadline_s)


def a_query(**changes: Any) -> Query:
    plain = {"where": None, "text": None, "order_by": "created_at", "descending": True, "limit": 50}
    return Query(**plain | {"deleted": "exclude", "with_total": False, "place": None} | changes)


def action(resource: Any, name: str) -> Any:
    return next(row for row in resource.actions if row.name == name)
