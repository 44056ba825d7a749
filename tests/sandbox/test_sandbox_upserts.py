"""Upsert, bulk and dry run: whether a record is made or changed, many calls in one, and calls that leave nothing."""

import asyncio
from typing import Any

import pytest

from tests.sandbox.crm import MANAGER, MEMBER, NOWHERE, Crm, fresh, said

Body = dict[str, Any]


def email() -> str:
    return f"{fresh('upsert')}@example.example"


async def test_an_upsert_makes_changes_or_leaves_a_record(crm: Crm) -> None:
    address = email()
    body: Body = {"match": "email", "set": {"email": address.upper(), "first_name": "Ada"}, "unset": ["phone"]}
    made = await crm.say("POST", "contacts/upsert", body)
    assert (made["created"], made["changed"], made["result"]["lifecycle_code"]) == (True, True, 1)
    same = await crm.say("POST", "contacts/upsert", body)
    assert same == {"ok": True, "result": made["result"], "created": False, "changed": False}
    changed = await crm.say("POST", "contacts/upsert", {"match": "email", "set": {**body["set"], "dnd": 1}})
    assert (changed["created"], changed["changed"], changed["result"]["dnd"]) == (False, True, 1)


async def test_an_upsert_is_a_patch_of_the_record_that_matches(crm: Crm) -> None:
    name = fresh("erp")
    made = await crm.contact(external_id=name, phone="+15550100200", lifecycle_code=3)
    body = {"match": "external_id", "set": {"external_id": name, "last_name": "Hall"}, "unset": ["phone"]}
    answer = await crm.say("POST", "contacts/upsert", body)
    assert (answer["created"], answer["changed"]) == (False, True)
    after = {**made, "last_name": "Hall", "revision": 2, "updated_at": answer["result"]["updated_at"]}
    del after["phone"]
    assert answer["result"] == after


async def test_a_deleted_record_does_not_match(crm: Crm) -> None:
    name = fresh("erp")
    gone = await crm.contact(external_id=name)
    await crm.ok("DELETE", f"contacts/{gone['id']}")
    body = {"match": "external_id", "set": {"external_id": name, "first_name": "Ada"}}
    assert (await crm.say("POST", "contacts/upsert", body))["created"] is True


async def test_two_that_match_are_ambiguous(crm: Crm) -> None:
    domain = f"{fresh('branch')}.example"
    for _ in range(2):
        await crm.ok("POST", "companies", {"name": "Branch", "domain": domain})
    body = {"match": "domain", "set": {"domain": domain.upper(), "name": "Branch"}}
    assert said(await crm.no("POST", "companies/upsert", body)) == ("E_AMBIGUOUS", None, None)


async def test_an_upsert_expects_a_revision_or_none_at_all(crm: Crm) -> None:
    name = fresh("erp")
    body: Body = {"match": "external_id", "set": {"external_id": name, "first_name": "Ada"}, "expected_revision": 3}
    refusal = await crm.no("POST", "contacts/upsert", body)
    assert (refusal["error_code"], refusal["revision"]) == ("E_STALE_REV", 0)
    body["expected_revision"] = 0
    assert (await crm.say("POST", "contacts/upsert", body))["created"] is True
    refusal = await crm.no("POST", "contacts/upsert", body)
    assert (refusal["error_code"], refusal["revision"]) == ("E_STALE_REV", 1)
    body["expected_revision"] = 1
    assert (await crm.say("POST", "contacts/upsert", body))["changed"] is False


async def test_anothers_record_takes_the_right_to_it(crm: Crm) -> None:
    name = fresh("erp")
    await crm.contact(external_id=name)
    other = crm.but(user=MANAGER)
    body = {"match": "external_id", "set": {"external_id": name, "dnd": 1}}
    assert said(await other.no("POST", "contacts/upsert", body))[0] == "E_FORBIDDEN_RECORD"
    assert await other.but(permissions=("contacts:write_all",)).ok("POST", "contacts/upsert", body)


