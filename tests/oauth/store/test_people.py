"""The users of a local deployment: what the directory says of them by now."""

import json
from pathlib import Path
from typing import NoReturn

import sqlalchemy as sa

from oauth.login.demo import DemoLogin
from oauth.login.directory import read_directory
from oauth.store.database import Database
from oauth.store.demo_users import memberships
from oauth.store.tables import USERS

DIRECTORY = json.loads(Path("sandbox/directory.json").read_text())
ALICE, IAN, ACME, BIRCH = 11, 15, 1, 2


async def unseen(*_: object) -> NoReturn:
    raise AssertionError("nobody logs in here")


def demo_login(database: Database, directory: str) -> DemoLogin:
    return DemoLogin(database, read_directory(directory), lambda: 0, unseen)


def login(database: Database, **alice: object) -> DemoLogin:
    """With the sandbox's directory, but for what is said of Alice."""
    told = json.loads(json.dumps(DIRECTORY))
    told["businesses"][0]["users"][0] |= alice
    return demo_login(database, json.dumps(told))


async def test_a_user_is_what_the_directory_says(database: Database) -> None:
    demo = login(database)
    await demo.open()
    alice = await demo.membership(ALICE, ACME)
    assert alice is not None
    assert (alice.business_id, alice.business_name, alice.role, alice.plan) == (ACME, "Acme Brokers", "admin", "growth")
    assert (await demo.plan(BIRCH), await demo.plan(99)) == ("starter", None)


async def test_nobody_is_anything_elsewhere_or_when_not_active(database: Database) -> None:
    demo = login(database)
    await demo.open()
    assert await demo.membership(ALICE, BIRCH) is None
    assert await demo.membership(IAN, ACME) is None
    assert await demo.membership(99, ACME) is None


async def test_what_has_changed_in_the_directory_counts_after_the_next_start(database: Database) -> None:
    await login(database).open()
    async with database.write() as connection:
        await connection.execute(sa.update(USERS).where(USERS.c.id == ALICE).values(password_hash="kept"))
    demo = login(database, role="viewer")
    await demo.open()
    alice = await demo.membership(ALICE, ACME)
    assert alice is not None and alice.role == "viewer"
    async with database.read() as connection:
        assert (
            await connection.execute(sa.select(USERS.c.password_hash).where(USERS.c.id == ALICE))
        ).scalar() == "kept"
    gone = login(database, active=False)
    await gone.open()
    assert await gone.membership(ALICE, ACME) is None


async def test_a_uuid_is_a_number_like_any_other(database: Database) -> None:
    directory = Path("examples/foreign/directory.json").read_text()
    demo = demo_login(database, directory)
    await demo.open()
    business, told = next(iter(read_directory(directory).items()))
    assert business > 2**64
    [found] = [member for person in told.people[:1] for member in await _all(database, person.id)]
    assert found.business_id == business


async def _all(database: Database, user: int) -> tuple[object, ...]:
    async with database.read() as connection:
        return await memberships(connection, user)
