"""Reading all of what the CRM lists by offset alone."""

from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec

from contract.vocabulary import Kind
from transcoder.backend.interface import Actor, Refusal
from transcoder.dialect.conversions import UnreadableResponse
from transcoder.dialect.envelope import Paging
from transcoder.dialect.error_mapping import RefusalContext
from transcoder.dialect.mapping import ResourceMapping
from transcoder.dialect.query_encoding import WITH_DELETED
from transcoder.dialect.responses import refusal_of
from transcoder.dialect.transport import CrmRequest, Transport, reading_response

T = TypeVar("T")

_PAGE = 200
_MOST = 20_000
"""Rows of one list: ten times what a business may have, so that a service gone wild does not fill our memory."""


async def list_all(
    wire: Transport,
    dialect: ResourceMapping,
    path: str,
    deleted: str,
    actor: Actor,
    read: Callable[[msgspec.Raw], Mapping[int, T]],
) -> list[T] | Refusal:
    """Read all that `read` makes of the pages, ordered by id, each once."""
    found: dict[int, T] = {}
    offset = 0
    while True:
        query = f"limit={_PAGE}&offset={offset}&with_deleted={WITH_DELETED[deleted]}"
        ask = CrmRequest("GET", f"{path}?{query}")
        answer = await wire.send(ask, actor)
        with reading_response(ask):
            refusal = refusal_of(RefusalContext(dialect, Kind.LIST), answer)
            if refusal is not None:
                return refusal
            page = read(answer.result)
            total = _total(answer.paging)
        # A row that goes away meanwhile moves the others forward: those that come twice are the same.
        found |= page
        offset += len(page)
        if offset >= total or not page:
            return list(found.values())


def _total(paging: Paging | None) -> int:
    if paging is None or paging.total is None or not 0 <= paging.total <= _MOST:
        raise UnreadableResponse("no usable word on how many there are")
    return int(paging.total)
