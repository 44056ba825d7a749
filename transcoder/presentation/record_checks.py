"""[pure] Records of the internal services, held to the contract's rows before anybody sees them.

A service may hold what the contract excludes: a name beyond its bound, an unknown choice, null where the contract
promises a value. Such a value is shown as null where its field may be null; otherwise, or where the deployment wants
it so, its record is refused. A member that the service leaves out is one that it does not have: it is shown as null,
and no default is made up for it.

The check of a whole record is written from the rows as a function's source, since every record passes it. Only a
record that fails is looked at member by member.
"""

import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import Enum
from typing import Any

from contract.countries import COUNTRIES
from contract.currencies import EXPONENTS
from contract.resources import Field, Resource
from contract.size_and_time_limits import MAX_INTEGER
from contract.types import (
    Address,
    Amount,
    Bool,
    Choice,
    Country,
    Currency,
    CustomFields,
    CustomType,
    Date,
    DateTime,
    Domain,
    Email,
    Etag,
    FullName,
    Id,
    Ids,
    Int,
    Line,
    ListOf,
    Options,
    Parts,
    Phone,
    Scopes,
    Tags,
    Text,
    Uris,
    Url,
    Zone,
)
from transcoder.backend.interface import Definitions, Record, Values
from transcoder.validation.composite_values import MAX_CHOSEN, MAX_CUSTOM_NUMBER, SIMPLE_CUSTOM_TYPES
from transcoder.validation.values import MAX_DOMAIN, MAX_EMAIL, PHONE

_MAX_REVISION = 10**18 - 1
"""What an etag has digits for."""
_END_MS = 253_402_300_800_000
"""The year 10000, which RFC 3339 cannot write."""
MAX_ZONE = 64
_DAY_LENGTH = 10


class InvalidValuePolicy(Enum):
    """What becomes of a value that the contract excludes."""

    NULL = "null"
    """It is shown as null where its field may be null; else its record is refused."""
    REFUSE = "refuse"
    """Its record is refused."""


class InvalidRecord(Exception):
    """A record that cannot be shown; the message names the member that the contract excludes."""


class RecordCheck:
    """Holds records of one resource to its rows; laid out once."""

    def __init__(self, resource: Resource, max_number: int, on_invalid: InvalidValuePolicy) -> None:
        self._resource = resource
        self._on_invalid = on_invalid
        self._rows = tuple(row for row in resource.fields if not row.shown_once and not _is_computed(row))
        known: dict[str, Any] = {**_KNOWN, "MAX_ID": max_number}
        self.source = _source(resource, self._rows, known)
        """Of `passes`, of `is_sound` and of the test of each member."""
        exec(compile(self.source, f"<{resource.name} checked>", "exec"), known)  # noqa: S102  rows are its only source
        self.passes: Callable[[Record, Values, Definitions], bool] = known["passes"]
        """Whether a record can be shown as it is; raises KeyError where a member is left out."""
        self._is_sound: Callable[[Record], bool] = known["is_sound"]
        self._tests: Mapping[str, Callable[[Any, Record], bool]] = {
            row.name: known[f"test_{row.name}"] for row in self._rows
        }

    def repair(self, record: Record, definitions: Definitions) -> tuple[Values, list[str]]:
        """Return what can be shown of a record that did not pass, and the members that are null for it.

        Raises InvalidRecord.
        """
        if not self._is_sound(record):
            raise InvalidRecord("etag")
        values: dict[str, Any] = {row.name: None for row in self._rows} | dict(record.values)
        held = record.values
        nulls = [name for name, test in self._tests.items() if name in held and not test(held[name], record)]
        for name in nulls:
            if not self._resource.field(name).nullable:
                raise InvalidRecord(name)
        values |= dict.fromkeys(nulls)
        if self._resource.has_custom_fields and values["custom_fields"]:
            values["custom_fields"], invalid = _sorted_out(values["custom_fields"], definitions)
            nulls += invalid
        money = self._resource.money
        if money is not None and (values[money.amount] is None) != (values[money.currency] is None):
            nulls.append(money.currency if values[money.amount] is None else money.amount)
            values[nulls[-1]] = None
        if nulls and self._on_invalid is InvalidValuePolicy.REFUSE:
            raise InvalidRecord(nulls[0])
        return values, nulls


def _sorted_out(values: Mapping[str, Any], definitions: Definitions) -> tuple[dict[str, Any], list[str]]:
    """Return the custom fields that are as they are defined, and the names of the others."""
    good = {key: value for key, value in values.items() if _fits_custom(key, value, definitions)}
    return good, [f"custom_fields.{key}" for key in values if key not in good]


def _fits_custom(key: str, value: Any, definitions: Definitions) -> bool:
    definition = definitions.get(key)
    # One that was deleted between two looks is not shown anyway.
    return definition is None or _CUSTOM_TESTS[definition.type](value)


def _fit_custom(values: Mapping[str, Any], definitions: Definitions) -> bool:
    return all(_fits_custom(key, value, definitions) for key, value in values.items())


def _fits_address(value: Any, bounds: Mapping[str, int]) -> bool:
    if not isinstance(value, dict):
        return False
    for name, most in bounds.items():
        told = value.get(name)
        if told is not None and not (isinstance(told, str) and len(told) <= most):
            return False
    country = value.get("country")
    return country is None or country in COUNTRIES


def _is_computed(row: Field) -> bool:
    """Whether it is made of other members, or of what stands beside a record's values."""
    return isinstance(row.type, Etag | FullName) or row.name in ("id", "deleted_at")


def _is_id(row: Field) -> bool:
    return isinstance(row.type, Id)


