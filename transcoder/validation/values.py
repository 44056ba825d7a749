"""[pure] Single values: a caller's JSON in, a neutral value or a fault out, one function a type."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import msgspec

from contract import ids
from contract.countries import COUNTRIES
from contract.currencies import EXPONENTS
from contract.size_and_time_limits import CLOCK_SKEW_S
from contract.types import (
    Amount,
    Bool,
    Choice,
    Country,
    Currency,
    Date,
    DateTime,
    Domain,
    Email,
    Id,
    Int,
    Line,
    Phone,
    Text,
    Url,
)
from contract.vocabulary import Json
from transcoder.backend.interface import CustomFieldDefinition, Definitions
from transcoder.http.strict_json import ScientificNumber
from transcoder.validation.pointers import MIN_SIMILARITY, did_you_mean
from transcoder.validation.unicode_nfc import MOST_SHRINKAGE, to_nfc

WHITE_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""Unicode's White_Space; str.strip() without an argument takes U+001C to U+001F too."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
_EMAIL = re.compile(rf"[a-z0-9.!#$%&'*+/=?^_`{{}}~|-]{{1,64}}@{_LABEL}(?:\.{_LABEL})+")
MAX_EMAIL = 254
_CONTROL_IN_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")
MAX_DOMAIN = 253
_URL_HOST = re.compile(r"\[[0-9A-Fa-f:.]+\]|[^\s@/?#\[\]:]+")
_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,11})(?:\.([0-9]{1,6}))?")
_PHONE_NOISE = str.maketrans("", "", " -.()")
PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATETIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:)([0-9]{2})(?:\.([0-9]+))?(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))"
)
_LEAP = "60"
"""A second that RFC 3339 has and datetime has not."""
_FIRST_DAY, _LAST_DAY = date(1900, 1, 1), date(2100, 12, 31)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_S, _EPOCH_DAY = 86_400, _EPOCH.toordinal()
_LAST_MS = 4_133_980_799_999
"""2100-12-31T23:59:59.999Z."""

OpenId = Callable[[str, str], int | ids.MalformedId | ids.ForeignId]
"""(prefix, text) → what the codec makes of it for the caller's business."""


class InvalidValue(msgspec.Struct, frozen=True, gc=False):
    """What is wrong with one value: an item code and a sentence; `at` is where inside the value (pointer segments)."""

    code: str
    detail: str
    at: str = ""
    allowed: tuple[str, ...] = ()
    did_you_mean: str | None = None
    example: Json = None


class KnownDefinitions:
    """The definitions of custom fields that a call is judged by, and whether it asked for more than they hold."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self.missed = False

    def __iter__(self) -> Iterator[str]:
        return iter(self._definitions)

    def get(self, key: str) -> CustomFieldDefinition | None:
        """The definition of a key."""
        definition = self._definitions.get(key)
        self.missed |= definition is None
        return definition

    def miss(self) -> None:
        """Note that an option was not found."""
        self.missed = True


class ValidationContext(msgspec.Struct, frozen=True):
    """What some types are judged by: the clock and the caller's business."""

    now_ms: int
    open_id: OpenId
    definitions: KnownDefinitions


def _wrong_type(expected: str, example: Json) -> InvalidValue:
    return InvalidValue("invalid-type", f"Expected {expected}.", example=example)


def single_line(kind: Line, value: Json, _: ValidationContext) -> str | InvalidValue:
    """NFC, trimmed, no control characters."""
    if not isinstance(value, str):
        return _wrong_type("a string", kind.example)
    # Most need nothing: ASCII without control characters or blanks around it.
    if 0 < len(value) <= kind.max_length and value.isascii() and value.isprintable() and value[0] != " " != value[-1]:
        return value
    text = value.strip(WHITE_SPACE)
    if _CONTROL.search(text):
        return InvalidValue("invalid-characters", "Line breaks and control characters are not allowed here.")
    if not text:
        return InvalidValue("too-short", "Must not be empty; send null to leave it out.")
    return _within(text, kind.max_length)


