"""What a breaking change is: pure functions between the shape before it and the shape after it, for one resource.

A change says nothing about HTTP. The docstring of its class is the line in the changelog.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from contract.problems import ItemError
from contract.resources import Field, Resource
from contract.vocabulary import Json


@dataclass(frozen=True, slots=True)
class FilterCondition:
    """A filter condition as a caller wrote it; `negated` when a change turned it into its opposite."""

    field: Json
    operator: Json
    value: Json
    negated: bool = False


@dataclass(frozen=True, slots=True)
class NestedObject:
    """A member of an older record that holds some of today's members inside an object, or is null without them."""

    name: str
    members: tuple[Field, ...]
    about: str = ""


Members = tuple[Field | NestedObject, ...]
"""What a record is made of in some version, in its order."""
Body = dict[str, Json]


class Change:
    """The identity: a change overrides what it touches. `older` and `newer` are the names that only one side knows."""

    resource: Resource
    older: tuple[str, ...] = ()
    newer: tuple[str, ...] = ()

    @property
    def description(self) -> str:
        """The changelog line."""
        return (self.__doc__ or "").strip()

    def forward(self, body: Body) -> tuple[Body, tuple[ItemError, ...]]:
        """An older body brought up to date, member order kept; and what could not be."""
        return body, ()

    def back(self, record: Body) -> Body:
        """Our record, or the part of it that was asked for, as an older caller knows it."""
        return record

    def members(self, newer: Members) -> Members:
        """What a record was made of before: of what type those members are that `back` gives."""
        return newer

    def fields(self, name: str) -> tuple[str, ...]:
        """The names that an older name stands for in `fields`."""
        return (name,)

    def field(self, name: str) -> str:
        """The name of an older filter field or sort key today."""
        return name

    def older_field(self, name: str) -> str:
        """The older name of one of today's filter fields or sort keys."""
        return name

    def condition(self, test: FilterCondition) -> FilterCondition:
        """An older filter condition brought up to date."""
        return replace(test, field=self.field(test.field)) if isinstance(test.field, str) else test

    def error(self, item: ItemError) -> ItemError:
        """Today's error at the place, and with the code, that an older caller knows."""
        return item


def rename_member(body: Mapping[str, Json], old: str, new: str) -> Body:
    """The body with a member renamed in its place."""
    return {new if name == old else name: value for name, value in body.items()}


def move_error(item: ItemError, places: Mapping[str, str]) -> ItemError:
    """The error with its pointer moved, when it points at one of `places` or below it."""
    if item.pointer is None:
        return item
    for place, other in places.items():
        if item.pointer == place or item.pointer.startswith(f"{place}/"):
            return replace(item, pointer=other + item.pointer[len(place) :])
    return item
