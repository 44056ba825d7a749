"""Every kind of call on every resource, there and back."""

import pytest

from contract.resources import COMPANY, CONTACT, CUSTOM_FIELD, DEAL, PIPELINE, STAGE, TASK, USER, Resource, Writable
from contract.types import CustomType
from tests.component.dialect.conftest import ADMIN, MANAGER, MEMBER
from tests.component.dialect.examples import PLAIN, SIX, a_name, address, kept, least, made, stages_of, whole
from transcoder.backend.interface import (
    Actor,
    Change,
    Profile,
    Query,
    Record,
    RecordCollection,
    Refusal,
    WriteAbsent,
    WriteDone,
    WriteResult,
    WriteTerms,
)
from transcoder.dialect.backend import CrmBackend

EACH_OF_SIX = pytest.mark.parametrize("resource", SIX, ids=lambda resource: resource.name)


def everything(**changes: object) -> Query:
    plain: dict[str, object] = {"where": None, "text": None, "order_by": "created_at", "descending": True, "limit": 50}
    return Query(**plain | {"deleted": "exclude", "with_total": False, "place": None} | changes)  # type: ignore[arg-type]


def action(resource: Resource, name: str):
    return next(row for row in resource.actions if row.name == name)


@EACH_OF_SIX
async def test_a_record_comes_back_as_it_was_written(resource: Resource, crm: CrmBackend, actor: Actor) -> None:
    values = await whole(crm, actor, resource)
    writable = {row.name for row in resource.fields if row.write is not Writable.NEVER}
    assert values.keys() == writable, "the example has every field that can be written"
    written = kept(await crm.create(RecordCollection(resource), values, PLAIN, actor))
    assert {name: written.values[name] for name in values} == values
    assert written.values["created_by_id"] == ADMIN
    assert (written.revision, written.deleted_at_ms) == (1, None)
    assert await crm.get(RecordCollection(resource), written.number, actor) == written


@EACH_OF_SIX
async def test_every_field_that_can_be_null_can_be_cleared(resource: Resource, crm: CrmBackend, actor: Actor) -> None:
    values = await whole(crm, actor, resource)
    kept_fields = {"email", "contact_id"}  # each record must keep one of its identities or links
    clearable = [
        row.name
        for row in resource.fields
        if row.nullable and row.write is Writable.ALWAYS and row.name not in kept_fields
    ]
    written = kept(await crm.create(RecordCollection(resource), values, PLAIN, actor))
    outcome = await crm.update(RecordCollection(resource), written.number, dict.fromkeys(clearable), PLAIN, actor)
    assert {kept(outcome).values.get(name) for name in clearable} == {None}
    assert kept(outcome).revision == 2


@EACH_OF_SIX
async def test_a_deleted_record_can_be_read_and_restored(resource: Resource, crm: CrmBackend, actor: Actor) -> None:
    shelf, record = RecordCollection(resource), await made(crm, actor, resource)
    assert await crm.delete(shelf, record.number, WriteTerms(revision=1), actor) is None
    deleted = kept(await crm.get(shelf, record.number, actor))
    assert deleted.deleted_at_ms is not None
    refusal = await crm.update(shelf, record.number, {}, PLAIN, actor)
    assert isinstance(refusal, Refusal)
    assert (refusal.problem.code, refusal.members["merged_into"]) == ("resource-deleted", None)
    restored = kept(await crm.restore(shelf, record.number, PLAIN, actor))
    assert (restored.deleted_at_ms, restored.number) == (None, record.number)


@EACH_OF_SIX
async def test_upserts_create_then_change_then_find_nothing_to_do(
    resource: Resource, crm: CrmBackend, actor: Actor
) -> None:
    shelf = RecordCollection(resource)
    values = await least(crm, actor, resource) | {"external_id": a_name("erp")}
    first = await crm.upsert(shelf, "external_id", values, WriteTerms(revision=0), actor)
    second = await crm.upsert(shelf, "external_id", values | {"owner_id": MANAGER}, PLAIN, actor)
    third = await crm.upsert(shelf, "external_id", values | {"owner_id": MANAGER}, PLAIN, actor)
    told = [(each.created, each.changed) for each in (first, second, third) if isinstance(each, WriteResult)]
    assert told == [(True, True), (False, True), (False, False)]
    assert kept(third) == kept(second)
    assert kept(second).number == kept(first).number
    unexpected = await crm.upsert(shelf, "external_id", values, WriteTerms(revision=0), actor)
    assert isinstance(unexpected, Refusal)
    assert (unexpected.problem.code, unexpected.revision) == ("precondition-failed", 2)


