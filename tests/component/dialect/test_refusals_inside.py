"""What the CRM refuses is told at the right place; what fails is told as what is known of it."""

from typing import Any

import pytest

from contract.resources import COMPANY, CONTACT, DEAL, NOTE, PIPELINE, STAGE, TASK, Resource
from tests.component.dialect.conftest import ADMIN, BUSINESS, INACTIVE, MANAGER, Faults, an_actor, hurried
from tests.component.dialect.examples import PLAIN, a_name, kept, least, made, stages_of
from tests.component.dialect.test_records_inside import action, everything
from transcoder.backend.interface import Actor, Change, RecordCollection, Refusal, WriteResult, WriteTerms
from transcoder.dialect.backend import CrmBackend
from transcoder.presentation.errors import ApiError


def told(outcome: Any) -> tuple[str, list[tuple[str | None, str]] | None]:
    """The problem and its items."""
    assert isinstance(outcome, Refusal), outcome
    items = None if outcome.errors is None else [(item.pointer, item.code) for item in outcome.errors]
    return outcome.problem.code, items


INVALID: dict[str, tuple[Resource, dict[str, Any], str, str]] = {
    "an e-mail address": (CONTACT, {"email": "x"}, "/email", "invalid-email"),
    "a phone number": (CONTACT, {"phone": "x"}, "/phone", "invalid-phone"),
    "a day": (CONTACT, {"birth_date": "1988-02-30"}, "/birth_date", "invalid-date"),
    "a day to come": (CONTACT, {"birth_date": "2099-01-01"}, "/birth_date", "out-of-range"),
    "a name": (CONTACT, {"first_name": "a\x01"}, "/first_name", "invalid-characters"),
    "too long a name": (CONTACT, {"first_name": "a" * 101}, "/first_name", "too-long"),
    "a country": (CONTACT, {"address": {"country": "XX"}}, "/address/country", "unknown-value"),
    "a company": (CONTACT, {"company_id": 10**9}, "/company_id", "reference-not-found"),
    "an owner who is inactive": (CONTACT, {"owner_id": INACTIVE}, "/owner_id", "reference-not-found"),
    "a domain": (COMPANY, {"domain": "x"}, "/domain", "invalid-domain"),
    "a url": (COMPANY, {"website": "x"}, "/website", "invalid-url"),
    "a number": (COMPANY, {"employee_count": -1}, "/employee_count", "out-of-range"),
    "the second contact": (DEAL, {"contact_ids": [10**9]}, "/contact_ids/0", "reference-not-found"),
    "an instant to come": (NOTE, {"occurred_at": 4 * 10**12}, "/occurred_at", "out-of-range"),
    "too many tags": (CONTACT, {"tags": [str(n) for n in range(51)]}, "/tags", "too-many-items"),
    "a tag twice": (CONTACT, {"tags": ["VIP", "vip"]}, "/tags", "duplicate-item"),
    "an own e-mail address": (
        CONTACT,
        {"custom_fields": {"private_email": "x"}},
        "/custom_fields/private_email",
        "invalid-email",
    ),
    "an own number": (CONTACT, {"custom_fields": {"seats": 10**13}}, "/custom_fields/seats", "out-of-range"),
    "an own user": (
        CONTACT,
        {"custom_fields": {"account_manager": 10**9}},
        "/custom_fields/account_manager",
        "reference-not-found",
    ),
    "a currency alone": (DEAL, {"currency": "GBP"}, "/amount", "required"),
}


@pytest.mark.parametrize(("resource", "values", "at", "code"), INVALID.values(), ids=INVALID)
async def test_the_crm_refuses(
    resource: Resource, values: dict[str, Any], at: str, code: str, crm: CrmBackend, actor: Actor
) -> None:
    body = await least(crm, actor, resource) | values
    assert told(await crm.create(RecordCollection(resource), body, PLAIN, actor)) == ("validation-failed", [(at, code)])
    good = await least(crm, actor, resource)
    outcomes = await crm.batch_create(RecordCollection(resource), [good, body], PLAIN, actor)
    assert isinstance(outcomes[0], WriteResult)
    assert told(outcomes[1]) == ("validation-failed", [(at, code)]), "an item's pointers start at its own body"


async def test_a_stage_of_a_new_pipeline_is_refused_at_its_place(crm: CrmBackend, actor: Actor) -> None:
    async def create(*stages: dict[str, Any]) -> Any:
        return told(
            await crm.create(RecordCollection(PIPELINE), {"name": a_name(), "stages": list(stages)}, PLAIN, actor)
        )

    assert await create({"name": "A"}, {"name": "a"}) == ("validation-failed", [("/stages/1/name", "duplicate-item")])
    long = {"name": "A", "probability": 101}
    assert await create({"name": "B"}, long) == ("validation-failed", [("/stages/1/probability", "out-of-range")])


