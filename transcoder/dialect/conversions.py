"""[pure] Single values across the border, by public type: what the CRM says is read strictly, what we say is written.

Knows no resource. Whatever it cannot read is Unreadable, and never passed on.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from contract.bounds import MAX_INTEGER
from contract.currencies import EXPONENTS
from contract.ids import MAX_NUMBER
from contract.types import Amount, Bool, Choice, Currency, Date, DateTime, FieldType, Id, Ids, Int, Options, Tags

_YEAR_10000_MS = 253_402_300_800_000
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MAX_DECIMAL, _MAX_PLACES = 10**12, 6

Convert = Callable[[Any], Any]


class Unreadable(Exception):
    """An internal answer that is not of the form that the rows say."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """Between neutral and internal values. `element` writes one element of an array, for filters; None: as `write`."""

    read: Convert
    write: Convert
    element: Convert | None = None


def same(value: Any) -> Any:
    """Neutral and internal are alike."""
    return value


def text(value: Any) -> str:
    """Some text."""
    if not isinstance(value, str):
        raise Unreadable("a string was expected")
    return value


def integer(value: Any) -> int:
    """A whole number that survives in JSON; `true` is none, though Python says so."""
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > MAX_INTEGER:
        raise Unreadable("an integer was expected")
    return value


def number(value: Any) -> int:
    """An id: what the codec can seal."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_NUMBER:
        raise Unreadable("an id was expected")
    return value


def instant(value: Any) -> int:
    """An instant that can be written down: epoch milliseconds before the year 10000."""
    read = integer(value)
    if not 0 <= read < _YEAR_10000_MS:
        raise Unreadable("epoch milliseconds were expected")
    return read


def flag(value: Any) -> bool:
    """0 or 1."""
    if integer(value) not in (0, 1):
        raise Unreadable("0 or 1 was expected")
    return bool(value)


def day(value: Any) -> str:
    """A calendar day, `YYYY-MM-DD`."""
    read = text(value)
    try:
        date.fromisoformat(read if _DAY.fullmatch(read) else "")
    except ValueError:
        raise Unreadable("a day was expected") from None
    return read


def exact(value: Any) -> int | Decimal:
    """A number with all of its digits: an integer, or a decimal with a fraction that ends in no zero."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise Unreadable("a number was expected")
    read = Decimal(value)
    # Before anything is made of it: 1e999999 has few digits here and a million as an integer.
    if not read.is_finite() or abs(read) > _MAX_DECIMAL or read != round(read, _MAX_PLACES):
        raise Unreadable("a number of at most 10^12 with 6 decimals was expected")
    return int(read) if read == int(read) else Decimal(format(read.normalize(), "f"))


def array(value: Any, read: Convert) -> list[Any]:
    """An array, each of its elements by `read`."""
    if not isinstance(value, list):
        raise Unreadable("an array was expected")
    return [read(item) for item in value]


def _reference(value: Any) -> int | None:
    """What a record that is only tried belongs to may itself not be there yet: 0."""
    return number(value) or None


def _minor(value: Any) -> int:
    read = integer(value)
    if read < 0:
        raise Unreadable("an amount was expected")
    return read


def _currency(value: Any) -> str:
    if not isinstance(value, str) or value not in EXPONENTS:
        raise Unreadable("a currency was expected")
    return value


def _option(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise Unreadable("an option was expected")
    return {"value": text(value.get("value")), "label": text(value.get("label"))}


def coded(codes: Mapping[str, int]) -> Conversion:
    """Words that are numbers inside."""
    words = {code: word for word, code in codes.items()}

    def read(value: Any) -> str:
        if integer(value) not in words:
            raise Unreadable("an unknown code")
        return words[value]

    return Conversion(read, codes.__getitem__)


def shifted(first: int) -> Conversion:
    """Positions from 0 that are counted from `first` inside."""

    def read(value: Any) -> int:
        if integer(value) < first:
            raise Unreadable(f"a number from {first} on was expected")
        return int(value) - first

    return Conversion(read, lambda value: value + first)


def scaled(factor: int) -> Conversion:
    """Numbers in a unit that has `factor` of the CRM's; what is less than one of ours is cut."""
    return Conversion(lambda value: integer(value) // factor, lambda value: value * factor)


def _listed(values: tuple[str, ...]) -> Convert:
    def read(value: Any) -> str:
        if value not in values:
            raise Unreadable("an unknown word")
        return str(value)

    return read


_BY_TYPE: dict[type, Conversion] = {
    Bool: Conversion(flag, int),
    DateTime: Conversion(instant, same),
    Date: Conversion(day, same),
    Int: Conversion(integer, same),
    Amount: Conversion(_minor, same),
    Currency: Conversion(_currency, same),
    Id: Conversion(_reference, same),
    Ids: Conversion(lambda value: array(value, number), same),
    Tags: Conversion(lambda value: array(value, text), same),
    Options: Conversion(lambda value: array(value, _option), same),
}
TEXT = Conversion(text, same)


def conversion_of(kind: FieldType) -> Conversion:
    """How values of a type are stored where nothing else is said."""
    if isinstance(kind, Choice):
        return Conversion(_listed(kind.values), same)
    return _BY_TYPE.get(type(kind), TEXT)
