"""The six kinds of records that callers keep: the same calls, by other rows."""

from dataclasses import dataclass
from typing import Any

import pytest

from sandbox.declarations import Verb
from sandbox.resources import RESOURCES
from tests.sandbox.crm import MANAGER, MEMBER, NOWHERE, Crm, fresh, said

Fields = dict[str, Any]


@dataclass(frozen=True)
class Sample:
    """A resource: the least that makes a record, what it gets beside that, and a change."""

    path: str
    least: Fields
    defaults: Fields
    change: Fields


SAMPLES = {
    sample.path: sample
    for sample in (
        Sample(
            "contacts",
            {"first_name": "Ada"},
            {"lifecycle_code": 1, "dnd": 0, "tags": [], "custom": []},
            {"last_name": "Hall"},
        ),
        Sample(
            "companies", {"name": "Northwind"}, {"tags": [], "custom": []}, {"employees": 7, "description": "a\n\tb"}
        ),
        Sample(
            "deals",
            {"title": "Fleet renewal"},
            {"status_code": 1, "contact_ids": [], "tags": [], "custom": []},
            {"amount_minor": 1_250_000, "currency": "GBP", "expected_close_date": "2026-09-30"},
        ),
        Sample(
            "tasks",
            {"title": "Send quote"},
            {"task_type": "todo", "priority_code": 2, "is_done": 0},
            {"due_at": 1_781_769_912_250, "priority_code": 3, "description": "soon"},
        ),
        Sample("notes", {"body": "Call first.\n"}, {"pinned": 0}, {"pinned": 1}),
        Sample(
            "activity_log",
            {"activity_type": "call", "subject": "Renewal call"},
            {},
            {"direction_code": 2, "outcome": "connected", "duration_ms": 540_000, "body": "Went well."},
        ),
    )
}
LINKED = ("notes", "activity_log")


async def least(crm: Crm, sample: Sample) -> Fields:
    link = {"contact_id": (await crm.contact())["id"]} if sample.path in LINKED else {}
    return {**sample.least, **link}


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES.keys())
async def test_a_record_lives_is_changed_deleted_and_brought_back(crm: Crm, sample: Sample) -> None:
    given = await least(crm, sample)
    made = await crm.ok("POST", sample.path, given)
    path, stamp = f"{sample.path}/{made['id']}", made["created_at"]
    placed = {"pipeline_id", "stage_id", "stage_entered_at", "noted_at", "occurred_at"}
    assert {name: value for name, value in made.items() if name not in placed} == {
        "id": made["id"],
        **given,
        **sample.defaults,
        "owner_user_id": MEMBER,
        "created_by_user_id": MEMBER,
        "created_at": stamp,
        "updated_at": stamp,
        "revision": 1,
        "is_deleted": 0,
    }
    changed = await crm.ok("PUT", path, {"set": sample.change, "expected_revision": 1})
    assert changed == {**made, **sample.change, "revision": 2, "updated_at": changed["updated_at"]}
    gone = await crm.ok("DELETE", f"{path}?expected_revision=2")
    assert (gone["is_deleted"], gone["deleted_at"], gone["revision"]) == (1, gone["updated_at"], 3)
    back = await crm.ok("POST", f"{path}/undelete")
    assert back == {**gone, "is_deleted": 0, "revision": 4, "updated_at": back["updated_at"]}
    assert await crm.ok("POST", f"{path}/undelete", {}) == back
    assert await crm.ok("GET", path) == back
    assert await crm.ids(["id", "=", made["id"]], sample.path) == [made["id"]]


def test_every_resource_that_is_queried_has_a_sample() -> None:
    assert {row.path for row in RESOURCES if Verb.QUERY in row.verbs} == SAMPLES.keys()


