"""Custom fields inside, and what their records define."""

from contract.resources import CUSTOM_FIELD, RESOURCES
from contract.types import CustomType
from transcoder.backend.interface import CustomFieldDefinition
from transcoder.dialect.conversions import UnreadableResponse, coded
from transcoder.dialect.from_internal import Row
from transcoder.dialect.mapping import MappingOverrides, resource_mapping

_CODES = {
    CustomType.TEXT: 1,
    CustomType.LONG_TEXT: 2,
    CustomType.NUMBER: 3,
    CustomType.BOOLEAN: 4,
    CustomType.DATE: 5,
    CustomType.DATETIME: 6,
    CustomType.SELECT: 7,
    CustomType.MULTI_SELECT: 8,
    CustomType.EMAIL: 9,
    CustomType.PHONE: 10,
    CustomType.URL: 11,
    CustomType.USER: 12,
}
FIELD_DEFINITIONS = resource_mapping(
    CUSTOM_FIELD,
    MappingOverrides(
        path="field_defs",
        names={"type": "type_code"},
        conversions={"type": coded({kind.value: code for kind, code in _CODES.items()})},
        pages_by_offset=True,
    ),
)


def to_definition(row: Row) -> tuple[str, CustomFieldDefinition]:
    """The resource that a field belongs to, and its definition; raises UnreadableResponse."""
    record = FIELD_DEFINITIONS.reader.record(row)
    values, options = record.values, {option.value: option.id for option in row.options}
    if values["resource"] not in _RESOURCES or values["type"] not in _TYPES:
        raise UnreadableResponse("a custom field of a known resource and type was expected")
    return values["resource"], CustomFieldDefinition(record.number, values["key"], CustomType(values["type"]), options)


_TYPES = frozenset(kind.value for kind in CustomType)
_RESOURCES = frozenset(resource.name for resource in RESOURCES if resource.has_custom_fields)
