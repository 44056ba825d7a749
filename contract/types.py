"""The types of public fields: what they hold, not how they are checked or stored."""

from dataclasses import dataclass
from enum import Enum

from contract.vocabulary import Json

EXAMPLE_OPAQUE = "2028xzawvf4039wj1pg44gawme"
"""The opaque part of a well-formed id that belongs to nothing."""


class Group(Enum):
    """A type's filter operators go by its group."""

    ID = "id"
    ENUM = "enum"
    STR = "str"
    TEXT = "text"
    BOOL = "bool"
    NUM = "num"
    TIME = "time"
    SET = "set"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text, `max_length` code points at most; NFC, trimmed."""

    max_length: int
    example: str = "Northwind"
    group: Group = Group.STR


@dataclass(frozen=True, slots=True)
class Text:
    """Plain text of several lines, `max_length` code points at most; NFC, every line break a line feed, not trimmed."""

    max_length: int
    example: str = "Call before 10:00."
    group: Group = Group.TEXT


@dataclass(frozen=True, slots=True)
class Url:
    """An absolute http or https URL without user info."""

    max_length: int = 2048
    example: str = "https://www.northwind.example/"
    group: Group = Group.STR


@dataclass(frozen=True, slots=True)
class Domain:
    """A bare host name, lower-cased, without one trailing dot and one leading `www.`."""

    example: str = "northwind.example"
    group: Group = Group.STR


@dataclass(frozen=True, slots=True)
class Email:
    """An e-mail address in ASCII, lower-cased."""

    example: str = "ada@northwind.example"
    group: Group = Group.STR


@dataclass(frozen=True, slots=True)
class Phone:
    """A telephone number in E.164."""

    example: str = "+442079460958"
    group: Group = Group.STR


@dataclass(frozen=True, slots=True)
class Date:
    """A calendar day, `YYYY-MM-DD`, 1900-01-01 to 2100-12-31."""

    not_future: bool = False
    example: str = "2026-01-31"
    group: Group = Group.TIME


@dataclass(frozen=True, slots=True)
class DateTime:
    """An instant, RFC 3339; UTC in answers, cut to milliseconds."""

    not_future: bool = False
    example: str = "2026-06-17T14:30:00Z"
    group: Group = Group.TIME


@dataclass(frozen=True, slots=True)
class Bool:
    """`true` or `false`."""

    example: bool = True
    group: Group = Group.BOOL


@dataclass(frozen=True, slots=True)
class Choice:
    """One of `values`, exact case. `is_open`: later releases may answer with more of them, as additions."""

    values: tuple[str, ...]
    is_open: bool = False
    group: Group = Group.ENUM

    @property
    def example(self) -> str:
        """A valid value."""
        return self.values[0]


@dataclass(frozen=True, slots=True)
class Int:
    """A whole number between `low` and `high`, both included."""

    low: int
    high: int
    group: Group = Group.NUM

    @property
    def example(self) -> int:
        """A valid value."""
        return self.low


@dataclass(frozen=True, slots=True)
class Amount:
    """Money as a decimal string with exactly the currency's digits; `currency` is the field that names the currency."""

    currency: str
    example: str = "12500.00"
    group: Group = Group.NUM


@dataclass(frozen=True, slots=True)
class Currency:
    """An ISO 4217 code, upper-cased."""

    example: str = "GBP"
    group: Group = Group.ENUM


@dataclass(frozen=True, slots=True)
class Zone:
    """An IANA time zone name; read-only."""

    example: str = "Europe/London"
    group: Group = Group.STR


@dataclass(frozen=True, slots=True)
class Id:
    """A public id with `prefix`; of a reference, or of the record itself."""

    prefix: str
    group: Group = Group.ID

    @property
    def example(self) -> str:
        """A well-formed id that belongs to nothing."""
        return f"{self.prefix}_{EXAMPLE_OPAQUE}"


@dataclass(frozen=True, slots=True)
class Ids:
    """An array of distinct ids with `prefix`, `max_items` at most; order kept."""

    prefix: str
    max_items: int
    group: Group = Group.SET

    @property
    def example(self) -> tuple[str, ...]:
        """A valid value."""
        return (Id(self.prefix).example,)


@dataclass(frozen=True, slots=True)
class Tags:
    """Lines of at most 64, distinct without regard to case; order and spelling kept."""

    min_items: int = 0
    max_items: int = 50
    item: Line = Line(64)
    example: tuple[str, ...] = ("VIP",)
    group: Group = Group.SET