SORTS = [(row.path, f.name) for row in RESOURCES if Verb.QUERY in row.verbs for f in row.fields if f.sortable]


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize(("path", "name"), SORTS)
async def test_every_sort_key_pages_to_the_end_and_begins_behind_any_place(
    crm: Crm, path: str, name: str, sign: str
) -> None:
    """The demo records of business 2 are enough to page through, and nobody writes there."""
    calm = crm.but(business=2, user=23)
    body: Fields = {"sort": [f"{sign}{name}", f"{sign}id"], "limit": 4}
    found: list[Fields] = []
    for _ in range(200):
        answer = await calm.say("POST", f"{path}/query", body)
        found += answer["result"]
        if not answer["paging"]["has_more"]:
            break
        body["after_key"] = answer["paging"]["next_key"]
    assert len({record["id"] for record in found}) == len(found) > 4

    def place(record: Fields) -> tuple[Any, int]:
        value = record[name]
        return (value.lower() if isinstance(value, str) else value, record["id"])

    filled = sorted((r for r in found if name in r), key=place, reverse=bool(sign))
    blank = sorted((r for r in found if name not in r), key=lambda r: int(r["id"]), reverse=bool(sign))
    assert found == filled + blank
    for n in (0, len(found) // 2, len(found) - 2):
        after = [found[n].get(name), found[n]["id"]]
        behind = await calm.ok("POST", f"{path}/query", {"sort": body["sort"], "after": after, "limit": 200})
        assert behind == found[n + 1 :]


WRONG = {
    "a task without a title": ("tasks", {"title": None}, "title", "REQUIRED"),
    "an unknown task type": ("tasks", {"task_type": "fax"}, "task_type", "ENUM"),
    "a priority of 4": ("tasks", {"priority_code": 4}, "priority_code", "ENUM"),
    "a completed_at of an open task": ("tasks", {"completed_at": 1}, "completed_at", "STATUS"),
    "a completed_at to come": ("tasks", {"is_done": 1, "completed_at": 4_000_000_000_000}, "completed_at", "FUTURE"),
    "a due_at after 2100": ("tasks", {"due_at": 4_133_980_800_000}, "due_at", "RANGE"),
    "a due_at before 1970": ("tasks", {"due_at": -1}, "due_at", "RANGE"),
    "a note without a body": ("notes", {"body": None}, "body", "REQUIRED"),
    "a blank note": ("notes", {"body": " \n"}, "body", "LEN_MIN"),
    "a note too long": ("notes", {"body": "x" * 20_001}, "body", "LEN_MAX"),
    "a note from the future": ("notes", {"noted_at": 4_000_000_000_000}, "noted_at", "FUTURE"),
    "an activity of no type": ("activity_log", {"activity_type": None}, "activity_type", "REQUIRED"),
    "an unknown outcome": ("activity_log", {"outcome": "lost"}, "outcome", "ENUM"),
    "a direction of 3": ("activity_log", {"direction_code": 3}, "direction_code", "ENUM"),
    "more than a day": ("activity_log", {"duration_ms": 86_400_001}, "duration_ms", "RANGE"),
    "an unknown currency": ("deals", {"amount_minor": 1, "currency": "XXX"}, "currency", "ENUM"),
    "a negative amount": ("deals", {"amount_minor": -1, "currency": "GBP"}, "amount_minor", "RANGE"),
    "an amount without a currency": ("deals", {"amount_minor": 1}, "currency", "REQUIRED"),
    "a currency without an amount": ("deals", {"currency": "GBP"}, "amount_minor", "REQUIRED"),
    "a close date before 1900": ("deals", {"expected_close_date": "1899-12-31"}, "expected_close_date", "RANGE"),
    "a closed_at of an open deal": ("deals", {"closed_at": 1}, "closed_at", "STATUS"),
    "a reason of a won deal": ("deals", {"status_code": 2, "lost_reason": "Price"}, "lost_reason", "STATUS"),
    "21 contacts": ("deals", {"contact_ids": list(range(21))}, "contact_ids", "COUNT_MAX"),
    "a contact twice": ("deals", {"contact_ids": [7, 7]}, "contact_ids", "DUP_ITEM"),
}


@pytest.mark.parametrize(("path", "given", "name", "rule"), WRONG.values(), ids=WRONG.keys())
async def test_a_create_is_refused_with(crm: Crm, path: str, given: Fields, name: str, rule: str) -> None:
    body = {**SAMPLES[path].least, **given}
    refusal = await crm.no("POST", path, {key: value for key, value in body.items() if value is not None})
    assert said(refusal) == ("E_VALIDATION", name, rule)


@pytest.mark.parametrize("path", LINKED)
async def test_a_note_and_an_activity_keep_a_link(crm: Crm, path: str) -> None:
    assert said(await crm.no("POST", path, SAMPLES[path].least)) == ("E_NO_LINK", None, None)
    contact, company = await crm.contact(), await crm.ok("POST", "companies", {"name": "N"})
    made = await crm.ok("POST", path, {**SAMPLES[path].least, "contact_id": contact["id"]})
    own = f"{path}/{made['id']}"
    assert said(await crm.no("PUT", own, {"unset": ["contact_id"]})) == ("E_NO_LINK", None, None)
    await crm.ok("DELETE", f"contacts/{contact['id']}")
    assert (await crm.ok("PUT", own, {"set": {"external_id": fresh("linked")}}))["contact_id"] == contact["id"]
    after = await crm.ok("PUT", own, {"set": {"company_id": company["id"]}, "unset": ["contact_id"]})
    assert "contact_id" not in after


async def test_an_activity_keeps_its_type(crm: Crm) -> None:
    made = await crm.ok("POST", "activity_log", await least(crm, SAMPLES["activity_log"]))
    own = f"activity_log/{made['id']}"
    refusal = await crm.no("PUT", own, {"set": {"activity_type": "sms"}})
    assert said(refusal) == ("E_VALIDATION", "activity_type", "IMMUTABLE")
    assert await crm.ok("PUT", own, {"set": {"activity_type": "call"}}) == made


async def test_the_time_of_a_note_is_now_or_as_given(crm: Crm) -> None:
    link = {"contact_id": (await crm.contact())["id"]}
    now = await crm.ok("POST", "notes", {"body": "x", **link})
    assert now["noted_at"] == now["created_at"]
    assert (await crm.ok("POST", "notes", {"body": "x", "noted_at": 7, **link}))["noted_at"] == 7


@pytest.mark.parametrize("path", [path for path in SAMPLES if path != "contacts"])
async def test_an_external_id_is_one_live_records_of_its_resource(crm: Crm, path: str) -> None:
    given, value = await least(crm, SAMPLES[path]), fresh("erp")
    first = await crm.ok("POST", path, {**given, "external_id": value})
    refusal = await crm.no("POST", path, {**given, "external_id": value})
    assert (*said(refusal), refusal["existing_id"]) == ("E_DUP_EXTERNAL_ID", "external_id", None, first["id"])
    await crm.ok("DELETE", f"{path}/{first['id']}")
    second = await crm.ok("POST", path, {**given, "external_id": value})
    refusal = await crm.no("POST", f"{path}/{first['id']}/undelete")
    assert (*said(refusal), refusal["existing_id"]) == ("E_DUP_EXTERNAL_ID", "external_id", None, second["id"])


async def test_bringing_back_takes_the_right_to_delete_and_a_link(crm: Crm) -> None:
    contact = await crm.contact()
    path = f"contacts/{contact['id']}"
    await crm.ok("DELETE", path)
    other = crm.but(user=MANAGER, permissions=("contacts:write_all",))
    assert said(await other.no("POST", f"{path}/undelete")) == ("E_FORBIDDEN_RECORD", None, None)
    assert (await other.but(permissions=("contacts:delete_all",)).ok("POST", f"{path}/undelete"))["revision"] == 3
    assert said(await crm.no("POST", f"contacts/{NOWHERE}/undelete")) == ("E_NOT_FOUND", None, None)


async def test_a_set_of_ids_is_searched_and_each_new_one_has_to_be_there(crm: Crm) -> None:
    one, two, three = [(await crm.contact())["id"] for _ in range(3)]
    both, alone = await crm.deal(contact_ids=[two, one]), await crm.deal(contact_ids=[three])
    assert both["contact_ids"] == [two, one]
    empty = await crm.deal()
    ours = ["id", "in", [both["id"], alone["id"], empty["id"]]]
    for leaf, found in (
        (["contact_ids", "any", [one, three]], [both, alone]),
        (["contact_ids", "all", [one, two]], [both]),
        (["contact_ids", "none", [one]], [alone, empty]),
        (["contact_ids", "empty", 1], [empty]),
    ):
        assert await crm.ids({"all": [ours, leaf]}, "deals") == [deal["id"] for deal in found]
    await crm.ok("DELETE", f"contacts/{one}")
    path = f"deals/{both['id']}"
    refusal = await crm.no("PUT", path, {"set": {"contact_ids": [one, two, three, NOWHERE]}})
    assert said(refusal) == ("E_BAD_REF", "contact_ids.3", None)
    after = await crm.ok("PUT", path, {"set": {"contact_ids": [one, three]}})
    assert after["contact_ids"] == [one, three]
    assert await crm.ids({"all": [ours, ["contact_ids", "any", [three]]]}, "deals") == [both["id"], alone["id"]]


async def test_an_empty_database_begins_with_every_kind_of_record_in_each_business(crm: Crm) -> None:
    for user in (crm, crm.but(business=2, user=23)):
        for path in SAMPLES:
            answer = await user.say("POST", f"{path}/query", {"with_total": 1, "limit": 200})
            assert answer["paging"]["total"] >= 6, path
        deals = await user.ok("POST", "deals/query", {"limit": 200, "sort": ["id"]})
        assert len({deal["stage_id"] for deal in deals[:14]}) > 4
        assert {deal["status_code"] for deal in deals[:14]} == {1, 2, 3}
        fields = await user.ok("GET", "field_defs?limit=200")
        for resource in ("contacts", "companies", "deals"):
            assert {f["type_code"] for f in fields if f["resource"] == resource} == set(range(1, 13))
        assert fields[0]["options"][0] == {"id": 1, "value": "gold", "label": "Gold"}
