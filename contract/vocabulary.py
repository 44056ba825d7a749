"""The nouns that the rest is written in. Knows no row of any table."""

from enum import StrEnum
from http import HTTPStatus
from typing import Any, NewType

TenantId = NewType("TenantId", int)
"""The internal integer of a business; outside it is a `biz_…` id."""
UserId = NewType("UserId", int)
"""The internal integer of a user; outside it is a `usr_…` id."""
TraceId = NewType("TraceId", str)
"""The edge's request id: `X-Request-Id`, `trace_id` in problems and in every log."""

Json = Any
"""A parsed JSON value (RFC 8259): dict, list, str, int, Decimal, bool or None."""

_RENAMED = {413: "Content Too Large", 422: "Unprocessable Content"}
"""By RFC 9110; CPython before 3.13 still says what they were called before."""


def reason_phrase(status: int) -> str:
    """A status in words (RFC 9110 §15), the same on every CPython."""
    return _RENAMED.get(status) or HTTPStatus(status).phrase


class Method(StrEnum):
    """The HTTP methods that operations use (RFC 9110 §9, RFC 5789)."""

    GET = "GET"
    POST = "POST"
    PATCH = "PATCH"
    DELETE = "DELETE"


class Kind(StrEnum):
    """What an operation does, whatever its resource; the transcoder has one handler for each."""

    LIST = "list"
    CREATE = "create"
    GET = "get"
    UPDATE = "update"
    DELETE = "delete"
    RESTORE = "restore"
    SEARCH = "search"
    UPSERT = "upsert"
    BATCH_CREATE = "batch_create"
    BATCH_GET = "batch_get"
    BATCH_UPDATE = "batch_update"
    BATCH_DELETE = "batch_delete"
    BATCH_UPSERT = "batch_upsert"
    ACTION = "action"
    ME = "me"
    REQUESTS = "requests"
    RECEIPT = "receipt"
    EXPLAIN = "explain"
    VERSIONS = "versions"


BATCH_KINDS = (Kind.BATCH_CREATE, Kind.BATCH_GET, Kind.BATCH_UPDATE, Kind.BATCH_DELETE, Kind.BATCH_UPSERT)
READ_KINDS = (
    Kind.LIST,
    Kind.GET,
    Kind.SEARCH,
    Kind.BATCH_GET,
    Kind.ME,
    Kind.REQUESTS,
    Kind.RECEIPT,
    Kind.EXPLAIN,
    Kind.VERSIONS,
)
"""Kinds that write nothing."""
KINDS_WITH_BODY = (
    Kind.CREATE,
    Kind.UPDATE,
    Kind.SEARCH,
    Kind.UPSERT,
    *BATCH_KINDS,
    Kind.ACTION,
    Kind.EXPLAIN,
)
"""Kinds whose requests may have a body."""
BODY_OPTIONAL = (Kind.SEARCH, Kind.ACTION)
"""Those for which no body is as good as an empty object."""
KINDS_WITH_IF_MATCH = (Kind.UPDATE, Kind.DELETE, Kind.ACTION)
"""Kinds that honour `If-Match`."""