async def test_taken_values_name_the_record_that_has_them(crm: CrmBackend, actor: Actor) -> None:
    email, key = f"{a_name()}@x.example", a_name("erp")
    first = await made(crm, actor, CONTACT, email=email, external_id=key)
    for field, value in (("email", email), ("external_id", key)):
        refusal = await crm.create(RecordCollection(CONTACT), {"last_name": "x", field: value}, PLAIN, actor)
        assert told(refusal) == ("duplicate-resource", [(f"/{field}", "duplicate-value")])
        assert (refusal.members, refusal.existing) == ({"field": field}, first.number)
    await crm.delete(RecordCollection(CONTACT), first.number, PLAIN, actor)
    await made(crm, actor, CONTACT, email=email)
    assert told(await crm.restore(RecordCollection(CONTACT), first.number, PLAIN, actor)) == ("duplicate-resource", [])
    pipeline = await made(crm, actor, PIPELINE)
    named = {"name": pipeline.values["name"].upper(), "stages": [{"name": "A"}]}
    refusal = await crm.create(RecordCollection(PIPELINE), named, PLAIN, actor)
    assert told(refusal) == ("duplicate-resource", [("/name", "duplicate-value")])
    assert (refusal.members, refusal.existing) == ({"field": "name"}, pipeline.number)


async def test_two_matches_are_ambiguous(crm: CrmBackend, actor: Actor) -> None:
    domain = f"{a_name('branch')}.example"
    for _ in range(2):
        await made(crm, actor, COMPANY, domain=domain)
    values = {"name": "Branch", "domain": domain}
    assert told(await crm.upsert(RecordCollection(COMPANY), "domain", values, PLAIN, actor)) == ("ambiguous-match", [])


async def test_rules_are_named_and_told_where_there_is_a_place(crm: CrmBackend, actor: Actor) -> None:
    def broken(outcome: Any) -> tuple[Any, Any]:
        code, items = told(outcome)
        assert code == "business-rule-violated"
        return outcome.members["rule"], items

    assert broken(await crm.create(RecordCollection(CONTACT), {"job_title": "x"}, PLAIN, actor)) == (
        "contact-needs-identity",
        [("", "rule-violated")],
    )
    assert broken(await crm.create(RecordCollection(NOTE), {"body": "x"}, PLAIN, actor)) == (
        "link-required",
        [("", "rule-violated")],
    )
    (pipeline, stages), (other, _) = [await stages_of(crm, actor) for _ in range(2)]
    placed = {"title": "x", "pipeline_id": pipeline.number, "stage_id": other.values["stages"][0].number}
    assert broken(await crm.create(RecordCollection(DEAL), placed, PLAIN, actor)) == (
        "stage-not-in-pipeline",
        [("/stage_id", "rule-violated")],
    )
    default = await default_pipeline(crm, actor)
    assert broken(await crm.update(RecordCollection(PIPELINE), default, {"is_default": False}, PLAIN, actor)) == (
        "default-pipeline",
        [("/is_default", "rule-violated")],
    )
    assert broken(await crm.delete(RecordCollection(PIPELINE), default, PLAIN, actor)) == ("default-pipeline", [])
    first, last = (stage.number for stage in pipeline.values["stages"])
    await crm.delete(stages, first, PLAIN, actor)
    assert broken(await crm.delete(stages, last, PLAIN, actor)) == ("last-stage", [])


async def default_pipeline(crm: CrmBackend, actor: Actor) -> int:
    page = await crm.page(RecordCollection(PIPELINE), everything(), actor)
    assert not isinstance(page, Refusal)
    return next(record.number for record in page.records if record.values["is_default"])


async def test_what_is_in_use_stays_and_what_lost_its_stage_is_not_restored(crm: CrmBackend, actor: Actor) -> None:
    pipeline, stages = await stages_of(crm, actor)
    first = pipeline.values["stages"][0].number
    deal = await made(crm, actor, DEAL, pipeline_id=pipeline.number)
    assert told(await crm.delete(stages, first, PLAIN, actor)) == ("resource-in-use", [])
    assert told(await crm.delete(RecordCollection(PIPELINE), pipeline.number, PLAIN, actor)) == ("resource-in-use", [])
    await crm.delete(RecordCollection(DEAL), deal.number, PLAIN, actor)
    assert await crm.delete(stages, first, PLAIN, actor) is None
    blocked = await crm.restore(RecordCollection(DEAL), deal.number, PLAIN, actor)
    assert told(blocked) == ("conflict", [])
    assert blocked.members == {"retryable": False}


async def test_what_is_given_on_create_only_stays(crm: CrmBackend, actor: Actor) -> None:
    key = a_name("erp")
    await made(crm, actor, DEAL, external_id=key)
    values = {"title": "x", "external_id": key, "status": "won"}
    refusal = await crm.upsert(RecordCollection(DEAL), "external_id", values, PLAIN, actor)
    assert told(refusal) == ("validation-failed", [("/status", "read-only")])
    values = {"title": "x", "completed_at": 1, "status": "open"}
    refusal = await crm.create(RecordCollection(TASK), values, PLAIN, actor)
    assert told(refusal) == ("validation-failed", [("/completed_at", "not-applicable")])


