"""Thirty days after a delete: the record is gone, and its id with it."""

import asyncio
from typing import Any

import sqlalchemy as sa

from tests.sandbox.conftest import Place
from tests.sandbox.crm import Crm, fresh, said

Record = dict[str, Any]
DAY_MS = 24 * 60 * 60 * 1000
LONG_AGO = sa.text("UPDATE contacts SET deleted_at = 7 WHERE id = :id")


async def purge(crm: Crm, at_ms: int) -> int:
    async with crm.session.post("http://sandbox/purge", json={"now_ms": at_ms}) as response:
        assert response.status == 200
        return int((await response.json())["purged"])


async def test_a_record_is_gone_after_thirty_days_and_not_before(crm: Crm) -> None:
    word = fresh("purged").replace("-", "x")
    contact = await crm.contact(tags=["VIP"], last_name=word)
    path = f"contacts/{contact['id']}"
    deleted_at = (await crm.ok("DELETE", path))["deleted_at"]
    await purge(crm, deleted_at + 30 * DAY_MS - 1)
    assert (await crm.ok("GET", path))["is_deleted"] == 1
    assert await purge(crm, deleted_at + 30 * DAY_MS) >= 1
    for method, rest in (("GET", ""), ("DELETE", ""), ("POST", "/undelete")):
        assert said(await crm.no(method, path + rest))[0] == "E_NOT_FOUND"
    assert await crm.ids(None, text=word, with_deleted=1) == []
    assert (await crm.contact())["id"] > contact["id"]


async def test_what_came_back_stays(crm: Crm) -> None:
    path = f"contacts/{(await crm.contact())['id']}"
    deleted_at = (await crm.ok("DELETE", path))["deleted_at"]
    await crm.ok("POST", f"{path}/undelete")
    await purge(crm, deleted_at + 31 * DAY_MS)
    assert (await crm.ok("GET", path))["deleted_at"] == deleted_at


async def test_holders_lose_the_id_and_what_is_left_without_a_link_is_deleted(crm: Crm) -> None:
    company, contact = await crm.ok("POST", "companies", {"name": "N"}), await crm.contact()
    other = await crm.contact(company_id=company["id"])
    deal = await crm.deal(company_id=company["id"], contact_ids=[other["id"], contact["id"]])
    link = {"contact_id": contact["id"]}
    task = await crm.ok("POST", "tasks", {"title": "T", **link})
    lonely = await crm.ok("POST", "notes", {"body": "B", **link})
    linked = await crm.ok("POST", "notes", {"body": "B", **link, "deal_id": deal["id"]})
    call = await crm.ok("POST", "activity_log", {"activity_type": "call", "subject": "S", **link})
    for path in (f"contacts/{contact['id']}", f"companies/{company['id']}"):
        deleted_at = (await crm.ok("DELETE", path))["deleted_at"]
    assert await purge(crm, deleted_at + 30 * DAY_MS) >= 2

    async def now(path: str, before: Record) -> Record:
        after: Record = await crm.ok("GET", f"{path}/{before['id']}")
        assert after["revision"] > before["revision"]
        assert after["updated_at"] > deleted_at
        return after

    assert "company_id" not in await now("contacts", other)
    held = await now("deals", deal)
    assert (held["contact_ids"], held.get("company_id")) == ([other["id"]], None)
    assert await crm.ids(["contact_ids", "any", [contact["id"]]], "deals") == []
    assert ("contact_id" in await now("tasks", task)) is False
    assert (await now("notes", linked))["is_deleted"] == 0
    for path, before in (("notes", lonely), ("activity_log", call)):
        gone = await now(path, before)
        assert (gone["is_deleted"], gone["deleted_at"], "contact_id" in gone) == (1, gone["updated_at"], False)
        refusal = await crm.no("POST", f"{path}/{before['id']}/undelete")
        assert said(refusal) == ("E_NO_LINK", None, None)


async def test_a_pipeline_goes_with_its_stages_and_the_deals_that_were_in_them(crm: Crm) -> None:
    made = await crm.ok("POST", "pipelines", {"name": fresh("Purged"), "stages": [{"name": "a"}, {"name": "b"}]})
    deal = await crm.deal(pipeline_id=made["id"])
    await crm.ok("DELETE", f"deals/{deal['id']}")
    deleted_at = (await crm.ok("DELETE", f"pipelines/{made['id']}"))["deleted_at"]
    assert await purge(crm, deleted_at + 30 * DAY_MS) >= 4
    assert said(await crm.no("GET", f"pipelines/{made['id']}"))[0] == "E_NOT_FOUND"


async def test_the_crm_purges_by_itself(place: Place) -> None:
    async with place.run(), place.session() as session:
        crm = Crm(session)
        contact = await crm.contact()
        await crm.ok("DELETE", f"contacts/{contact['id']}")
    async with place.beside() as database:
        await database.execute(LONG_AGO, {"id": contact["id"]})
    async with place.run(), place.session() as session:
        crm = Crm(session)
        async with asyncio.timeout(10):
            while (await crm.say("GET", f"contacts/{contact['id']}"))["ok"]:
                pass