async def test_what_is_given_once_may_be_sent_again_and_not_changed(crm: Crm) -> None:
    name, closed_at = fresh("erp"), 1_700_000_000_000
    given: Body = {"external_id": name, "title": "Fleet 2024", "status_code": 3, "closed_at": closed_at}
    body: Body = {"match": "external_id", "set": {**given, "lost_reason": "Price"}}
    made = await crm.say("POST", "deals/upsert", body)
    assert made["created"] is True
    assert (await crm.say("POST", "deals/upsert", body))["changed"] is False
    other: Body = {"closed_at": closed_at + 1, "lost_reason": "Budget", "stage_id": NOWHERE, "pipeline_id": NOWHERE}
    for field, value in other.items():
        refusal = await crm.no("POST", "deals/upsert", {**body, "set": {**body["set"], field: value}})
        assert said(refusal) == ("E_VALIDATION", field, "IMMUTABLE")
    refusal = await crm.no("POST", "deals/upsert", {**body, "set": {**given, "status_code": 2}})
    assert said(refusal) == ("E_VALIDATION", "status_code", "IMMUTABLE")
    refusal = await crm.no("POST", "deals/upsert", {**body, "set": given, "unset": ["lost_reason"]})
    assert said(refusal) == ("E_VALIDATION", "lost_reason", "IMMUTABLE")
    del body["set"]["closed_at"]
    assert (await crm.say("POST", "deals/upsert", {**body, "unset": ["closed_at"]}))["changed"] is False


async def test_the_status_of_the_body_itself_excludes_what_it_excludes(crm: Crm) -> None:
    name = fresh("erp")
    body: Body = {"match": "external_id", "set": {"external_id": name, "title": "T", "closed_at": 7}}
    assert said(await crm.no("POST", "deals/upsert", body)) == ("E_VALIDATION", "closed_at", "STATUS")
    await crm.deal(title="T", external_id=name, status_code=2, closed_at=7)
    assert (await crm.say("POST", "deals/upsert", body))["changed"] is False
    body["set"]["status_code"] = 1
    assert said(await crm.no("POST", "deals/upsert", body)) == ("E_VALIDATION", "closed_at", "STATUS")


BAD_UPSERTS: dict[str, tuple[Body, object]] = {
    "no value to match": ({"match": "email", "set": {"first_name": "A"}}, ("E_VALIDATION", "email", "REQUIRED")),
    "null to match": ({"match": "email", "set": {}, "unset": ["email"]}, ("E_VALIDATION", "email", "NULL")),
    "a field that is no match": ({"match": "phone", "set": {"phone": "+15550100200"}}, 400),
    "no match": ({"set": {"first_name": "A"}}, 400),
}


@pytest.mark.parametrize(("body", "answer"), BAD_UPSERTS.values(), ids=BAD_UPSERTS.keys())
async def test_an_upsert_is_refused_with(crm: Crm, body: Body, answer: object) -> None:
    status, said_ = await crm.raw("POST", "contacts/upsert", body)
    assert (status if answer == 400 else said(said_)) == answer


async def test_of_parallel_upserts_one_makes_the_record(crm: Crm) -> None:
    body = {"match": "email", "set": {"email": email(), "first_name": "Ada"}}
    answers = await asyncio.gather(*(crm.say("POST", "contacts/upsert", body) for _ in range(10)))
    assert sorted(answer["created"] for answer in answers) == [False] * 9 + [True]


async def test_an_upsert_is_carried_out_once_for_its_key(crm: Crm) -> None:
    body = {"match": "email", "set": {"email": email(), "first_name": "Ada"}, "dedupe_key": fresh("key")}
    first = await crm.say("POST", "contacts/upsert", body)
    assert await crm.say("POST", "contacts/upsert", body) == {**first, "deduped": True}
    assert (await crm.ok("GET", f"dedupe/{body['dedupe_key']}"))["answer"] == first


# Bulk


async def bulk(crm: Crm, op: str, items: list[Body], path: str = "contacts", **beside: object) -> list[Body]:
    return list(await crm.ok("POST", f"{path}/bulk", {"op": op, "items": items, **beside}))