async def test_another_s_record_needs_a_permission(crm: CrmBackend, actor: Actor, member: Actor) -> None:
    record = await made(crm, actor, CONTACT)
    shelf, number = RecordCollection(CONTACT), record.number
    calls = {
        "contacts:write_all": [
            await crm.update(shelf, number, {"first_name": "x"}, PLAIN, member),
            await crm.act(shelf, action(CONTACT, "add_tags"), number, {"tags": ["x"]}, PLAIN, member),
            (await crm.batch_update(shelf, [Change(number, {"first_name": "x"}, None)], PLAIN, member))[0],
        ],
        "contacts:delete_all": [
            await crm.delete(shelf, number, PLAIN, member),
            await crm.restore(shelf, number, PLAIN, member),
            (await crm.batch_delete(shelf, [number], PLAIN, member))[0],
        ],
    }
    for permission, outcomes in calls.items():
        for outcome in outcomes:
            assert told(outcome) == ("insufficient-permission", None)
            assert outcome.members == {"required_permission": permission}
    given = await crm.create(shelf, {"last_name": "x", "owner_id": MANAGER}, PLAIN, member)
    assert told(given) == ("insufficient-permission", [("/owner_id", "not-permitted")])
    assert given.members == {"required_permission": "records:assign"}


async def test_a_place_that_is_none_is_an_expired_cursor(crm: CrmBackend, actor: Actor) -> None:
    for resource in (CONTACT, PIPELINE):
        refusal = await crm.page(RecordCollection(resource), everything(place="nonsense"), actor)
        assert told(refusal) == ("invalid-cursor", None)
        assert refusal.members == {"reason": "expired"}


async def test_a_call_of_a_batch_that_fails_leaves_the_other_its_outcomes(
    crm: CrmBackend, actor: Actor, faults: Faults
) -> None:
    items = [{"last_name": a_name("Half")} for _ in range(80)]
    async with faults.set(dead=True, times=1, path="POST /internal/v2/businesses/1/contacts/bulk", after_commit=True):
        outcomes = await crm.batch_create(RecordCollection(CONTACT), items, PLAIN, actor)
    failed = [outcome for outcome in outcomes if isinstance(outcome, Refusal)]
    assert {(each.problem.code, each.outcome) for each in failed} == {("upstream-unavailable", "unknown")}
    assert sorted((len(failed), len(outcomes) - len(failed))) == [30, 50]
    done = [kept(each).values["last_name"] for each in outcomes if isinstance(each, WriteResult)]
    halves = [[item["last_name"] for item in items[:50]], [item["last_name"] for item in items[50:]]]
    assert done in halves


async def test_both_calls_of_a_batch_run_at_once_and_end_with_the_deadline(
    crm: CrmBackend, actor: Actor, faults: Faults
) -> None:
    items = [{"last_name": a_name("Late")} for _ in range(60)]
    async with faults.set(delay_ms=5000, path="/contacts/bulk"):
        outcomes = await crm.batch_create(RecordCollection(CONTACT), items, PLAIN, hurried(actor, 0.3))
    assert {each.problem.code for each in outcomes if isinstance(each, Refusal)} == {"upstream-timeout"}
    assert {each.outcome for each in outcomes if isinstance(each, Refusal)} == {"unknown"}
    assert len(outcomes) == 60


async def test_definitions_that_cannot_be_read_after_a_write_leave_its_outcome_unknown(
    socket: Any, faults: Faults, actor: Actor
) -> None:
    from tests.support.quiet_log import QUIET
    from transcoder.backend.credentials import Credentials
    from transcoder.backend.upstream import http_upstream
    from transcoder.dialect import DIALECTS

    upstream = http_upstream(f"unix:{socket}", Credentials().open(QUIET))
    try:
        warm = CrmBackend(upstream, DIALECTS)
        record = await made(warm, actor, CONTACT, custom_fields={"nickname": "Ace"})
        cold = CrmBackend(upstream, DIALECTS)
        async with faults.set(status=500, path="field_defs"):
            with pytest.raises(ApiError) as failed:
                await cold.update(RecordCollection(CONTACT), record.number, {"first_name": "x"}, PLAIN, actor)
            assert (failed.value.problem.code, failed.value.outcome) == ("upstream-invalid", "unknown")
            with pytest.raises(ApiError) as failed:
                await cold.get(RecordCollection(CONTACT), record.number, actor)
            assert failed.value.outcome == "not-applied"
            (item,) = await cold.batch_update(
                RecordCollection(CONTACT), [Change(record.number, {"first_name": "y"}, None)], PLAIN, actor
            )
            assert told(item) == ("upstream-invalid", None)
            assert item.outcome == "unknown"
        found = kept(await cold.get(RecordCollection(CONTACT), record.number, actor))
        assert found.values["first_name"] == "y"
    finally:
        await upstream.close()


async def test_no_business_sees_another_s(crm: CrmBackend, actor: Actor) -> None:
    record = await made(crm, actor, CONTACT)
    stranger = an_actor(21, "admin", tenant=BUSINESS + 1)
    assert told(await crm.get(RecordCollection(CONTACT), record.number, stranger)) == ("resource-not-found", None)
    assert record.values["owner_id"] == ADMIN
    assert told(await crm.get(RecordCollection(STAGE, 1), 10**9, stranger)) == ("resource-not-found", None)
    assert WriteTerms() == PLAIN
