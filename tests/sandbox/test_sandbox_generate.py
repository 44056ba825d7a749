"""A business full of contacts, made fast: they are found, ordered and written as any others."""

import asyncio
import sys
from pathlib import Path
from typing import Any

from tests.sandbox.conftest import Place
from tests.sandbox.crm import Crm

COUNT = 3000


async def generate(place: Place, *arguments: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "sandbox.generate",
        *arguments,
        env=place.environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(60):
        told, _ = await process.communicate()
    return process.returncode, told.decode()


async def test_generated_contacts_are_as_any_others(place: Place) -> None:
    async with place.run(), place.session() as session:
        before = await Crm(session).ids(None)
    returncode, told = await generate(place, "--business", "1", "--contacts", str(COUNT))
    assert returncode == 0, told
    async with place.run(), place.session() as session:
        crm = Crm(session)
        for sort in ("id", "-created_at", "updated_at", "last_name", "-email"):
            found = await everything(crm, {"sort": [sort], "limit": 200})
            assert len(found) == len(set(found)) == COUNT + len(before)
        made = next(n for n in await everything(crm, {"sort": ["id"], "limit": 200}) if n not in before)
        contact = await crm.ok("GET", f"contacts/{made}")
        assert made in await crm.ids(["email", "=", contact["email"]], text=contact["first_name"])
        assert made in await crm.ids({"all": [["id", "=", made], ["tags", "any", ["vip"]]]})
        assert await crm.but(user=contact["owner_user_id"]).ok("PUT", f"contacts/{made}", {"set": {"dnd": 1}})
        newest = await crm.ok("POST", "contacts/query", {"sort": ["-updated_at"], "limit": 1})
        assert (await crm.contact())["updated_at"] > newest[0]["updated_at"]
        assert len(await Crm(session, business=2, user=23).ids(None)) == len(before)


async def everything(crm: Crm, body: dict[str, Any]) -> list[int]:
    found: list[int] = []
    while True:
        answer = await crm.say("POST", "contacts/query", body)
        found += [record["id"] for record in answer["result"]]
        if not answer["paging"]["has_more"]:
            return found
        body = {**body, "after_key": answer["paging"]["next_key"]}


async def test_a_database_has_to_be_named(file_place: Place) -> None:
    nothing = Place(Path(file_place.folder), "")
    returncode, told = await generate(nothing, "--business", "1", "--contacts", "1")
    assert (returncode, told.startswith("DATABASE_URL: found nothing")) == (2, True)