async def test_each_item_of_a_bulk_call_has_an_answer_of_its_own(crm: Crm) -> None:
    taken = email()
    items: list[Body] = [
        {"first_name": "A", "email": taken},
        {"job_title": "Buyer"},
        {"email": taken},
        {"email": "no"},
        {"first_name": "B"},
    ]
    made = await bulk(crm, "create", items)
    assert [answer["ok"] for answer in made] == [True, False, False, False, True]
    codes = ["E_NO_IDENTITY", "E_DUP_EMAIL", "E_VALIDATION"]
    assert [answer["error_code"] for answer in made[1:4]] == codes
    first, last = made[0]["result"], made[4]["result"]
    found = await bulk(crm, "get", [{"id": last["id"]}, {"id": NOWHERE}, {"id": first["id"]}, {"id": last["id"]}])
    assert [answer.get("result") for answer in found] == [last, None, first, last]
    assert found[1]["error_code"] == "E_NOT_FOUND"
    changes: list[Body] = [
        {"id": first["id"], "set": {"dnd": 1}, "expected_revision": 7},
        {"id": first["id"], "set": {"dnd": 1}, "unset": ["email"], "expected_revision": 1},
        {"id": NOWHERE, "set": {"dnd": 1}},
    ]
    changed = await bulk(crm, "update", changes)
    assert [answer.get("error_code") for answer in changed] == ["E_STALE_REV", None, "E_NOT_FOUND"]
    assert (changed[0]["revision"], changed[1]["result"]["dnd"]) == (1, 1)
    gone = await bulk(crm, "delete", [{"id": last["id"], "expected_revision": 1}, {"id": last["id"]}])
    assert [answer.get("error_code") for answer in gone] == [None, "E_DELETED"]
    assert gone[1]["deleted_at"] == gone[0]["result"]["deleted_at"]
    assert (await bulk(crm, "get", [{"id": last["id"]}]))[0]["result"]["is_deleted"] == 1


async def test_a_bulk_upsert_tells_of_each_what_it_did(crm: Crm) -> None:
    one, two = fresh("erp"), fresh("erp")
    await crm.contact(external_id=one)
    items: list[Body] = [
        {"set": {"external_id": one, "first_name": "Ada"}},
        {"set": {"external_id": one, "first_name": "Eve"}, "unset": ["phone"], "expected_revision": 1},
        {"set": {"external_id": two, "first_name": "Eve"}, "expected_revision": 0},
    ]
    answers = await bulk(crm, "upsert", items, match="external_id")
    told = [(answer["ok"], answer["created"], answer["changed"]) for answer in answers]
    assert told == [(True, False, False), (True, False, True), (True, True, True)]


async def test_each_item_of_a_bulk_call_is_carried_out_once_for_its_key(crm: Crm) -> None:
    source, key = fresh("bulk"), fresh("key")
    items = [{"first_name": "A", "source": source, "dedupe_key": f"{key}-{n}"} for n in range(3)]
    first = await bulk(crm, "create", items[:2])
    again = await bulk(crm, "create", items)
    assert again[:2] == [{**answer, "deduped": True} for answer in first]
    assert len(await crm.ids(["source", "=", source])) == 3
    changes = [{"id": answer["result"]["id"], "set": {"dnd": 1}, "dedupe_key": f"{key}-put-{n}"}
               for n, answer in enumerate(again)]  # fmt: skip
    assert [a.get("deduped") for a in await bulk(crm, "update", changes)] == [None] * 3
    assert [a.get("deduped") for a in await bulk(crm, "update", changes)] == [True] * 3
    swapped = [{**changes[0], "id": changes[1]["id"]}]
    assert (await bulk(crm, "update", swapped))[0]["error_code"] == "E_DEDUPE_MISMATCH"


BAD_BULKS: dict[str, Body] = {
    "51 items": {"op": "create", "items": [{"first_name": "A"}] * 51},
    "an unknown op": {"op": "purge", "items": []},
    "no items": {"op": "create"},
    "an item that is no object": {"op": "create", "items": [7]},
    "an item with an unknown field": {"op": "create", "items": [{"first_name": "A"}, {"nickname": "B"}]},
    "an update without an id": {"op": "update", "items": [{"set": {}}]},
    "a get with more than an id": {"op": "get", "items": [{"id": 1, "set": {}}]},
    "an upsert without a match": {"op": "upsert", "items": [{"set": {"email": "a@b.example"}}]},
}


