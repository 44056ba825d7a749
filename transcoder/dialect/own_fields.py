"""[pure] Values of the business's own fields: by number inside, by key outside, each by the type of its definition."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from contract.types import CustomType
from contract.vocabulary import Json
from transcoder.dialect.conversions import TEXT, Conversion, Unreadable, array, day, exact, flag, instant, number, same
from transcoder.records import Definition, Definitions

CUSTOM = "custom"
"""The member with these values, and what the names of single ones begin with: `custom.17`."""


class UnknownOwnField(Unreadable):
    """A field or option that the definitions at hand do not have; newer ones may."""


@dataclass(frozen=True, slots=True)
class OwnField:
    """A defined field, and how its values are stored."""

    definition: Definition
    conversion: Conversion

    @property
    def internal(self) -> str:
        """Its name in filters, in `unset` and in refusals."""
        return f"{CUSTOM}.{self.definition.number}"


@dataclass(frozen=True, slots=True)
class OwnFields:
    """All that a resource's records may have."""

    by_key: Mapping[str, OwnField] = field(default_factory=dict)
    by_number: Mapping[str, OwnField] = field(default_factory=dict)
    """By their number in digits, as it stands in names."""

    @property
    def definitions(self) -> Definitions:
        """What the other side may know of them."""
        return {key: own.definition for key, own in self.by_key.items()}

    def keyed(self, key: str) -> OwnField:
        """The field of that key; raises UnknownOwnField."""
        own = self.by_key.get(key)
        if own is None:
            raise UnknownOwnField("a key of no field")
        return own

    def numbered(self, digits: str) -> OwnField:
        """The field of that number; raises UnknownOwnField."""
        own = self.by_number.get(digits)
        if own is None:
            raise UnknownOwnField("a number of no field")
        return own


NO_OWN_FIELDS = OwnFields()


def own_fields(definitions: Iterable[Definition]) -> OwnFields:
    """Lay out the conversions, once for each reading of the definitions."""
    rows = [OwnField(definition, _conversion(definition)) for definition in definitions]
    return OwnFields({row.definition.key: row for row in rows}, {str(row.definition.number): row for row in rows})


def _options(options: Mapping[str, int]) -> Conversion:
    words = {code: word for word, code in options.items()}

    def read(value: Any) -> str:
        word = words.get(number(value))
        if word is None:
            raise UnknownOwnField("an option of no name")
        return word

    def write(value: Any) -> int:
        if value not in options:
            raise UnknownOwnField("a name of no option")
        return options[value]

    return Conversion(read, write)


def _conversion(definition: Definition) -> Conversion:
    match definition.type:
        case CustomType.SELECT:
            return _options(definition.options)
        case CustomType.MULTI_SELECT:
            one = _options(definition.options)
            return Conversion(
                lambda value: array(value, one.read), lambda value: [one.write(item) for item in value], one.write
            )
    return _BY_TYPE.get(definition.type, TEXT)


_BY_TYPE = {
    CustomType.NUMBER: Conversion(exact, same),
    CustomType.BOOLEAN: Conversion(flag, int),
    CustomType.DATE: Conversion(day, same),
    CustomType.DATETIME: Conversion(instant, same),
    CustomType.USER: Conversion(number, same),
}


def read_own(value: Json, own: OwnFields) -> dict[str, Any]:
    """`[{"field_id": 17, "value": 3}]` by key; an empty array is no value."""
    read: dict[str, Any] = {}
    for item in array(value, same):
        if not isinstance(item, dict):
            raise Unreadable("a value of an own field was expected")
        row = own.numbered(str(number(item.get("field_id"))))
        neutral = row.conversion.read(item.get("value"))
        if neutral != []:
            read[row.definition.key] = neutral
    return read


def write_own(values: Mapping[str, Any], own: OwnFields) -> tuple[list[Json], list[str]]:
    """The values to set, and the names to unset."""
    put: list[Json] = []
    unset: list[str] = []
    for key, value in values.items():
        row = own.keyed(key)
        if value is None or value == []:
            unset.append(row.internal)
        else:
            put.append({"field_id": row.definition.number, "value": row.conversion.write(value)})
    return put, unset
