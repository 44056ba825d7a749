"""Actions: tags, and the states of deals and tasks."""

from typing import Any

import pytest

from tests.sandbox.crm import MANAGER, NOWHERE, Crm, said

Record = dict[str, Any]
FUTURE_MS = 4_000_000_000_000
WON, LOST = 2, 3


async def stages_of(crm: Crm, name: str = "Sales") -> list[Record]:
    """The stages of a pipeline that every business begins with."""
    found = await crm.ok("GET", "pipelines?limit=200&offset=0&with_deleted=0")
    return next(list(pipeline["stages"]) for pipeline in found if pipeline["name"] == name)


# Tags


async def test_tags_are_added_in_any_case_once_and_removed_in_any_case(crm: Crm) -> None:
    contact = await crm.contact(tags=["VIP"])
    path = f"contacts/{contact['id']}/tags"
    after = await crm.ok("POST", path, {"add": ["vip", "News", "b"], "expected_revision": 1})
    assert (after["tags"], after["revision"]) == (["VIP", "News", "b"], 2)
    assert await crm.ok("POST", path, {"add": ["NEWS"]}) == after
    assert await crm.ok("POST", path, {"remove": ["gone"]}) == after
    left = await crm.ok("POST", path, {"remove": ["vip", "NEWS", "gone"]})
    assert (left["tags"], left["revision"]) == (["b"], 3)
    assert await crm.ids({"all": [["id", "=", contact["id"]], ["tags", "any", ["b"]], ["tags", "none", ["vip"]]]})


async def test_tags_are_fifty_at_most(crm: Crm) -> None:
    contact = await crm.contact(tags=[f"t{n}" for n in range(49)])
    path = f"contacts/{contact['id']}/tags"
    assert said(await crm.no("POST", path, {"add": ["a", "b"]})) == ("E_VALIDATION", "tags", "COUNT_MAX")
    assert len((await crm.ok("POST", path, {"add": ["a", "T1"]}))["tags"]) == 50


async def test_tags_that_are_none_are_refused(crm: Crm) -> None:
    path = f"contacts/{(await crm.contact())['id']}/tags"
    for tags, rule in (([""], "LEN_MIN"), (["a", "A"], "DUP_ITEM"), ("a", "TYPE"), (None, "NULL")):
        assert said(await crm.no("POST", path, {"add": tags})) == ("E_VALIDATION", "tags", rule)
    for body in ({}, {"add": ["a"], "remove": ["b"]}):
        assert (await crm.raw("POST", path, body))[0] == 400
    assert said(await crm.no("POST", path, {"add": ["a"], "expected_revision": 2}))[0] == "E_STALE_REV"
    assert said(await crm.but(user=MANAGER).no("POST", path, {"add": ["a"]}))[0] == "E_FORBIDDEN_RECORD"
    assert (await crm.raw("POST", "tasks/1/tags", {"add": ["a"]}))[0] == 404


# Placing


async def test_a_new_deal_is_placed(crm: Crm) -> None:
    sales, partners = await stages_of(crm), await stages_of(crm, "Partners")
    for given, stage in (
        ({}, sales[0]),
        ({"pipeline_id": partners[0]["pipeline_id"]}, partners[0]),
        ({"stage_id": partners[2]["id"]}, partners[2]),
        ({"stage_id": sales[1]["id"], "pipeline_id": sales[1]["pipeline_id"]}, sales[1]),
        ({"stage_id": sales[3]["id"], "status_code": WON}, sales[3]),
    ):
        deal = await crm.deal(**given)
        assert (deal["stage_id"], deal["pipeline_id"]) == (stage["id"], stage["pipeline_id"])
        assert deal["stage_entered_at"] == deal["created_at"]


async def test_a_new_deal_is_not_placed_where_there_is_nothing(crm: Crm) -> None:
    sales, partners = await stages_of(crm), await stages_of(crm, "Partners")
    both = {"title": "T", "stage_id": partners[0]["id"], "pipeline_id": sales[0]["pipeline_id"]}
    assert said(await crm.no("POST", "deals", both)) == ("E_STAGE_MISMATCH", "stage_id", None)
    theirs = (await stages_of(crm.but(business=2, user=23)))[0]
    for name, target in (
        ("stage_id", NOWHERE),
        ("stage_id", theirs["id"]),
        ("pipeline_id", NOWHERE),
        ("pipeline_id", theirs["pipeline_id"]),
    ):
        assert said(await crm.no("POST", "deals", {"title": "T", name: target})) == ("E_BAD_REF", name, None)