def _within(text: str, max_length: int) -> str | InvalidValue:
    """NFC, if that is no longer than it may be."""
    read = to_nfc(text) if len(text) <= MOST_SHRINKAGE * max_length else text
    return read if len(read) <= max_length else InvalidValue("too-long", f"At most {max_length} characters.")


def _lower_ascii(value: str) -> str:
    """Trimmed and lower-cased where it is ASCII; the Kelvin sign is not to become a `k`."""
    text = value.strip(WHITE_SPACE)
    return text.lower() if text.isascii() else text


def email(kind: Email, value: Json, _: ValidationContext) -> str | InvalidValue:
    """Trimmed, lower-cased; ASCII."""
    if not isinstance(value, str):
        return _wrong_type("a string", kind.example)
    text = _lower_ascii(value)
    if len(text) > MAX_EMAIL or not _EMAIL.fullmatch(text):
        return InvalidValue("invalid-email", "Not an e-mail address.", example=kind.example)
    return text


def phone(kind: Phone, value: Json, _: ValidationContext) -> str | InvalidValue:
    """E.164 once spaces, hyphens, dots and parentheses are dropped."""
    if not isinstance(value, str):
        return _wrong_type("a string", kind.example)
    if PHONE.fullmatch(value):
        return value
    text = value.strip(WHITE_SPACE).translate(_PHONE_NOISE)
    if not PHONE.fullmatch(text):
        return InvalidValue("invalid-phone", "Not an international number: + and 7 to 15 digits.", example=kind.example)
    return text


