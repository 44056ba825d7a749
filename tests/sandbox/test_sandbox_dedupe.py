"""The same call sent twice happens once."""

import asyncio

import sqlalchemy as sa

from tests.sandbox.conftest import Place
from tests.sandbox.crm import MANAGER, Crm, fresh

EARLIER = sa.text("UPDATE dedupe SET stored_at = stored_at - :ms")


async def test_the_same_call_again_gets_the_first_result(crm: Crm) -> None:
    key, source = fresh("key"), fresh("dedupe")
    first = await crm.say("POST", "contacts", {"first_name": "Ada", "source": source, "dedupe_key": key})
    assert "deduped" not in first
    await crm.ok("PUT", f"contacts/{first['result']['id']}", {"set": {"dnd": 1}})
    again = await crm.say("POST", "contacts", {"dedupe_key": key, "source": source, "first_name": "Ada"})
    assert again == {**first, "deduped": True}
    assert len(await crm.ids(["source", "=", source])) == 1


async def test_a_key_used_for_another_body_is_refused(crm: Crm) -> None:
    key = fresh("key")
    await crm.contact(dedupe_key=key)
    for path, body in (("contacts", {"first_name": "Eve"}), ("companies", {"name": "Ada"})):
        refusal = await crm.no("POST", path, {**body, "dedupe_key": key})
        assert refusal["error_code"] == "E_DEDUPE_MISMATCH"


async def test_parallel_calls_with_one_key_make_one_record(crm: Crm) -> None:
    key, source = fresh("key"), fresh("racing")
    body = {"first_name": "Ada", "source": source, "dedupe_key": key}
    answers = await asyncio.gather(*(crm.say("POST", "contacts", body) for _ in range(20)))
    assert len({answer["result"]["id"] for answer in answers}) == 1
    assert sum("deduped" in answer for answer in answers) == 19
    assert len(await crm.ids(["source", "=", source])) == 1


async def test_a_refusal_keeps_nothing(crm: Crm) -> None:
    key = fresh("key")
    refusal = await crm.no("POST", "contacts", {"first_name": "A", "company_id": 999_999_999, "dedupe_key": key})
    assert refusal["error_code"] == "E_BAD_REF"
    assert await crm.ok("GET", f"dedupe/{key}") == {"state": "absent"}
    assert (await crm.contact(dedupe_key=key))["revision"] == 1


async def test_what_became_of_a_call_can_be_asked(crm: Crm) -> None:
    key = fresh("key")
    assert await crm.ok("GET", f"dedupe/{key}") == {"state": "absent"}
    contact = await crm.contact(dedupe_key=key)
    expected = {"state": "done", "answer": {"ok": True, "result": contact}}
    assert await crm.but(user=MANAGER).ok("GET", f"dedupe/{key}") == expected
    assert await crm.but(business=2, user=23).ok("GET", f"dedupe/{key}") == {"state": "absent"}


async def test_another_business_has_keys_of_its_own(crm: Crm) -> None:
    key = fresh("key")
    ours = await crm.contact(dedupe_key=key)
    theirs = await crm.but(business=2, user=23).contact(dedupe_key=key)
    assert ours["id"] != theirs["id"]


async def test_a_key_is_forgotten_after_a_day(place: Place) -> None:
    async with place.run(), place.session() as session:
        crm = Crm(session)
        first = await crm.contact(dedupe_key="key")
        for hours, same in ((23, True), (1, False)):
            async with place.beside() as database:
                await database.execute(EARLIER, {"ms": hours * 3_600_000})
            state = (await crm.ok("GET", "dedupe/key"))["state"]
            again = await crm.contact(dedupe_key="key")
            assert (state == "done", again["id"] == first["id"]) == (same, same)
