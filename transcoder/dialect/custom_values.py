"""[pure] Values of the business's own fields: by number inside, by key outside, each by the type of its definition."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import msgspec

from contract.types import CustomType
from contract.vocabulary import Json
from transcoder.backend.interface import CustomFieldDefinition, Definitions
from transcoder.dialect.conversions import FLAG, INSTANT, NUMBER, TEXT, Conversion, UnreadableResponse, decoder, exact

CUSTOM = "custom"
"""The member with these values, and what the names of single ones begin with: `custom.17`."""


class UnknownCustomField(UnreadableResponse):
    """A field or option that the definitions at hand do not have; newer ones may."""


class CustomValue(msgspec.Struct, gc=False):
    """A value of a field: of what type it is, only the definition says."""

    field_id: NUMBER
    value: msgspec.Raw


@dataclass(frozen=True, slots=True)
class CustomField:
    """A defined field, and how its values are stored and read."""

    definition: CustomFieldDefinition
    conversion: Conversion
    decode: Callable[[msgspec.Raw], Any]

    @property
    def internal_name(self) -> str:
        """Its name in filters, in `unset` and in refusals."""
        return f"{CUSTOM}.{self.definition.number}"


@dataclass(frozen=True, slots=True)
class CustomFields:
    """All that a resource's records may have."""

    by_key: Mapping[str, CustomField] = field(default_factory=dict)
    by_number: Mapping[str, CustomField] = field(default_factory=dict)
    """By their number in digits, as it stands in names."""
    are_fresh: bool = False
    """Whether they were read for this very answer, so that whatever they lack is nowhere."""

    @property
    def definitions(self) -> Definitions:
        """What the other side may know of them."""
        return {key: own.definition for key, own in self.by_key.items()}

    def by_public_key(self, key: str) -> CustomField:
        """The field of that key; raises UnknownCustomField."""
        own = self.by_key.get(key)
        if own is None:
            raise UnknownCustomField("a key of no field")
        return own

    def by_internal_number(self, digits: str) -> CustomField:
        """The field of that number; raises UnknownCustomField."""
        own = self.by_number.get(digits)
        if own is None:
            raise UnknownCustomField("a number of no field")
        return own


NO_CUSTOM_FIELDS = CustomFields()


def custom_fields_of(definitions: Iterable[CustomFieldDefinition]) -> CustomFields:
    """Lay out the conversions, once for each reading of the definitions."""
    rows = [_laid_out(definition) for definition in definitions]
    return CustomFields({row.definition.key: row for row in rows}, {str(row.definition.number): row for row in rows})


def _laid_out(definition: CustomFieldDefinition) -> CustomField:
    conversion = _conversion(definition)
    return CustomField(definition, conversion, decoder(conversion.kind))


def _options(options: Mapping[str, int]) -> Conversion:
    words = {code: word for word, code in options.items()}

    def read(value: int) -> str:
        word = words.get(value)
        if word is None:
            raise UnknownCustomField("an option of no name")
        return word

    def write(value: Any) -> int:
        if value not in options:
            raise UnknownCustomField("a name of no option")
        return options[value]

    return Conversion(NUMBER, read, write)


def _conversion(definition: CustomFieldDefinition) -> Conversion:
    match definition.type:
        case CustomType.SELECT:
            return _options(definition.options)
        case CustomType.MULTI_SELECT:
            one = _options(definition.options)
            return Conversion(
                list[NUMBER],
                lambda value: [one.read(item) for item in value],
                lambda value: [one.write(item) for item in value],
                one.write,
            )
    return _BY_TYPE.get(definition.type, TEXT)


_BY_TYPE = {
    CustomType.NUMBER: Conversion(Any, exact),
    CustomType.BOOLEAN: Conversion(FLAG, bool, int),
    CustomType.DATE: Conversion(date, date.isoformat),
    CustomType.DATETIME: Conversion(INSTANT),
    CustomType.USER: Conversion(NUMBER),
}


def read_custom_values(values: Iterable[CustomValue], own: CustomFields) -> dict[str, Any]:
    """`[{"field_id": 17, "value": 3}]` by key; an empty array is no value."""
    read: dict[str, Any] = {}
    for item in values:
        row = own.by_internal_number(str(item.field_id))
        neutral = row.conversion.read(row.decode(item.value))
        if neutral != []:
            read[row.definition.key] = neutral
    return read


def write_custom_values(values: Mapping[str, Any], own: CustomFields) -> tuple[list[Json], list[str]]:
    """The values to set, and the names to unset."""
    put: list[Json] = []
    unset: list[str] = []
    for key, value in values.items():
        row = own.by_public_key(key)
        if value is None or value == []:
            unset.append(row.internal_name)
        else:
            put.append({"field_id": row.definition.number, "value": row.conversion.write(value)})
    return put, unset
