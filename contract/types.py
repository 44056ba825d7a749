"""The types of public fields: what they hold, not how they are checked or stored."""

from dataclasses import dataclass
from enum import Enum

from contract.vocabulary import Json


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

    example: str = "2026-06-17T14:30:00Z"
    group: Group = Group.TIME


@dataclass(frozen=True, slots=True)
class Bool:
    """`true` or `false`."""

    example: bool = True
    group: Group = Group.BOOL


@dataclass(frozen=True, slots=True)
class Choice:
    """One of `values`, exact case."""

    values: tuple[str, ...]
    group: Group = Group.ENUM

    @property
    def example(self) -> str:
        """A valid value."""
        return self.values[0]


@dataclass(frozen=True, slots=True)
class Id:
    """A public id with `prefix`; of a reference, or of the record itself."""

    prefix: str
    group: Group = Group.ID

    @property
    def example(self) -> str:
        """A well-formed id that belongs to nothing."""
        return f"{self.prefix}_2028xzawvf4039wj1pg44gawme"


@dataclass(frozen=True, slots=True)
class Tags:
    """0 to 50 lines of at most 64, distinct without regard to case; order and spelling kept."""

    max_items: int = 50
    item: Line = Line(64)
    example: tuple[str, ...] = ("VIP",)
    group: Group = Group.SET


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


FieldType = Line | Email | Phone | Date | DateTime | Bool | Choice | Id | Tags | Address | FullName | Etag