@pytest.mark.parametrize("body", BAD_BULKS.values(), ids=BAD_BULKS.keys())
async def test_a_bulk_call_is_a_callers_mistake_as_a_whole_with(crm: Crm, body: Body) -> None:
    status, answer = await crm.raw("POST", "contacts/bulk", body)
    assert (status, list(answer)) == (400, ["message"])


@pytest.mark.parametrize("path", ["companies", "deals", "tasks", "notes", "activity_log"])
async def test_every_kind_of_record_is_written_in_bulk(crm: Crm, path: str) -> None:
    link = {"contact_id": (await crm.contact())["id"]}
    least: dict[str, Body] = {
        "companies": {"name": "N"},
        "deals": {"title": "T"},
        "tasks": {"title": "T"},
        "notes": {"body": "B", **link},
        "activity_log": {"activity_type": "call", "subject": "S", **link},
    }
    items = [{**least[path], "external_id": fresh("erp")} for _ in range(2)]
    made = await bulk(crm, "create", items, path)
    assert [answer["result"]["external_id"] for answer in made] == [item["external_id"] for item in items]
    again = await bulk(crm, "upsert", [{"set": item} for item in items], path, match="external_id")
    assert [(answer["created"], answer["changed"]) for answer in again] == [(False, False)] * 2


# Dry runs


async def test_a_dry_run_answers_as_the_call_would_and_leaves_nothing(crm: Crm) -> None:
    contact = await crm.contact(tags=["a"])
    own, key = f"contacts/{contact['id']}", fresh("key")
    made = await crm.ok("POST", "dry_run/contacts", {"first_name": "Ada", "dedupe_key": key})
    assert (made["id"], made["revision"], made["owner_user_id"]) == (0, 1, MEMBER)
    assert await crm.ok("GET", f"dedupe/{key}") == {"state": "absent"}
    changed = await crm.ok("PUT", f"dry_run/{own}", {"set": {"dnd": 1}})
    assert (changed["id"], changed["dnd"], changed["revision"]) == (contact["id"], 1, 2)
    assert (await crm.ok("DELETE", f"dry_run/{own}"))["is_deleted"] == 1
    assert (await crm.ok("POST", f"dry_run/{own}/tags", {"add": ["b"]}))["tags"] == ["a", "b"]
    body = {"match": "email", "set": {"email": email(), "first_name": "Ada"}}
    answer = await crm.say("POST", "dry_run/contacts/upsert", body)
    assert (answer["created"], answer["result"]["id"]) == (True, 0)
    items = [{"first_name": "A"}, {"job_title": "x"}]
    answers = await crm.ok("POST", "dry_run/contacts/bulk", {"op": "create", "items": items})
    assert [answer["ok"] for answer in answers] == [True, False]
    assert answers[0]["result"]["id"] == 0
    assert await crm.ok("GET", own) == contact
    assert await crm.ids(["id", "=", contact["id"]], text="ada") == [contact["id"]]
    assert (await crm.say("POST", "contacts/upsert", body))["created"] is True


async def test_a_dry_run_is_refused_what_the_call_would_be(crm: Crm) -> None:
    contact = await crm.contact()
    for method, path, body in (
        ("POST", "contacts", {"job_title": "x"}),
        ("PUT", f"contacts/{contact['id']}", {"set": {"dnd": 1}, "expected_revision": 9}),
        ("DELETE", f"contacts/{NOWHERE}", None),
        ("POST", f"contacts/{contact['id']}/tags", {"add": [""]}),
    ):
        assert (await crm.no(method, f"dry_run/{path}", body)) == await crm.no(method, path, body)


async def test_reading_has_no_dry_run(crm: Crm) -> None:
    assert (await crm.raw("POST", "dry_run/contacts/query", {}))[0] == 404