async def test_a_deal_comes_in_from_history(crm: Crm) -> None:
    lost = await crm.deal(status_code=LOST, closed_at=7, lost_reason="Price")
    assert (lost["status_code"], lost["closed_at"], lost["lost_reason"]) == (LOST, 7, "Price")
    won = await crm.deal(status_code=WON)
    assert won["closed_at"] == won["created_at"]


async def test_a_deals_place_and_state_are_not_for_updates(crm: Crm) -> None:
    deal = await crm.deal()
    other = (await stages_of(crm))[1]["id"]
    for name, value in (("stage_id", other), ("status_code", WON), ("closed_at", 7), ("lost_reason", "x")):
        refusal = await crm.no("PUT", f"deals/{deal['id']}", {"set": {name: value}})
        assert said(refusal) == ("E_VALIDATION", name, "IMMUTABLE")
    assert await crm.ok("PUT", f"deals/{deal['id']}", {"set": {"status_code": 1}}) == deal


async def test_an_amount_and_its_currency_come_and_go_together(crm: Crm) -> None:
    deal = await crm.deal(amount_minor=100, currency="GBP")
    path = f"deals/{deal['id']}"
    assert said(await crm.no("PUT", path, {"unset": ["currency"]})) == ("E_VALIDATION", "currency", "REQUIRED")
    assert said(await crm.no("PUT", path, {"unset": ["amount_minor"]})) == ("E_VALIDATION", "amount_minor", "REQUIRED")
    assert (await crm.ok("PUT", path, {"set": {"amount_minor": 7}}))["currency"] == "GBP"
    after = await crm.ok("PUT", path, {"unset": ["amount_minor", "currency"]})
    assert "currency" not in after


# States


def state(deal: Record) -> tuple[int, int | None, str | None]:
    return deal["status_code"], deal.get("closed_at"), deal.get("lost_reason")


async def test_a_deal_is_won_lost_and_opened_again(crm: Crm) -> None:
    deal = await crm.deal()
    path = f"deals/{deal['id']}/status"
    won = await crm.ok("POST", path, {"status_code": WON, "expected_revision": 1})
    assert state(won) == (WON, won["updated_at"], None)
    assert await crm.ok("POST", path, {"status_code": WON}) == won
    assert state(await crm.ok("POST", path, {"status_code": WON, "closed_at": 7})) == (WON, 7, None)
    assert said(await crm.no("POST", path, {"status_code": LOST})) == ("E_BAD_STATE", None, None)
    opened = await crm.ok("POST", path, {"status_code": 1})
    assert (state(opened), opened["stage_id"]) == ((1, None, None), deal["stage_id"])
    assert opened["stage_entered_at"] == deal["stage_entered_at"]
    assert await crm.ok("POST", path, {"status_code": 1, "stage_id": deal["stage_id"]}) == opened
    lost = await crm.ok("POST", path, {"status_code": LOST, "closed_at": 8, "lost_reason": "Price"})
    assert state(lost) == (LOST, 8, "Price")
    assert await crm.ok("POST", path, {"status_code": LOST}) == lost
    assert state(await crm.ok("POST", path, {"status_code": LOST, "lost_reason": None})) == (LOST, 8, None)
    assert said(await crm.no("POST", path, {"status_code": WON})) == ("E_BAD_STATE", None, None)
    assert state(await crm.ok("POST", path, {"status_code": 1})) == (1, None, None)


async def test_a_deal_is_opened_again_in_another_stage_of_any_pipeline(crm: Crm) -> None:
    target = (await stages_of(crm, "Partners"))[1]
    deal = await crm.deal(status_code=WON)
    path = f"deals/{deal['id']}/status"
    opened = await crm.ok("POST", path, {"status_code": 1, "stage_id": target["id"]})
    assert (opened["stage_id"], opened["pipeline_id"]) == (target["id"], target["pipeline_id"])
    assert opened["stage_entered_at"] == opened["updated_at"]
    other = (await stages_of(crm))[0]
    body = {"status_code": 1, "stage_id": other["id"]}
    assert said(await crm.no("POST", path, body)) == ("E_BAD_STATE", None, None)


