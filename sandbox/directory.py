"""The businesses and their people, as a file names them and as the dialect speaks of them.

Owns the reading of the directory file and the profile. It must not know records.
"""

from collections.abc import Set
from pathlib import Path

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from sandbox import records
from sandbox.caller_context import FIRST_SERVICE, Call
from sandbox.checks import number
from sandbox.records import Record
from sandbox.tables import BUSINESSES, TABLES

PLANS = {"starter": 1, "growth": 2, "scale": 3}
ROLES = {"admin": 1, "manager": 2, "member": 3, "viewer": 4}


class Person(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A user, as the file names them."""

    id: int
    name: str
    email: str
    role: str
    active: bool = True
    tz: str | None = None


class Business(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A business and its users, as the file names them."""

    id: int
    name: str
    plan: str
    default_currency: str
    users: list[Person]
    tz: str | None = None
    suspended: bool = False


class Directory(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file."""

    businesses: list[Business]


class DirectoryError(Exception):
    """The directory file cannot be used."""


def read_directory(path: Path) -> Directory:
    """Read the file.

    Raises:
        DirectoryError: it cannot be read, is not of this form, or names an unknown plan or role.
    """
    try:
        directory = msgspec.json.decode(path.read_bytes(), type=Directory)
    except (OSError, UnicodeDecodeError, msgspec.MsgspecError) as error:
        raise DirectoryError(str(error)) from error
    plans = {business.plan for business in directory.businesses}
    roles = {person.role for business in directory.businesses for person in business.users}
    if strange := (plans - PLANS.keys()) | (roles - ROLES.keys()):
        raise DirectoryError(f"unknown plans or roles: {', '.join(sorted(strange))}")
    return directory


async def missing_from(connection: AsyncConnection, directory: Directory) -> list[Business]:
    """The businesses of the file that the database does not have yet."""
    known = set((await connection.execute(sa.select(BUSINESSES.c.id))).scalars())
    return [business for business in directory.businesses if business.id not in known]


async def enter(connection: AsyncConnection, business: Business, *, now_ms: int) -> None:
    """Write a business and its users."""
    row = {
        "id": business.id,
        "name": business.name,
        "plan_code": PLANS[business.plan],
        "default_currency": business.default_currency,
        "tz": business.tz,
        "is_suspended": int(business.suspended),
        "clock_ms": now_ms,
    }
    await connection.execute(BUSINESSES.insert().values(row))
    for person in business.users:
        await records.insert(connection, TABLES["users"], business.id, _user(person, now_ms))


def _user(person: Person, now_ms: int) -> Record:
    user: Record = {
        "id": person.id,
        "name": person.name,
        "email": person.email.lower(),
        "role_code": ROLES[person.role],
        "is_active": int(person.active),
        "created_at": now_ms,
        "updated_at": now_ms,
        "revision": 1,
    }
    return user if person.tz is None else {**user, "tz": person.tz}


async def profile(connection: AsyncConnection, call: Call) -> dict[str, object]:
    """The caller's business and user."""
    shown = [BUSINESSES.c[name] for name in ("id", "name", "plan_code", "default_currency", "tz")]
    found = sa.select(*shown).where(BUSINESSES.c.id == call.business_id)
    business = (await connection.execute(found)).mappings().one()
    user = await _caller(connection, call)
    return {"business": {name: value for name, value in business.items() if value is not None}, "user": user}


async def _caller(connection: AsyncConnection, call: Call) -> Record | None:
    """The calling user; of a service that has written nothing yet, what there is to say of one."""
    known = await records.find(connection, TABLES["users"], call.business_id, call.user_id)
    return known if known or call.user_id < FIRST_SERVICE else _service(call, 0)


async def enter_service(connection: AsyncConnection, call: Call, *, now_ms: int) -> None:
    """Know the service that writes as a user: it owns what it makes, and is named by it. Nobody else tells of services.

    Its role is seen from what it may do, and follows that.
    """
    if call.user_id < FIRST_SERVICE:
        return
    users, wanted = TABLES["users"], _service(call, now_ms)
    known = await records.find(connection, users, call.business_id, call.user_id)
    if known is None:
        await records.insert(connection, users, call.business_id, wanted)
    elif known["role_code"] != wanted["role_code"]:
        moved = {"role_code": wanted["role_code"], "revision": number(known, "revision") + 1, "updated_at": now_ms}
        await records.change(connection, users, call.business_id, known, moved)


def _service(call: Call, now_ms: int) -> Record:
    person = Person(call.user_id, "A service", f"{call.user_id}@services.example", _role(call.permissions))
    return _user(person, now_ms)


def _role(permissions: Set[str]) -> str:
    """The least role that may do as much."""
    if "tokens:manage" in permissions:
        return "admin"
    if "records:assign" in permissions:
        return "manager"
    return "member" if any(word.endswith(":write") for word in permissions) else "viewer"