@EACH_OF_SIX
async def test_more_than_one_call_takes_come_back_in_order(resource: Resource, crm: CrmBackend, actor: Actor) -> None:
    shelf, base = RecordCollection(resource), await least(crm, actor, resource)
    names = [a_name("batch") for _ in range(53)]
    made_now = await crm.batch_create(shelf, [base | {"external_id": name} for name in names], PLAIN, actor)
    records = [kept(each) for each in made_now]
    assert [record.values["external_id"] for record in records] == names
    numbers = [record.number for record in records]
    found = await crm.batch_get(shelf, [*numbers, 10**12], actor)
    assert found[:-1] == records
    assert isinstance(found[-1], Refusal)
    assert found[-1].problem.code == "resource-not-found"

    changes = [Change(number, {"owner_id": MANAGER}, 1 + (index == 7)) for index, number in enumerate(numbers)]
    changed = await crm.batch_update(shelf, changes, PLAIN, actor)
    stale = changed.pop(7)
    assert isinstance(stale, Refusal)
    assert (stale.problem.code, stale.revision) == ("precondition-failed", 1)
    assert {kept(each).values["owner_id"] for each in changed} == {MANAGER}

    upserts = [base | {"external_id": name} for name in [*names[:51], a_name("new")]]
    upserted = await crm.batch_upsert(shelf, "external_id", upserts, PLAIN, actor)
    assert [each.created for each in upserted if isinstance(each, WriteResult)] == [False] * 51 + [True]

    assert await crm.batch_delete(shelf, numbers, PLAIN, actor) == [None] * 53
    gone = await crm.batch_delete(shelf, numbers[:1], PLAIN, actor)
    assert isinstance(gone[0], Refusal)
    assert gone[0].problem.code == "resource-deleted"


@EACH_OF_SIX
async def test_what_is_tried_dry_is_answered_and_not_done(resource: Resource, crm: CrmBackend, actor: Actor) -> None:
    shelf, dry = RecordCollection(resource), WriteTerms(dry_run=True)
    base = await least(crm, actor, resource)
    name = a_name("dry")
    tried = await crm.create(shelf, base | {"external_id": name}, dry, actor)
    assert kept(tried).number == 0
    tried = await crm.upsert(shelf, "external_id", base | {"external_id": name}, dry, actor)
    assert isinstance(tried, WriteResult)
    assert (tried.created, tried.record.number) == (True, 0)
    (tried_item,) = await crm.batch_create(shelf, [base | {"external_id": name}], dry, actor)
    assert kept(tried_item).number == 0
    record = await made(crm, actor, resource, external_id=name)
    would_be = kept(await crm.update(shelf, record.number, {"owner_id": MANAGER}, dry, actor))
    assert would_be.values["owner_id"] == MANAGER
    gone = await crm.delete(shelf, record.number, dry, actor)
    assert isinstance(gone, Record)
    assert gone.deleted_at_ms is not None
    (gone_item,) = await crm.batch_delete(shelf, [record.number], dry, actor)
    assert isinstance(gone_item, Record)
    assert await crm.get(shelf, record.number, actor) == record


async def test_a_key_makes_one_record_however_often_it_is_sent(crm: CrmBackend, actor: Actor) -> None:
    shelf, key = RecordCollection(CONTACT), a_name("key")
    assert await crm.outcome(key, actor) == WriteAbsent()
    first = kept(await crm.create(shelf, {"last_name": "Okafor"}, WriteTerms(dedupe_key=key), actor))
    again = kept(await crm.create(shelf, {"last_name": "Okafor"}, WriteTerms(dedupe_key=key), actor))
    assert again == first
    assert await crm.outcome(key, actor) == WriteDone(first.number)
    other = await crm.create(shelf, {"last_name": "Hall"}, WriteTerms(dedupe_key=key), actor)
    assert isinstance(other, Refusal)
    assert other.problem.code == "idempotency-key-reused"
    batch = a_name("key")
    items = [{"last_name": f"Okafor {index}"} for index in range(60)]
    made_once = await crm.batch_create(shelf, items, WriteTerms(dedupe_key=batch), actor)
    assert await crm.batch_create(shelf, items, WriteTerms(dedupe_key=batch), actor) == made_once


