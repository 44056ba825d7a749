"""[pure] Single values across the border, by public type: the form in which each is stored, and what it is outside.

Knows no resource. Whatever is not of its form is Unreadable, and never passed on.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from contract.ids import MAX_NUMBER
from contract.size_and_time_limits import MAX_INTEGER
from contract.types import Amount, Bool, Date, DateTime, FieldType, Id, Ids, Int, Options, Tags
from contract.vocabulary import Json
from transcoder.backend.refusal_causes import describe_decode_error

_YEAR_10000_MS = 253_402_300_800_000
_MAX_DECIMAL, _MAX_PLACES = 10**12, 6

Convert = Callable[[Any], Any]


class UnreadableResponse(Exception):
    """An internal answer that is not of the form that the rows say."""


def unchanged(value: Any) -> Any:
    """Neutral and internal are alike."""
    return value


@dataclass(frozen=True, slots=True)
class Conversion:
    """Between neutral and internal values.

    `kind`: the type of what is stored, as msgspec takes it, which is strictly; `read` makes the neutral value of one
    that is. `element` writes one element of an array, for filters; None: as `write`.
    """

    kind: Any
    read: Convert = unchanged
    write: Convert = unchanged
    element: Convert | None = None


INTEGER: Any = Annotated[int, Meta(ge=-MAX_INTEGER, le=MAX_INTEGER)]
"""A whole number that survives in JSON; `true` is none."""
NUMBER: Any = Annotated[int, Meta(ge=0, le=MAX_NUMBER)]
"""An id: what the codec can seal."""
INSTANT: Any = Annotated[int, Meta(ge=0, lt=_YEAR_10000_MS)]
"""What can be written down: epoch milliseconds before the year 10000."""
FLAG: Any = Literal[0, 1]


class Option(msgspec.Struct, gc=False):
    """An option of a select field. `id`: its number, by which values name it."""

    id: NUMBER
    value: str
    label: str


def decoder(kind: Any) -> Callable[[bytes | msgspec.Raw], Any]:
    """What reads JSON as `kind`, numbers with a fraction with all of their digits; it raises UnreadableResponse."""
    decode = msgspec.json.Decoder(kind, float_hook=Decimal).decode

    def read(raw: bytes | msgspec.Raw) -> Any:
        try:
            return decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ArithmeticError) as fault:
            raise UnreadableResponse(describe_decode_error(fault)) from None

    return read


def integer(value: Json) -> int:
    """A whole number, of a value that was read as anything."""
    return _converted(value, INTEGER)


def number(value: Json) -> int:
    """An id, likewise."""
    return _converted(value, NUMBER)


def instant(value: Json) -> int:
    """An instant, likewise."""
    return _converted(value, INSTANT)


def _converted(value: Json, kind: Any) -> int:
    try:
        return int(msgspec.convert(value, kind))
    except msgspec.ValidationError as fault:
        raise UnreadableResponse(describe_decode_error(fault)) from None


def exact(value: Any) -> int | Decimal:
    """A number with all of its digits: an integer, or a decimal with a fraction that ends in no zero."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise UnreadableResponse("a number was expected")
    read = Decimal(value)
    # Before anything is made of it: 1e999999 has few digits here and a million as an integer.
    if not read.is_finite() or abs(read) > _MAX_DECIMAL or read != round(read, _MAX_PLACES):
        raise UnreadableResponse("a number of at most 10^12 with 6 decimals was expected")
    return int(read) if read == int(read) else Decimal(format(read.normalize(), "f"))


def one_of(values: Iterable[str | int]) -> Any:
    """One of these words or codes."""
    return Literal[tuple(values)]


def coded(codes: Mapping[str, int]) -> Conversion:
    """Words that are numbers inside. A number without a word stays one, which the contract's check then refuses."""
    words: dict[int, Any] = {code: word for word, code in codes.items()}
    return Conversion(INTEGER, lambda code: words.get(code, code), codes.__getitem__)


def shifted(first: int) -> Conversion:
    """Positions from 0 that are counted from `first` inside."""
    kind = Annotated[int, Meta(ge=first, le=MAX_INTEGER)]
    return Conversion(kind, lambda value: value - first, lambda value: value + first)


def scaled(factor: int) -> Conversion:
    """Numbers in a unit that has `factor` of the CRM's; what is less than one of ours is cut."""
    return Conversion(INTEGER, lambda value: value // factor, lambda value: value * factor)


def existing(number: int) -> int | None:
    """What a record that is only tried belongs to may itself not be there yet: 0."""
    return number or None


def _options(options: list[Option]) -> list[dict[str, str]]:
    return [{"value": option.value, "label": option.label} for option in options]


_BY_TYPE: dict[type, Conversion] = {
    Bool: Conversion(FLAG, bool, int),
    DateTime: Conversion(INSTANT),
    Date: Conversion(date, date.isoformat),
    Int: Conversion(INTEGER),
    Amount: Conversion(Annotated[int, Meta(ge=0, le=MAX_INTEGER)]),
    Id: Conversion(NUMBER, existing),
    Ids: Conversion(list[NUMBER]),
    Tags: Conversion(list[str]),
    Options: Conversion(list[Option], _options),
}
TEXT = Conversion(str)


def conversion_of(kind: FieldType) -> Conversion:
    """How values of a type are stored where nothing else is said."""
    return _BY_TYPE.get(type(kind), TEXT)
