"""[pure] Records outward: neutral values become the public JSON of a version, ids sealed, instants in RFC 3339."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from contract.ids import IdCodec
from contract.resources import Field, Resource
from contract.types import Address, DateTime, Etag, FullName, Id
from contract.versions import Version
from contract.vocabulary import Json, TenantId
from transcoder.etags import etag
from transcoder.records import Record, Values

encode: Callable[[Json], bytes] = msgspec.json.Encoder().encode
"""Compact JSON in UTF-8."""


def instant_text(ms: int) -> str:
    """Epoch milliseconds as RFC 3339 in UTC; the fraction only where there is one."""
    text = datetime.fromtimestamp(ms // 1000, UTC).isoformat()[:19]
    return f"{text}.{ms % 1000:03d}Z" if ms % 1000 else f"{text}Z"


class Presenter:
    """Turns records of one resource into public objects; the work per field is laid out once."""

    def __init__(self, resource: Resource, codec: IdCodec) -> None:
        self._resource = resource
        self._codec = codec
        self._fields = tuple((field.name, _form(field, codec)) for field in resource.fields)

    def record_id(self, tenant: TenantId, number: int) -> str:
        """The public id of a record."""
        return self._codec.seal(self._resource.prefix, tenant, number)

    def etag(self, tenant: TenantId, record: Record, version: Version) -> str:
        """The record's etag in a version."""
        return etag(self.record_id(tenant, record.number), record.revision, version)

    def public(
        self, tenant: TenantId, record: Record, version: Version, fields: frozenset[str] | None = None
    ) -> dict[str, Json]:
        """The public object, every documented member present; only `fields` and the id where they are given."""
        whole: Values = {
            **record.values,
            "id": record.number,
            "deleted_at": record.deleted_at_ms,
            "etag": self.etag(tenant, record, version),
        }
        return {
            name: form(tenant, whole) for name, form in self._fields if fields is None or name in fields or name == "id"
        }


Form = Callable[[TenantId, Mapping[str, Any]], Json]


def _form(field: Field, codec: IdCodec) -> Form:
    name = field.name
    match field.type:
        case Id(prefix=prefix):

            def sealed(tenant: TenantId, values: Values) -> Json:
                number = values.get(name)
                return None if number is None else codec.seal(prefix, tenant, number)

            return sealed
        case DateTime():

            def instant(_: TenantId, values: Values) -> Json:
                ms = values.get(name)
                return None if ms is None else instant_text(ms)

            return instant
        case FullName(parts=parts):

            def joined(_: TenantId, values: Values) -> Json:
                return " ".join(values[part] for part in parts if values.get(part) is not None) or None

            return joined
        case Address(members=members):

            def address(_: TenantId, values: Values) -> Json:
                given = values.get(name)
                return None if given is None else {member: given.get(member) for member, _ in members}

            return address
        case Etag() | _:
            return lambda _, values: values.get(name)
