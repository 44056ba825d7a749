"""Internal records as tests write them, read as the bytes that they are on their way."""

from typing import Any

import msgspec

from transcoder.backend.interface import Record
from transcoder.dialect.custom_values import NO_CUSTOM_FIELDS, CustomFields
from transcoder.dialect.mapping import ResourceMapping

as_sent = msgspec.json.Encoder(decimal_format="number").encode
"""The JSON of a value."""


def to_record(dialect: ResourceMapping, stored: Any, own: CustomFields = NO_CUSTOM_FIELDS) -> Record:
    """The record that is read; raises UnreadableResponse."""
    return dialect.reader.read(msgspec.Raw(as_sent(stored)), own)


def held(record: Record) -> dict[str, Any]:
    """Its values but for those that are null."""
    return {name: value for name, value in record.values.items() if value is not None}