TAGGED = pytest.mark.parametrize("resource", (CONTACT, COMPANY, DEAL), ids=lambda resource: resource.name)


@TAGGED
async def test_tags_are_added_and_removed_without_regard_to_case(
    resource: Resource, crm: CrmBackend, actor: Actor
) -> None:
    shelf, record = RecordCollection(resource), await made(crm, actor, resource, tags=["VIP"])
    added = await crm.act(shelf, action(resource, "add_tags"), record.number, {"tags": ["vip", "new"]}, PLAIN, actor)
    assert kept(added).values["tags"] == ["VIP", "new"]
    terms = WriteTerms(revision=kept(added).revision)
    removed = await crm.act(shelf, action(resource, "remove_tags"), record.number, {"tags": ["Vip"]}, terms, actor)
    assert kept(removed).values["tags"] == ["new"]
    stale = await crm.act(shelf, action(resource, "add_tags"), record.number, {"tags": ["x"]}, terms, actor)
    assert isinstance(stale, Refusal)
    assert stale.problem.code == "precondition-failed"


async def test_a_deal_is_won_lost_reopened_and_moved(crm: CrmBackend, actor: Actor) -> None:
    shelf = RecordCollection(DEAL)
    pipeline = await made(crm, actor, PIPELINE)
    first, second = (stage.number for stage in pipeline.values["stages"])

    async def act(number: int, name: str, **values: object) -> Record:
        return kept(await crm.act(shelf, action(DEAL, name), number, values, PLAIN, actor))

    deal = await made(crm, actor, DEAL, pipeline_id=pipeline.number)
    assert deal.values["stage_id"] == first
    assert (await act(deal.number, "move", stage_id=second)).values["stage_id"] == second
    won = await act(deal.number, "win", closed_at=1_740_000_000_000)
    assert (won.values["status"], won.values["closed_at"]) == ("won", 1_740_000_000_000)
    reopened = await act(deal.number, "reopen", stage_id=first)
    assert (reopened.values["status"], reopened.values["stage_id"]) == ("open", first)
    assert reopened.values.get("closed_at") is None
    lost = await act(deal.number, "lose", closed_at=None, lost_reason="Price")
    assert (lost.values["status"], lost.values["lost_reason"]) == ("lost", "Price")
    assert (await act(deal.number, "lose", closed_at=1_740_000_000_000)).values["lost_reason"] == "Price"
    assert (await act(deal.number, "lose", lost_reason=None)).values.get("lost_reason") is None
    refusal = await crm.act(shelf, action(DEAL, "win"), deal.number, {}, PLAIN, actor)
    assert isinstance(refusal, Refusal)
    assert (refusal.problem.code, refusal.members, refusal.errors) == (
        "business-rule-violated",
        {"rule": "deal-state"},
        (),
    )


async def test_a_task_is_completed_and_reopened(crm: CrmBackend, actor: Actor) -> None:
    shelf, task = RecordCollection(TASK), await made(crm, actor, TASK)
    values = {"completed_at": 1_740_000_000_000}
    done = kept(await crm.act(shelf, action(TASK, "complete"), task.number, values, PLAIN, actor))
    assert (done.values["status"], done.values["completed_at"]) == ("completed", 1_740_000_000_000)
    again = kept(await crm.act(shelf, action(TASK, "complete"), task.number, {"completed_at": None}, PLAIN, actor))
    assert again == done
    reopened = kept(await crm.act(shelf, action(TASK, "reopen"), task.number, {}, PLAIN, actor))
    assert reopened.values["status"] == "open"
    assert reopened.values.get("completed_at") is None


