"""The kinds of value that a field can hold.

Owns, per kind: how it is stored, which filter operators it takes, and the check that turns a value of a request body
into the stored one or names the rule it breaks. Pure, and it must not know fields, resources or SQL.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from sandbox.countries import COUNTRIES
from sandbox.refusals import Rule

Value: TypeAlias = str | int | Decimal | list[Any]
Check: TypeAlias = Callable[[object, int], Value | Rule]  # the second: the instant of the check, epoch milliseconds

INT64 = range(-(2**63), 2**63)
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
CONTROL_IN_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
EMAIL_FORM = re.compile(rf"[a-z0-9.!#$%&'*+/=?^_`{{}}~|-]{{1,64}}@{LABEL}(?:\.{LABEL})+")
DOMAIN_FORM = re.compile(rf"{LABEL}(?:\.{LABEL})+")
PHONE_FORM = re.compile(r"\+[1-9][0-9]{6,14}")
DATE_FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2100, 12, 31)
INSTANTS = range(4_133_980_800_000)  # 1970 to 2100
SKEW_MS = 5000  # by which a caller's clock may be ahead
MILLION = 1_000_000


class Storage(Enum):
    """What the database keeps."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"  # only as a value of an own field
    WORDS = "words"  # a list of strings as spelled on the record, and a row per item to search by
    IDS = "ids"  # a list of ids, and a row per item to search by
    CUSTOM = "custom"  # the values of the business's own fields, and a row per value to search by
    OBJECTS = "objects"  # JSON that nobody searches

    @property
    def is_set(self) -> bool:
        """Whether a row per item is kept beside the list."""
        return self in (Storage.WORDS, Storage.IDS)


_ONE = {"=", "!="}
_MANY = {"in", "!in"}
_ORDER = {">", ">=", "<", "<=", ".."}
IDENTITY_OPERATORS = frozenset({*_ONE, *_MANY, "null"})
STRING_OPERATORS = frozenset({*_ONE, *_MANY, "~", "^", "null"})
TEXT_OPERATORS = frozenset({"~", "null"})
FLAG_OPERATORS = frozenset({"=", "null"})
NUMBER_OPERATORS = frozenset({*_ONE, *_MANY, *_ORDER, "null"})
TIME_OPERATORS = frozenset({*_ONE, *_ORDER, "null"})
SET_OPERATORS = frozenset({"any", "all", "none", "empty"})


@dataclass(frozen=True, slots=True)
class FieldType:
    """One kind: its storage, its operators, its check, and whether case has to be folded to sort or search it."""

    stored: Storage
    operators: frozenset[str]
    check: Check
    folds: bool = False


def _string(form: re.Pattern[str], longest: int, *, lower: bool = False) -> Check:
    def check(value: object, now_ms: int) -> Value | Rule:
        if not isinstance(value, str):
            return Rule.TYPE
        stored = value.lower() if lower else value
        return stored if len(stored) <= longest and form.fullmatch(stored) else Rule.FORMAT

    return check


def _prose(control: re.Pattern[str], longest: int) -> Check:
    def check(value: object, now_ms: int) -> Value | Rule:
        if not isinstance(value, str):
            return Rule.TYPE
        if control.search(value):
            return Rule.FORMAT
        if not value.strip():
            return Rule.LEN_MIN
        return Rule.LEN_MAX if len(value) > longest else value

    return check


def is_integer(value: object) -> bool:
    """Whether `value` is a JSON integer that a database column can hold; `true` is none, though Python says so."""
    return isinstance(value, int) and not isinstance(value, bool) and value in INT64


def _integer(span: range, outside: Rule) -> Check:
    def check(value: object, now_ms: int) -> Value | Rule:
        if not isinstance(value, int) or isinstance(value, bool):
            return Rule.TYPE
        return value if value in span else outside

    return check


_instant = _integer(INSTANTS, Rule.RANGE)


def _choice(words: tuple[str, ...]) -> Check:
    def check(value: object, now_ms: int) -> Value | Rule:
        if not isinstance(value, str):
            return Rule.TYPE
        return value if value in words else Rule.ENUM

    return check


def _day(value: object, now_ms: int) -> Value | Rule:
    if not isinstance(value, str):
        return Rule.TYPE
    try:
        day = date.fromisoformat(value) if DATE_FORM.fullmatch(value) else None
    except ValueError:
        day = None
    if day is None:
        return Rule.FORMAT
    return value if FIRST_DAY <= day <= LAST_DAY else Rule.RANGE


def _past_day(value: object, now_ms: int) -> Value | Rule:
    checked = _day(value, now_ms)
    today = datetime.fromtimestamp(now_ms / 1000, UTC).date()
    return Rule.FUTURE if isinstance(checked, str) and date.fromisoformat(checked) > today else checked


def _past_instant(value: object, now_ms: int) -> Value | Rule:
    checked = _instant(value, now_ms)
    return Rule.FUTURE if isinstance(checked, int) and checked > now_ms + SKEW_MS else checked


def _number(value: object, now_ms: int) -> Value | Rule:
    if not isinstance(value, int | Decimal) or isinstance(value, bool):
        return Rule.TYPE
    number = Decimal(value)
    if abs(number) > 10**12:
        return Rule.RANGE
    if number * MILLION % 1:
        return Rule.DECIMALS
    return int(number) if number == int(number) else Decimal(format(number.normalize(), "f"))