def _source(resource: Resource, rows: tuple[Field, ...], known: dict[str, Any]) -> str:
    """Write the functions of a resource; whatever they use is added to what is `known`."""
    all_of = ["is_sound(record)"]
    singles: list[str] = []
    for row in rows:
        test, read = _test(row.type, known), f"(v := values[{row.name!r}])"
        # What a dry write would make, number 0, may belong to what is not there yet either.
        null = "v is None or" if row.nullable else "v is None and not record.number or" if _is_id(row) else ""
        all_of.append(f"({read} is v) and ({null} {test})")
        singles += [f"def test_{row.name}(v, record):", f"    return {null} {test}", ""]
    if resource.has_custom_fields:
        all_of.append("((v := values['custom_fields']) == {} or fit_custom(v, definitions))")
    if resource.money is not None:
        amount, currency = (f"(values[{name!r}] is None)" for name in (resource.money.amount, resource.money.currency))
        all_of.append(f"{amount} is {currency}")
    whole = "\n        and ".join(all_of)
    return "\n".join([_IS_SOUND, *singles, "def passes(record, values, definitions):", f"    return ({whole})", ""])


_IS_SOUND = f"""
def is_sound(record):
    return (
        type(record.number) is int and 0 <= record.number <= MAX_ID
        and type(record.revision) is int and 0 < record.revision <= {_MAX_REVISION}
        and ((v := record.deleted_at_ms) is None or type(v) is int and 0 <= v < {_END_MS})
    )
"""
_WHOLE = "type(v) is int"
_LIST = "isinstance(v, (list, tuple))"


def _length(most: int) -> str:
    return f"isinstance(v, str) and len(v) <= {most}"


def _each(test: str, most: int) -> str:
    """The test of an array; most have no item."""
    return f"{_LIST} and (not v or (len(v) <= {most} and all({test} for v in v)))"


def _test(kind: Any, known: dict[str, Any]) -> str:
    """The source of the test of a value `v` of that type that is not null."""
    match kind:
        case Line(max_length=most) | Text(max_length=most) | Url(max_length=most):
            return _length(most)
        case Email() | Domain() | Zone():
            return _length({Email: MAX_EMAIL, Domain: MAX_DOMAIN, Zone: MAX_ZONE}[type(kind)])
        case Phone():
            return "isinstance(v, str) and phone(v) is not None"
        case Date():
            return f"isinstance(v, str) and len(v) == {_DAY_LENGTH}"
        case DateTime():
            return f"{_WHOLE} and 0 <= v < {_END_MS}"
        case Bool():
            return "(v is True or v is False)"
        case Choice(is_open=True):
            return "isinstance(v, str)"
        case Choice(values=values):
            return f"isinstance(v, str) and v in {_constant(frozenset(values), known)}"
        case Country():
            return "isinstance(v, str) and v in COUNTRIES"
        case Currency():
            return "isinstance(v, str) and v in CURRENCIES"
        case Int(low=low, high=high):
            return f"{_WHOLE} and {low} <= v <= {high}"
        case Amount():
            return f"{_WHOLE} and 0 <= v <= {MAX_INTEGER}"
        case Id():
            return f"{_WHOLE} and 0 <= v <= MAX_ID"
        case Ids(max_items=most):
            return _each(f"{_WHOLE} and 0 <= v <= MAX_ID", most)
        case Tags(item=item, max_items=most) | ListOf(item=item, max_items=most):
            return _each(_test(item, known), most)
        case Uris(max_items=most, max_length=longest):
            return _each(_length(longest), most)
        case Address(members=members):
            bounds = {name: _COUNTRY_LENGTH if isinstance(each, Country) else each.max_length for name, each in members}
            return f"fits_address(v, {_constant(bounds, known)})"
        case CustomFields():
            return "isinstance(v, dict)"
        case Parts():  # they are held to rows of their own
            return f"{_LIST} and all(isinstance(v, Record) for v in v)"
        case Options() | Scopes():
            return _LIST
    raise TypeError(f"no check for a {type(kind).__name__}")


def _constant(value: Any, known: dict[str, Any]) -> str:
    """The name under which a value is known."""
    name = f"constant_{len(known)}"
    known[name] = value
    return name


_COUNTRY_LENGTH = 2
_KNOWN: Mapping[str, Any] = {
    "COUNTRIES": COUNTRIES,
    "CURRENCIES": EXPONENTS,
    "Record": Record,
    "phone": PHONE.fullmatch,
    "fits_address": _fits_address,
    "fit_custom": _fit_custom,
}


def _number(value: Any) -> bool:
    return type(value) in (int, Decimal) and -MAX_CUSTOM_NUMBER <= value <= MAX_CUSTOM_NUMBER


def _option(value: Any) -> bool:
    return isinstance(value, str)


def _options(value: Any) -> bool:
    return isinstance(value, list | tuple) and len(value) <= MAX_CHOSEN and all(map(_option, value))


def _compiled(kind: Any) -> Callable[[Any], bool]:
    known: dict[str, Any] = {**_KNOWN, "MAX_ID": math.inf}
    test: Callable[[Any], bool] = eval(f"lambda v: {_test(kind, known)}", known)  # noqa: S307  of rows alone
    return test


_CUSTOM_TESTS: Mapping[CustomType, Callable[[Any], bool]] = {
    CustomType.NUMBER: _number,
    CustomType.SELECT: _option,
    CustomType.MULTI_SELECT: _options,
    **{kind: _compiled(row) for kind, row in SIMPLE_CUSTOM_TYPES.items()},
}
