"""[pure] Who there is in a local deployment: the directory that the sandbox is seeded from."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from contract.vocabulary import Json, TenantId, UserId


@dataclass(frozen=True, slots=True)
class Person:
    """A user of one business."""

    id: UserId
    role: str
    active: bool
    name: str
    email: str | None


@dataclass(frozen=True, slots=True)
class Business:
    """A business: its name, its plan, and its users in the directory's order."""

    name: str
    plan: str
    people: tuple[Person, ...]

    def first(self, role: str) -> UserId | None:
        """The first active user with that role."""
        return next((person.id for person in self.people if person.active and person.role == role), None)


def read_directory(text: str) -> dict[TenantId, Business]:
    """The businesses by their number. ValueError when it is no directory."""
    try:
        return {
            TenantId(_number(row["id"])): Business(
                row.get("name", f"Business {row['id']}"), row["plan"], tuple(map(_person, row["users"]))
            )
            for row in json.loads(text)["businesses"]
        }
    except (KeyError, TypeError) as fault:
        raise ValueError(f"no directory of businesses and users: {fault!r}") from None


def _person(row: Mapping[str, Json]) -> Person:
    number = UserId(_number(row["id"]))
    return Person(number, row["role"], row["active"], row.get("name", f"User {row['id']}"), row.get("email"))


def _number(given: Json) -> int:
    return UUID(given).int if isinstance(given, str) else int(given)