@dataclass(frozen=True, slots=True)
class Scopes:
    """An array of distinct scopes, one at least; which there are, the operations say."""

    example: tuple[str, ...] = ("contacts:read", "contacts:write")
    group: Group = Group.SET


@dataclass(frozen=True, slots=True)
class Uris:
    """An array of distinct absolute URIs in printable ASCII, kept to the letter."""

    max_items: int = 10
    max_length: int = 2000
    example: tuple[str, ...] = ("https://app.example/callback",)
    group: Group = Group.SET


@dataclass(frozen=True, slots=True)
class ListOf:
    """An array of distinct values of one type, `max_items` at most; order kept."""

    item: Choice | Line
    max_items: int
    group: Group = Group.SET

    @property
    def example(self) -> tuple[str, ...]:
        """A valid value."""
        return (self.item.example,)


@dataclass(frozen=True, slots=True)
class Country:
    """An ISO 3166-1 alpha-2 code, upper-cased."""

    example: str = "GB"
    group: Group = Group.STR


@dataclass(frozen=True, slots=True)
class Address:
    """An object of optional lines, merge-patched per member; six nulls are null."""

    members: tuple[tuple[str, Line | Country], ...] = (
        ("line1", Line(200, example="12 Quay Street")),
        ("line2", Line(200, example="Floor 2")),
        ("city", Line(200, example="Bristol")),
        ("region", Line(200, example="Somerset")),
        ("postal_code", Line(20, example="BS1 4DB")),
        ("country", Country()),
    )
    group: Group = Group.STR

    @property
    def example(self) -> Json:
        """A valid value."""
        return {"city": "Bristol", "country": "GB"}


@dataclass(frozen=True, slots=True)
class FullName:
    """`first_name` and `last_name` joined by a space; computed, null when both are."""

    parts: tuple[str, ...] = ("first_name", "last_name")
    example: str = "Ada Okafor"
    group: Group = Group.STR


@dataclass(frozen=True, slots=True)
class Etag:
    """An opaque mark of one revision in one version."""

    example: str = "r2-8f3kd1"
    group: Group = Group.STR


@dataclass(frozen=True, slots=True)
class CustomFields:
    """An object of the business's own fields by key; which keys there are, and of what type, its definitions say."""

    max_items: int = 200
    group: Group = Group.STR

    @property
    def example(self) -> Json:
        """A valid value."""
        return {"loyalty_tier": "gold"}


@dataclass(frozen=True, slots=True)
class Parts:
    """An array of records of the resource named `of` inside their owner; on create, of `members` of them."""

    of: str
    members: tuple[str, ...]
    min_items: int = 1
    max_items: int = 50
    group: Group = Group.SET

    @property
    def example(self) -> Json:
        """A valid value."""
        return [{"name": "Qualified"}]


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a select field, `{value, label}` each; read-only."""

    group: Group = Group.SET

    @property
    def example(self) -> Json:
        """A valid value."""
        return [{"value": "gold", "label": "Gold"}]


FieldType = (
    Line
    | Text
    | Url
    | Domain
    | Email
    | Phone
    | Date
    | DateTime
    | Bool
    | Choice
    | Int
    | Amount
    | Currency
    | Zone
    | Id
    | Ids
    | Tags
    | Scopes
    | Uris
    | ListOf
    | Address
    | CustomFields
    | Parts
    | Options
    | FullName
    | Etag
)


OPERATORS: dict[Group, tuple[str, ...]] = {
    Group.ID: ("eq", "neq", "in", "not_in", "is_null"),
    Group.ENUM: ("eq", "neq", "in", "not_in", "is_null"),
    Group.STR: ("eq", "neq", "in", "not_in", "contains", "starts_with", "is_null"),
    Group.TEXT: ("contains", "is_null"),
    Group.BOOL: ("eq", "is_null"),
    Group.NUM: ("eq", "neq", "in", "not_in", "gt", "gte", "lt", "lte", "between", "is_null"),
    Group.TIME: ("eq", "neq", "gt", "gte", "lt", "lte", "between", "is_null"),
    Group.SET: ("has_any", "has_all", "has_none", "is_empty"),
}
"""The filter operators of each group; `is_null` only where a field may be null."""


class CustomType(Enum):
    """The types of custom fields."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    SELECT = "select"
    MULTI_SELECT = "multi_select"
    EMAIL = "email"
    PHONE = "phone"
    URL = "url"
    USER = "user"
