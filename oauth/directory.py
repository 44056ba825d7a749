"""Who there is to mint a local token for: the directory that the sandbox is seeded from. Pure."""

import json
from dataclasses import dataclass
from uuid import UUID

from contract.vocabulary import Json, TenantId, UserId


@dataclass(frozen=True, slots=True)
class Business:
    """A business: its plan, and the active users by role, in the directory's order."""

    plan: str
    users: tuple[tuple[str, UserId], ...]

    def first(self, role: str) -> UserId | None:
        """The first active user with that role."""
        return next((user for held, user in self.users if held == role), None)


def read_directory(text: str) -> dict[TenantId, Business]:
    """The businesses by their number. ValueError when it is no directory."""
    try:
        return {
            TenantId(_number(row["id"])): Business(
                row["plan"],
                tuple((user["role"], UserId(_number(user["id"]))) for user in row["users"] if user["active"]),
            )
            for row in json.loads(text)["businesses"]
        }
    except (KeyError, TypeError) as fault:
        raise ValueError(f"no directory of businesses and users: {fault!r}") from None


def _number(given: Json) -> int:
    return UUID(given).int if isinstance(given, str) else int(given)
