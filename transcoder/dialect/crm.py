"""The calls: each public kind as a call to the CRM, and its answer back. Implements `records.Records`."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import msgspec

from contract import problems
from contract.resources import Resource
from contract.vocabulary import Json, Kind
from transcoder.dialect.refusals import to_refusal
from transcoder.dialect.reshape import to_changes, to_fields, to_query, to_record
from transcoder.dialect.rows import Dialect, Unreadable
from transcoder.errors import ApiError
from transcoder.records import Actor, Capabilities, Page, Query, Record, Refusal, Values
from transcoder.to_public import encode
from transcoder.upstream import Reply, Upstream

TRACE_HEADER = "X-Trace-Id"
DEADLINE_HEADER = "X-Deadline-Ms"
USER_HEADER = "X-Actor-User-Id"
PERMISSIONS_HEADER = "X-Actor-Permissions"
_READS = (Kind.LIST, Kind.GET)
_TOLD = 200
"""Characters of the service's own words in our log."""


class Crm:
    """The internal CRM as `records.Records`. One per process; holds no state but its rows."""

    capabilities = Capabilities(dedupe=True, revision=True, keyset=True, record_permission=True)

    def __init__(self, upstream: Upstream, dialects: tuple[Dialect, ...]) -> None:
        self._upstream = upstream
        self._dialects = {dialect.resource: dialect for dialect in dialects}

    async def page(self, resource: Resource, query: Query, actor: Actor) -> Page | Refusal:
        """A page of records."""
        dialect = self._dialects[resource]
        answer = await self._call(dialect, Kind.LIST, "POST", "/query", to_query(dialect, query), actor)
        if isinstance(answer, Refusal):
            return answer
        with _reading(Kind.LIST):
            return _page(dialect, query, answer)

    async def get(self, resource: Resource, number: int, actor: Actor) -> Record | Refusal:
        """One record, a deleted one included."""
        return await self._record(resource, Kind.GET, "GET", f"/{number}", None, actor)

    async def create(
        self, resource: Resource, values: Values, dedupe_key: str | None, actor: Actor
    ) -> Record | Refusal:
        """A new record; with a key, the first one made with it."""
        fields = to_fields(self._dialects[resource], values)
        if dedupe_key is not None:
            fields["dedupe_key"] = dedupe_key
        return await self._record(resource, Kind.CREATE, "POST", "", fields, actor)

    async def update(
        self, resource: Resource, number: int, changes: Values, revision: int | None, actor: Actor
    ) -> Record | Refusal:
        """The record after the change."""
        put, unset = to_changes(self._dialects[resource], changes)
        body: dict[str, Json] = {"set": put, "unset": unset}
        if revision is not None:
            body["expected_revision"] = revision
        return await self._record(resource, Kind.UPDATE, "PUT", f"/{number}", body, actor)

    async def delete(self, resource: Resource, number: int, revision: int | None, actor: Actor) -> Refusal | None:
        """Delete softly."""
        query = "" if revision is None else f"?expected_revision={revision}"
        answer = await self._call(self._dialects[resource], Kind.DELETE, "DELETE", f"/{number}{query}", None, actor)
        return answer if isinstance(answer, Refusal) else None

    async def _record(
        self, resource: Resource, kind: Kind, method: str, path: str, body: Json, actor: Actor
    ) -> Record | Refusal:
        dialect = self._dialects[resource]
        answer = await self._call(dialect, kind, method, path, body, actor)
        if isinstance(answer, Refusal):
            return answer
        with _reading(kind):
            return to_record(dialect, answer.get("result"))

    async def _call(
        self, dialect: Dialect, kind: Kind, method: str, path: str, body: Json, actor: Actor
    ) -> Mapping[str, Any] | Refusal:
        headers = {
            USER_HEADER: str(actor.user),
            PERMISSIONS_HEADER: actor.permissions,
            TRACE_HEADER: actor.trace_id,
        }
        whole = f"/internal/v2/businesses/{actor.tenant}/{dialect.path}{path}"
        reply = await self._upstream.send(
            method,
            whole,
            headers,
            None if body is None else encode(body),
            deadline_s=actor.deadline_s,
            deadline_header=DEADLINE_HEADER,
            writes=kind not in _READS,
        )
        with _reading(kind):
            return _answer(dialect, kind, reply)


@contextmanager
def _reading(kind: Kind) -> Iterator[None]:
    """An answer that cannot be read is a 502 and never passed on; of a write nobody knows what became."""
    try:
        yield
    except Unreadable as fault:
        outcome = "not-applied" if kind in _READS else "unknown"
        raise ApiError(problems.UPSTREAM_INVALID, outcome=outcome, cause=str(fault)) from None


def _answer(dialect: Dialect, kind: Kind, reply: Reply) -> Mapping[str, Any] | Refusal:
    if reply.status != 200:
        raise Unreadable(f"status {reply.status}")
    try:
        answer = msgspec.json.decode(reply.body, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Unreadable("no JSON object") from None
    if answer.get("ok") is True:
        return answer
    if answer.get("ok") is not False:
        raise Unreadable("no envelope")
    told = f"{answer.get('error_code')}: {answer.get('message')}"[:_TOLD]
    try:
        return replace(to_refusal(dialect, kind, answer), cause=told)
    except Unreadable as fault:
        raise Unreadable(f"{fault} ({told})") from None


def _page(dialect: Dialect, query: Query, answer: Mapping[str, Any]) -> Page:
    rows, paging = answer.get("result"), answer.get("paging")
    if not isinstance(rows, list) or not isinstance(paging, dict):
        raise Unreadable("no page")
    more, place, total = paging.get("has_more"), paging.get("next_key"), paging.get("total")
    if not isinstance(more, bool) or (more and not isinstance(place, str)):
        raise Unreadable("no word on what follows")
    if query.with_total and not isinstance(total, int):
        raise Unreadable("no total")
    return Page([to_record(dialect, row) for row in rows], place if more else None, total)