def millionths(value: int | Decimal) -> int:
    """A number as it is kept to be compared exactly; it has no more than six decimals.

    No number is too large for that; a service's id is, and is kept as it is.
    """
    kept = int(value * MILLION)
    return kept if kept in INT64 else int(value)


def _url(value: object, now_ms: int) -> Value | Rule:
    if not isinstance(value, str):
        return Rule.TYPE
    if len(value) > 2048 or re.search(r"\s", value) or CONTROL.search(value):
        return Rule.FORMAT
    try:
        parts = urlsplit(value)
        host = parts.hostname
    except ValueError:
        return Rule.FORMAT
    return value if parts.scheme in ("http", "https") and host and "@" not in parts.netloc else Rule.FORMAT


def _many(each: Check, most: int) -> Check:
    """A list of different items, strings without regard to case; a flag among them is refused by `each`."""

    def check(value: object, now_ms: int) -> Value | Rule:
        if not isinstance(value, list):
            return Rule.TYPE
        if len(value) > most:
            return Rule.COUNT_MAX
        items: list[Value] = []
        for item in value:
            checked = each(item, now_ms)
            if isinstance(checked, Rule):
                return checked
            items.append(checked)
        return items if len({fold(item) for item in items}) == len(items) else Rule.DUP_ITEM

    return check


def fold(value: Any) -> Any:
    """A value to compare without regard to case."""
    return value.lower() if isinstance(value, str) else value


def _objects(value: object, now_ms: int) -> Value | Rule:
    return value if isinstance(value, list) and all(isinstance(item, dict) for item in value) else Rule.TYPE


def _options(value: object, now_ms: int) -> Value | Rule:
    if not isinstance(value, list):
        return Rule.TYPE
    for item in value:
        match item:
            case {"id": int(), "value": str(), "label": str(), **rest} if not rest:
                continue
        return Rule.FORMAT
    return value


def line(longest: int) -> FieldType:
    """One line of text, 1 to `longest` code points, without control characters."""
    return FieldType(Storage.TEXT, STRING_OPERATORS, _prose(CONTROL, longest), folds=True)


def text(longest: int) -> FieldType:
    """Text of many lines, 1 to `longest` code points."""
    return FieldType(Storage.TEXT, TEXT_OPERATORS, _prose(CONTROL_IN_TEXT, longest), folds=True)


def integer(span: range) -> FieldType:
    """A whole number within `span`."""
    return FieldType(Storage.INTEGER, NUMBER_OPERATORS, _integer(span, Rule.RANGE))


def code(last: int) -> FieldType:
    """An enumeration, spoken as 1 to `last`."""
    return FieldType(Storage.INTEGER, IDENTITY_OPERATORS, _integer(range(1, last + 1), Rule.ENUM))


def choice(*words: str) -> FieldType:
    """An enumeration, spoken as words."""
    return FieldType(Storage.TEXT, IDENTITY_OPERATORS, _choice(words))


def ids(most: int) -> FieldType:
    """Up to `most` different ids."""
    return FieldType(Storage.IDS, SET_OPERATORS, _many(_integer(INT64, Rule.RANGE), most))


def option(known: frozenset[int]) -> FieldType:
    """One of those options."""
    return FieldType(Storage.INTEGER, IDENTITY_OPERATORS, _option(known))


def options(known: frozenset[int]) -> FieldType:
    """Some of those options."""
    return FieldType(Storage.IDS, SET_OPERATORS, _many(_option(known), 50))


def _option(known: frozenset[int]) -> Check:
    def check(value: object, now_ms: int) -> Value | Rule:
        if not isinstance(value, int) or isinstance(value, bool):
            return Rule.TYPE
        return value if value in known else Rule.ENUM

    return check


EMAIL = FieldType(Storage.TEXT, STRING_OPERATORS, _string(EMAIL_FORM, 254, lower=True))
PHONE = FieldType(Storage.TEXT, STRING_OPERATORS, _string(PHONE_FORM, 16))
DOMAIN = FieldType(Storage.TEXT, STRING_OPERATORS, _string(DOMAIN_FORM, 253, lower=True))
URL = FieldType(Storage.TEXT, STRING_OPERATORS, _url, folds=True)
COUNTRY = FieldType(Storage.TEXT, STRING_OPERATORS, _choice(tuple(sorted(COUNTRIES))), folds=True)
DAY = FieldType(Storage.TEXT, TIME_OPERATORS, _day)
PAST_DAY = FieldType(Storage.TEXT, TIME_OPERATORS, _past_day)
FLAG = FieldType(Storage.INTEGER, FLAG_OPERATORS, _integer(range(2), Rule.TYPE))
OPEN_OR_DONE = FieldType(Storage.INTEGER, IDENTITY_OPERATORS, _integer(range(2), Rule.TYPE))  # a flag that is a state
INSTANT = FieldType(Storage.INTEGER, TIME_OPERATORS, _instant)  # epoch milliseconds
PAST_INSTANT = FieldType(Storage.INTEGER, TIME_OPERATORS, _past_instant)
NUMBER = FieldType(Storage.DECIMAL, NUMBER_OPERATORS, _number)
REFERENCE = FieldType(Storage.INTEGER, IDENTITY_OPERATORS, _integer(INT64, Rule.RANGE))
TAGS = FieldType(Storage.WORDS, SET_OPERATORS, _many(_prose(CONTROL, 64), 50))
CUSTOM = FieldType(Storage.CUSTOM, frozenset(), _objects)
OPTIONS = FieldType(Storage.OBJECTS, frozenset(), _options)