async def test_an_open_deal_is_moved(crm: Crm) -> None:
    deal, target = await crm.deal(), (await stages_of(crm, "Partners"))[0]
    path = f"deals/{deal['id']}/stage"
    moved = await crm.ok("POST", path, {"stage_id": target["id"], "expected_revision": 1})
    assert (moved["stage_id"], moved["pipeline_id"]) == (target["id"], target["pipeline_id"])
    assert moved["stage_entered_at"] == moved["updated_at"] > deal["updated_at"]
    assert await crm.ok("POST", path, {"stage_id": target["id"]}) == moved
    assert said(await crm.no("POST", path, {"stage_id": NOWHERE})) == ("E_BAD_REF", "stage_id", None)
    assert said(await crm.no("POST", path, {})) == ("E_VALIDATION", "stage_id", "REQUIRED")
    await crm.ok("POST", f"deals/{deal['id']}/status", {"status_code": WON})
    for stage_id in (target["id"], deal["stage_id"]):
        assert said(await crm.no("POST", path, {"stage_id": stage_id})) == ("E_BAD_STATE", None, None)


async def test_a_task_is_done_and_opened_again(crm: Crm) -> None:
    task = await crm.ok("POST", "tasks", {"title": "T"})
    path = f"tasks/{task['id']}/done"
    done = await crm.ok("POST", path, {"done": 1, "expected_revision": 1})
    assert (done["is_done"], done["completed_at"]) == (1, done["updated_at"])
    assert await crm.ok("POST", path, {"done": 1}) == done
    assert (await crm.ok("POST", path, {"done": 1, "completed_at": 7}))["completed_at"] == 7
    opened = await crm.ok("POST", path, {"done": 0})
    assert (opened["is_done"], "completed_at" in opened) == (0, False)
    assert await crm.ok("POST", path, {"done": 0}) == opened


REFUSED: dict[str, tuple[str, Record, object]] = {
    "an unknown status": ("deals", {"status_code": 4}, ("E_VALIDATION", "status_code", "ENUM")),
    "no status": ("deals", {}, ("E_VALIDATION", "status_code", "REQUIRED")),
    "a closing to come": ("deals", {"status_code": 2, "closed_at": FUTURE_MS}, ("E_VALIDATION", "closed_at", "FUTURE")),
    "a null closing": ("deals", {"status_code": 2, "closed_at": None}, ("E_VALIDATION", "closed_at", "NULL")),
    "an empty reason": ("deals", {"status_code": 3, "lost_reason": ""}, ("E_VALIDATION", "lost_reason", "LEN_MIN")),
    "a stage that is none": ("deals", {"status_code": 1, "stage_id": "x"}, ("E_VALIDATION", "stage_id", "TYPE")),
    "a reason to win": ("deals", {"status_code": 2, "lost_reason": "x"}, 400),
    "a stage to win in": ("deals", {"status_code": 2, "stage_id": 1}, 400),
    "an instant of opening": ("deals", {"status_code": 1, "closed_at": 7}, 400),
    "done as a word": ("tasks", {"done": True}, ("E_VALIDATION", "done", "TYPE")),
    "a late end": ("tasks", {"done": 1, "completed_at": FUTURE_MS}, ("E_VALIDATION", "completed_at", "FUTURE")),
    "a stage of a task": ("tasks", {"done": 0, "stage_id": 1}, 400),
}  # fmt: skip


@pytest.mark.parametrize(("path", "body", "answer"), REFUSED.values(), ids=REFUSED.keys())
async def test_an_action_is_refused_with(crm: Crm, path: str, body: Record, answer: object) -> None:
    record = await crm.ok("POST", path, {"title": "T"})
    word = "status" if path == "deals" else "done"
    status, told = await crm.raw("POST", f"{path}/{record['id']}/{word}", body)
    assert (status if answer == 400 else said(told)) == answer


@pytest.mark.parametrize("call", ["status", "stage", "tags"])
async def test_an_action_is_checked_in_the_usual_order(crm: Crm, call: str) -> None:
    deal = await crm.deal()
    body: Record = {"status": {"status_code": 1, "stage_id": NOWHERE}, "stage": {"stage_id": NOWHERE}}.get(
        call, {"add": ["x"]}
    )
    other, path = crm.but(user=MANAGER), f"deals/{deal['id']}/{call}"
    missing = await other.no("POST", f"deals/{NOWHERE}/{call}", {**body, "expected_revision": 9})
    assert said(missing)[0] == "E_NOT_FOUND"
    assert said(await other.no("POST", path, {**body, "expected_revision": 9}))[0] == "E_STALE_REV"
    assert said(await other.no("POST", path, body))[0] == "E_FORBIDDEN_RECORD"
    if call != "tags":
        assert said(await crm.no("POST", path, body)) == ("E_BAD_REF", "stage_id", None)
    await crm.ok("DELETE", f"deals/{deal['id']}")
    assert said(await crm.no("POST", path, body))[0] == "E_DELETED"