def day(kind: Date, value: Json, around: ValidationContext) -> str | InvalidValue:
    """A real day within the span that we serve."""
    if not isinstance(value, str):
        return _wrong_type("a string", kind.example)
    try:
        parsed = date.fromisoformat(value) if _DATE.fullmatch(value) else None
    except ValueError:
        parsed = None
    if parsed is None:
        return InvalidValue("invalid-date", "Not a calendar day, YYYY-MM-DD.", example=kind.example)
    if not _FIRST_DAY <= parsed <= _LAST_DAY:
        return InvalidValue("out-of-range", f"Must lie between {_FIRST_DAY} and {_LAST_DAY}.", example=kind.example)
    if kind.not_future and parsed.toordinal() > _EPOCH_DAY + (around.now_ms // 1000 + CLOCK_SKEW_S) // _DAY_S:
        return InvalidValue("out-of-range", "Must not lie after today (UTC).", example=kind.example)
    return value


def _instant_ms(value: str) -> int | None:
    form = _DATETIME.fullmatch(value)
    if form is None:
        return None
    day_text, time_text, second, fraction, sign, hours, minutes = form.groups()
    try:
        local = datetime.fromisoformat(f"{day_text}T{time_text}{'59' if second == _LEAP else second}+00:00")
    except ValueError:
        return None
    if sign is not None and (int(hours) > 23 or int(minutes) > 59):
        return None
    offset_minutes = 0 if sign is None else int(f"{sign}1") * (int(hours) * 60 + int(minutes))
    # Milliseconds, since the calendar of datetime ends where an offset leads out of it.
    ms = (local - _EPOCH) // timedelta(milliseconds=1) - offset_minutes * 60_000
    if second == _LEAP:
        ms += 1000
        if not _begins_a_half_year(ms):
            return None
    return ms + int((fraction or "0").ljust(3, "0")[:3])


def _begins_a_half_year(ms: int) -> bool:
    """Whether a leap second can lie before it: each did so far. Epoch milliseconds count it as the second behind it."""
    days, rest = divmod(ms, _DAY_S * 1000)
    ordinal = _EPOCH_DAY + days
    if rest or not date.min.toordinal() <= ordinal <= date.max.toordinal():
        return False
    day = date.fromordinal(ordinal)
    return (day.month, day.day) in ((1, 1), (7, 1))


def instant(kind: DateTime, value: Json, around: ValidationContext) -> int | InvalidValue:
    """RFC 3339 with an offset; epoch milliseconds, finer digits cut."""
    if not isinstance(value, str):
        return _wrong_type("a string", kind.example)
    ms = _instant_ms(value)
    if ms is None:
        return InvalidValue(
            "invalid-datetime", "Not an RFC 3339 instant with an offset, such as Z.", example=kind.example
        )
    if not 0 <= ms <= _LAST_MS:
        return InvalidValue("out-of-range", "Must lie between 1970 and 2100.", example=kind.example)
    if kind.not_future and ms > around.now_ms + CLOCK_SKEW_S * 1000:
        return InvalidValue("out-of-range", "Must not lie in the future.", example=kind.example)
    return ms


def boolean(kind: Bool, value: Json, _: ValidationContext) -> bool | InvalidValue:
    """`true` or `false`."""
    return value if isinstance(value, bool) else _wrong_type("true or false", kind.example)


def choice(kind: Choice, value: Json, _: ValidationContext) -> str | InvalidValue:
    """One of the listed words, exact case."""
    if not isinstance(value, str):
        return _wrong_type("a string", kind.example)
    if value not in kind.values:
        meant = did_you_mean(value, kind.values, MIN_SIMILARITY)
        return InvalidValue("unknown-value", "Not one of the allowed values.", allowed=kind.values, did_you_mean=meant)
    return value


def country(kind: Country, value: Json, _: ValidationContext) -> str | InvalidValue:
    """An assigned ISO 3166-1 alpha-2 code, upper-cased."""
    if not isinstance(value, str):
        return _wrong_type("a string", kind.example)
    text = value.strip(WHITE_SPACE)
    text = text.upper() if text.isascii() else text  # `ß`.upper() is South Sudan
    if text not in COUNTRIES:
        return InvalidValue("unknown-value", "Not a country code of ISO 3166-1 alpha-2.", example=kind.example)
    return text


def malformed_id_error(prefix: str, malformed: ids.MalformedId) -> InvalidValue:
    """The fault of a text that is no id of this prefix, wherever it stands."""
    return InvalidValue("invalid-id", malformed.detail(prefix), example=malformed.example(prefix))


def reference(kind: Id, value: Json, around: ValidationContext) -> int | InvalidValue:
    """The number behind an id of the caller's own business."""
    opened = around.open_id(kind.prefix, value if isinstance(value, str) else "")
    if isinstance(opened, int):
        return opened
    if isinstance(opened, ids.ForeignId):
        return InvalidValue("reference-not-found", "No live record has this id.")
    if not isinstance(value, str):
        return _wrong_type("a string", opened.example(kind.prefix))
    return malformed_id_error(kind.prefix, opened)


def text(kind: Text, value: Json, _: ValidationContext) -> str | InvalidValue:
    """NFC, every line break a line feed, not trimmed; one character at least that is no white space."""
    if not isinstance(value, str):
        return _wrong_type("a string", kind.example)
    read = value.replace("\r\n", "\n")
    if _CONTROL_IN_TEXT.search(read):
        return InvalidValue(
            "invalid-characters", "Of the control characters only tab and line breaks are allowed here."
        )
    if not read.strip(WHITE_SPACE):
        return InvalidValue("too-short", "Must not be blank.")
    return _within(read, kind.max_length)


def url(kind: Url, value: Json, _: ValidationContext) -> str | InvalidValue:
    """Absolute, http or https, with a host and without user info."""
    if not isinstance(value, str):
        return _wrong_type("a string", kind.example)
    read = value.strip(WHITE_SPACE)
    if len(read) > kind.max_length or not _is_url(read):
        return InvalidValue("invalid-url", "Not an absolute http or https URL.", example=kind.example)
    return read


def _is_url(text: str) -> bool:
    if _CONTROL.search(text) or any(character.isspace() or character in WHITE_SPACE for character in text):
        return False
    try:
        parts = urlsplit(text)
        port_is_good = parts.port is None or parts.port >= 0
    except ValueError:
        return False
    host = parts.netloc.rsplit(":", 1)[0] if parts.port is not None else parts.netloc.removesuffix(":")
    return port_is_good and parts.scheme in ("http", "https") and bool(_URL_HOST.fullmatch(host))


def domain(kind: Domain, value: Json, _: ValidationContext) -> str | InvalidValue:
    """A bare host name, lower-cased, without one trailing dot and one leading `www.`."""
    if not isinstance(value, str):
        return _wrong_type("a string", kind.example)
    read = _lower_ascii(value).removesuffix(".").removeprefix("www.")
    if len(read) > MAX_DOMAIN or not _DOMAIN.fullmatch(read):
        return InvalidValue("invalid-domain", "Not a bare host name.", example=kind.example)
    return read


def integer(kind: Int, value: Json, _: ValidationContext) -> int | InvalidValue:
    """A number without a fraction (5.0 is 5)."""
    if not isinstance(value, int | Decimal) or isinstance(value, bool):
        return _wrong_type("a whole number", kind.example)
    exact = Decimal(value)
    # Compared before it is converted: 1e999999 is a short text and a very long integer.
    if not kind.low <= exact <= kind.high:
        return InvalidValue("out-of-range", f"Must lie between {kind.low} and {kind.high}.", example=kind.example)
    if exact != int(exact):
        return _wrong_type("a whole number", kind.example)
    return int(exact)


def amount(kind: Amount, value: Json, _: ValidationContext) -> Decimal | InvalidValue:
    """A decimal, whose currency is judged apart (`in_units`)."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return _wrong_type("a string or a number", kind.example)
    read = str(value)
    if isinstance(value, ScientificNumber) or not _AMOUNT.fullmatch(read):
        detail = "Not an amount: up to 12 digits, then up to 6 decimals; no sign, exponent or space."
        return InvalidValue("invalid-amount", detail, example=kind.example)
    return Decimal(read)


def in_units(kind: Amount, value: Decimal, code: str) -> int | InvalidValue:
    """An amount in the currency's smallest unit."""
    units = value.scaleb(EXPONENTS[code])
    if units != units.to_integral_value():
        return InvalidValue("too-many-decimals", f"{code} has {EXPONENTS[code]} decimals.", example=kind.example)
    return int(units)


def currency(kind: Currency, value: Json, _: ValidationContext) -> str | InvalidValue:
    """A code that we know, upper-cased."""
    if not isinstance(value, str):
        return _wrong_type("a string", kind.example)
    read = value.strip(WHITE_SPACE)
    read = read.upper() if read.isascii() else read
    if read not in EXPONENTS:
        return InvalidValue("unknown-value", "Not a currency code of ISO 4217.", allowed=tuple(sorted(EXPONENTS)))
    return read


CHECKS: dict[type, Callable[[Any, Json, ValidationContext], Any]] = {
    Line: single_line,
    Email: email,
    Phone: phone,
    Date: day,
    DateTime: instant,
    Bool: boolean,
    Choice: choice,
    Country: country,
    Id: reference,
    Text: text,
    Url: url,
    Domain: domain,
    Int: integer,
    Amount: amount,
    Currency: currency,
}
"""The check of each type that is one value; arrays and objects are `validate`'s."""


def check(kind: Any, value: Json, around: ValidationContext) -> Any | InvalidValue:
    """Judge one value by its type."""
    return CHECKS[type(kind)](kind, value, around)


def check_of(kind: Any) -> Callable[[Json, ValidationContext], Any]:
    """The check of a type, to be kept where values of it come again and again."""
    return partial(CHECKS[type(kind)], kind)