async def test_a_pipeline_shows_its_stages_and_positions_count_from_nought(crm: CrmBackend, actor: Actor) -> None:
    pipeline, shelf = await stages_of(crm, actor)
    shown = pipeline.values["stages"]
    assert [(stage.values["name"], stage.values["position"], stage.values["probability"]) for stage in shown] == [
        ("Intro", 0, 0),
        ("Signed", 1, 90),
    ]
    inserted = kept(await crm.create(shelf, {"name": "Talks", "position": 1, "probability": 40}, PLAIN, actor))
    assert (inserted.values["position"], inserted.values["pipeline_id"]) == (1, pipeline.number)
    moved = kept(await crm.update(shelf, inserted.number, {"position": 0}, PLAIN, actor))
    assert moved.values["position"] == 0
    page = await crm.page(shelf, everything(order_by="position", descending=False, with_total=True), actor)
    assert not isinstance(page, Refusal)
    assert [record.values["name"] for record in page.records] == ["Talks", "Intro", "Signed"]
    assert page.total == 3
    again = kept(await crm.get(RecordCollection(PIPELINE), pipeline.number, actor))
    assert again.values["stages"] == page.records
    tried = await crm.create(
        RecordCollection(PIPELINE), {"name": a_name("Dry"), "stages": [{"name": "A"}]}, WriteTerms(dry_run=True), actor
    )
    assert (kept(tried).number, kept(tried).values["stages"][0].number) == (0, 0)
    assert await crm.delete(shelf, inserted.number, PLAIN, actor) is None
    assert kept(await crm.restore(shelf, inserted.number, PLAIN, actor)).values["position"] == 2
    assert await crm.delete(RecordCollection(PIPELINE), pipeline.number, PLAIN, actor) is None
    assert kept(await crm.restore(RecordCollection(PIPELINE), pipeline.number, PLAIN, actor)).number == pipeline.number
    nothing = await crm.get(RecordCollection(STAGE, 10**9), inserted.number, actor)
    assert isinstance(nothing, Refusal)
    assert nothing.problem.code == "resource-not-found"


async def test_users_and_custom_fields_are_listed_whole(crm: CrmBackend, actor: Actor) -> None:
    users = await crm.page(RecordCollection(USER), everything(limit=3, descending=False, with_total=True), actor)
    assert not isinstance(users, Refusal)
    assert (len(users.records), users.total) == (3, 5)
    rest = await crm.page(RecordCollection(USER), everything(limit=3, descending=False, place=users.next_place), actor)
    assert not isinstance(rest, Refusal)
    assert rest.next_place is None
    assert len({record.number for record in (*users.records, *rest.records)}) == 5
    member = kept(await crm.get(RecordCollection(USER), MEMBER, actor))
    assert member.values["full_name"] == "Sam Rivera"
    assert (member.values["role"], member.values["status"]) == ("member", "active")
    assert member.values["time_zone"] == "Europe/London"
    fields = await crm.page(RecordCollection(CUSTOM_FIELD), everything(limit=200), actor)
    assert not isinstance(fields, Refusal)
    tier = next(record.values for record in fields.records if record.values["key"] == "loyalty_tier")
    assert (tier["resource"], tier["type"], tier["options"][0]) == (
        "contacts",
        "select",
        {"value": "gold", "label": "Gold"},
    )
    assert {record.values["type"] for record in fields.records} == {kind.value for kind in CustomType}


async def test_the_profile_is_the_business_and_the_user(crm: CrmBackend, actor: Actor) -> None:
    profile = await crm.profile(actor)
    assert isinstance(profile, Profile)
    assert profile.business == {
        "id": 1,
        "name": "Acme Brokers",
        "plan": "growth",
        "default_currency": "GBP",
        "time_zone": "Europe/London",
    }
    assert (profile.user["id"], profile.user["full_name"], profile.user["role"]) == (11, "Alice Hargreaves", "admin")
    assert await crm.default_currency(actor) == "GBP"


async def test_an_address_is_patched_member_by_member(crm: CrmBackend, actor: Actor) -> None:
    shelf, record = (
        RecordCollection(COMPANY),
        await made(crm, actor, COMPANY, address=address(city="Bristol", country="GB")),
    )
    patched = await crm.update(shelf, record.number, {"address": {"city": None, "line1": "Quay"}}, PLAIN, actor)
    assert kept(patched).values["address"] == address(line1="Quay", country="GB")
    cleared = await crm.update(shelf, record.number, {"address": None}, PLAIN, actor)
    assert kept(cleared).values.get("address") is None
