"""Every word that the CRM has for no, and the problem that it becomes outside."""

from typing import Any

import pytest

from contract.types import CustomType
from contract.vocabulary import Kind
from tests.unit.transcoder.inside import as_sent
from transcoder.backend.interface import CustomFieldDefinition, Refusal
from transcoder.dialect import DIALECTS
from transcoder.dialect.contacts import CONTACTS
from transcoder.dialect.conversions import UnreadableResponse
from transcoder.dialect.custom_values import UnknownCustomField, custom_fields_of
from transcoder.dialect.deals import DEALS
from transcoder.dialect.envelope import Envelope, read_envelope
from transcoder.dialect.error_mapping import RefusalContext, to_refusal
from transcoder.dialect.mapping import ResourceMapping
from transcoder.dialect.pipelines import PIPELINES, STAGES

OWN = custom_fields_of(
    [
        CustomFieldDefinition(17, "loyalty_tier", CustomType.SELECT, {"gold": 3}),
        CustomFieldDefinition(18, "private_email", CustomType.EMAIL, {}),
        CustomFieldDefinition(19, "interests", CustomType.MULTI_SELECT, {"pricing": 1}),
    ]
)


def refusal(code: Any, kind: Kind = Kind.UPDATE, dialect: ResourceMapping = CONTACTS, **beside: Any) -> Refusal:
    answer = {"ok": False, "error_code": code, "field": None, "rule": None, "message": "internal words", **beside}
    return to_refusal(RefusalContext(dialect, kind, OWN), read_envelope(as_sent(answer)))


def items(told: Refusal) -> list[tuple[str | None, str]]:
    return [(item.pointer, item.code) for item in told.errors or ()]


PLAIN = [
    ("E_NOT_FOUND", 404, "resource-not-found"),
    ("E_SUSPENDED", 403, "business-suspended"),
    ("E_DEDUPE_MISMATCH", 422, "idempotency-key-reused"),
]


@pytest.mark.parametrize(("code", "status", "problem"), PLAIN)
def test_becomes(code: str, status: int, problem: str) -> None:
    told = refusal(code)
    assert (told.problem.status, told.problem.code, told.errors, told.members) == (status, problem, None, {})


def test_a_deleted_record_is_gone_since_an_instant() -> None:
    told = refusal("E_DELETED", deleted_at=1781769912250)
    assert (told.problem.status, told.problem.code) == (410, "resource-deleted")
    assert told.members == {"deleted_at": "2026-06-18T08:05:12.250Z", "merged_into": None}


def test_a_stale_revision_is_a_failed_precondition_with_the_current_one() -> None:
    told = refusal("E_STALE_REV", revision=7)
    assert (told.problem.status, told.problem.code, told.revision) == (412, "precondition-failed", 7)


def test_a_key_of_paging_that_is_none_any_more_has_expired() -> None:
    told = refusal("E_BAD_KEY", Kind.LIST)
    assert (told.problem.status, told.problem.code, told.members) == (400, "invalid-cursor", {"reason": "expired"})


@pytest.mark.parametrize(("beside", "wait_s"), [({}, None), ({"retry_after_ms": 1}, 1), ({"retry_after_ms": 2001}, 3)])
def test_a_busy_service_is_unavailable_and_wrote_nothing(beside: dict[str, int], wait_s: int | None) -> None:
    told = refusal("E_BUSY", **beside)
    assert (told.problem.status, told.problem.code, told.problem.outcome) == (
        503,
        "upstream-unavailable",
        "not-applied",
    )
    assert told.retry_after_s == wait_s


TAKEN = [("E_DUP_EMAIL", "email"), ("E_DUP_EXTERNAL_ID", "external_id"), ("E_DUP_NAME", "name")]


@pytest.mark.parametrize(("code", "field"), TAKEN)
def test_a_taken_value_is_a_duplicate(code: str, field: str) -> None:
    told = refusal(code, Kind.CREATE, field=field, existing_id=17)
    assert (told.problem.status, told.problem.code) == (409, "duplicate-resource")
    assert (told.members, told.existing, items(told)) == ({"field": field}, 17, [(f"/{field}", "duplicate-value")])
    assert refusal(code, field=field).existing is None
    assert refusal(code, Kind.RESTORE, existing_id=17).errors == ()


BROKEN: dict[str, tuple[str, str, Kind, list[str]]] = {
    "a contact without an identity": ("E_NO_IDENTITY", "contact-needs-identity", Kind.UPDATE, [""]),
    "a note without a link": ("E_NO_LINK", "link-required", Kind.CREATE, [""]),
    "a note restored without a link": ("E_NO_LINK", "link-required", Kind.RESTORE, []),
    "a stage of another pipeline": ("E_STAGE_MISMATCH", "stage-not-in-pipeline", Kind.CREATE, ["/stage_id"]),
    "no default": ("E_DEFAULT_PIPELINE", "default-pipeline", Kind.UPDATE, ["/is_default"]),
    "the default deleted": ("E_DEFAULT_PIPELINE", "default-pipeline", Kind.DELETE, []),
    "a state": ("E_BAD_STATE", "deal-state", Kind.ACTION, []),
    "the last stage": ("E_LAST_STAGE", "last-stage", Kind.DELETE, []),
    "a limit": ("E_LIMIT", "limit-reached", Kind.CREATE, []),
}


@pytest.mark.parametrize(("code", "rule", "kind", "at"), BROKEN.values(), ids=BROKEN)
def test_a_rule_of_the_business_is_named(code: str, rule: str, kind: Kind, at: list[str]) -> None:
    told = refusal(code, kind)
    assert (told.problem.status, told.problem.code) == (422, "business-rule-violated")
    assert told.members == {"rule": rule}
    assert items(told) == [(place, "rule-violated") for place in at]
    assert told.errors is not None


SENTENCES: dict[str, tuple[str, Kind, str]] = {
    "a state": ("E_BAD_STATE", Kind.ACTION, "The deal's status does not allow this."),
    "the last stage": (
        "E_LAST_STAGE",
        Kind.DELETE,
        "A pipeline keeps one stage: make another one first, or delete the pipeline.",
    ),
    "a limit": (
        "E_LIMIT",
        Kind.CREATE,
        "There are as many live records of this kind as there may be: delete one first.",
    ),
    "the default deleted": ("E_DEFAULT_PIPELINE", Kind.DELETE, "Make another pipeline the default first."),
}


@pytest.mark.parametrize(("code", "kind", "sentence"), SENTENCES.values(), ids=SENTENCES)
def test_a_rule_that_has_no_place_is_told_in_a_sentence(code: str, kind: Kind, sentence: str) -> None:
    assert (refusal(code, kind).detail, refusal(code, kind).errors) == (sentence, ())


def test_a_rule_that_has_a_place_is_told_there() -> None:
    told = refusal("E_DEFAULT_PIPELINE", Kind.UPDATE)
    assert told.detail is None
    assert [item.detail for item in told.errors or ()] == ["Make another pipeline the default first."]


STATES = {
    "win": "A lost deal cannot be won: reopen it first.",
    "lose": "A won deal cannot be lost: reopen it first.",
    "move": "A won or lost deal cannot be moved: reopen it first.",
    "reopen": "An open deal goes to another stage by `move`.",
}


@pytest.mark.parametrize(("action", "sentence"), STATES.items())
def test_an_action_that_the_state_forbids_tells_the_way_out(action: str, sentence: str) -> None:
    asked = RefusalContext(DEALS, Kind.ACTION, action=DEALS.actions[action])
    assert to_refusal(asked, read_envelope(as_sent({"ok": False, "error_code": "E_BAD_STATE"}))).detail == sentence


CONFLICTS = [
    ("E_AMBIGUOUS", "ambiguous-match", {}),
    ("E_STAGE_IN_USE", "resource-in-use", {}),
    ("E_PIPELINE_IN_USE", "resource-in-use", {}),
    ("E_UNDELETE_BLOCKED", "conflict", {"retryable": False}),
]


@pytest.mark.parametrize(("code", "problem", "members"), CONFLICTS)
def test_a_conflict_has_no_items(code: str, problem: str, members: dict[str, Any]) -> None:
    told = refusal(code, Kind.RESTORE)
    assert (told.problem.status, told.problem.code, told.errors, told.members) == (409, problem, (), members)


@pytest.mark.parametrize(("inside", "at"), [("company_id", "/company_id"), ("owner_user_id", "/owner_id")])
def test_a_reference_to_nothing_is_told_at_its_member(inside: str, at: str) -> None:
    told = refusal("E_BAD_REF", field=inside)
    assert (told.problem.status, told.problem.code) == (422, "validation-failed")
    assert items(told) == [(at, "reference-not-found")]


RULES = {
    "REQUIRED": "required",
    "NULL": "not-nullable",
    "TYPE": "invalid-type",
    "LEN_MIN": "too-short",
    "LEN_MAX": "too-long",
    "RANGE": "out-of-range",
    "ENUM": "unknown-value",
    "COUNT_MAX": "too-many-items",
    "DUP_ITEM": "duplicate-item",
    "FUTURE": "out-of-range",
    "IMMUTABLE": "read-only",
    "STATUS": "not-applicable",
    "SOMETHING_NEW": "invalid-value",
}


@pytest.mark.parametrize(("rule", "code"), RULES.items())
def test_a_broken_rule_becomes(rule: str, code: str) -> None:
    told = refusal("E_VALIDATION", field="lifecycle_code", rule=rule)
    assert (told.problem.status, told.problem.code) == (422, "validation-failed")
    assert items(told) == [("/lifecycle_stage", code)]


FORMATS = [
    ("email", "/email", "invalid-email"),
    ("phone", "/phone", "invalid-phone"),
    ("birth_date", "/birth_date", "invalid-date"),
    ("company_id", "/company_id", "invalid-id"),
    ("first_name", "/first_name", "invalid-characters"),
    ("address_city", "/address/city", "invalid-characters"),
    ("tags", "/tags", "invalid-characters"),
    ("tags.3", "/tags/3", "invalid-characters"),
    ("custom.18", "/custom_fields/private_email", "invalid-email"),
    ("custom.17", "/custom_fields/loyalty_tier", "invalid-characters"),
    ("something_new", "", "invalid-characters"),
]


@pytest.mark.parametrize(("inside", "at", "code"), FORMATS)
def test_a_broken_format_is_named_by_its_type(inside: str, at: str, code: str) -> None:
    assert items(refusal("E_VALIDATION", field=inside, rule="FORMAT")) == [(at, code)]


POINTERS = [
    ("dnd", "/do_not_contact"),
    ("lifecycle_code", "/lifecycle_stage"),
    ("owner_user_id", "/owner_id"),
    ("address_postal_code", "/address/postal_code"),
    ("external_id", "/external_id"),
    ("custom", "/custom_fields"),
    ("custom.17", "/custom_fields/loyalty_tier"),
    ("custom.19.2", "/custom_fields/interests/2"),
    (None, ""),
]


@pytest.mark.parametrize(("inside", "at"), POINTERS)
def test_a_field_inside_is_a_pointer_outside(inside: str | None, at: str) -> None:
    assert items(refusal("E_VALIDATION", field=inside, rule="TYPE")) == [(at, "invalid-type")]


ELSEWHERE: dict[str, tuple[ResourceMapping, str, str]] = {
    "an element": (DEALS, "contact_ids.1", "/contact_ids/1"),
    "another name": (DEALS, "amount_minor", "/amount"),
    "a part's member": (PIPELINES, "stages.2.win_percent", "/stages/2/probability"),
    "a part": (PIPELINES, "stages.2", "/stages/2"),
    "all parts": (PIPELINES, "stages", "/stages"),
    "a part's unknown member": (PIPELINES, "stages.2.colour", "/stages/2"),
    "a position": (STAGES, "sort_index", "/position"),
}


@pytest.mark.parametrize(("dialect", "inside", "at"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_points_at(dialect: ResourceMapping, inside: str, at: str) -> None:
    assert items(refusal("E_BAD_REF", dialect=dialect, field=inside)) == [(at, "reference-not-found")]


def test_an_own_field_that_is_not_defined_asks_for_newer_definitions() -> None:
    with pytest.raises(UnknownCustomField):
        refusal("E_VALIDATION", field="custom.99", rule="TYPE")


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.path)
def test_every_stored_name_has_its_place(dialect: ResourceMapping) -> None:
    for public, stored in dialect.fields.items():
        told = refusal("E_VALIDATION", dialect=dialect, field=stored.internal, rule="TYPE")
        assert items(told) == [(f"/{public}", "invalid-type")]


def test_an_action_s_own_names_are_known() -> None:
    asked = RefusalContext(CONTACTS, Kind.ACTION, action=CONTACTS.actions["add_tags"])
    told = to_refusal(asked, Envelope(False, error_code="E_VALIDATION", field="add.2", rule="LEN_MAX"))
    assert items(told) == [("/tags/2", "too-long")]


@pytest.mark.parametrize(
    ("kind", "needed"),
    [
        (Kind.UPDATE, "contacts:write_all"),
        (Kind.ACTION, "contacts:write_all"),
        (Kind.UPSERT, "contacts:write_all"),
        (Kind.BATCH_UPDATE, "contacts:write_all"),
        (Kind.DELETE, "contacts:delete_all"),
        (Kind.BATCH_DELETE, "contacts:delete_all"),
        (Kind.RESTORE, "contacts:delete_all"),
    ],
)
def test_another_s_record_needs_a_permission(kind: Kind, needed: str) -> None:
    told = refusal("E_FORBIDDEN_RECORD", kind)
    assert (told.problem.status, told.problem.code) == (403, "insufficient-permission")
    assert (told.members, told.errors) == ({"required_permission": needed}, None)


def test_another_owner_needs_a_permission_and_is_told_at_its_member() -> None:
    told = refusal("E_FORBIDDEN_FIELD", Kind.CREATE, field="owner_user_id")
    assert (told.problem.status, told.problem.code) == (403, "insufficient-permission")
    assert told.members == {"required_permission": "records:assign"}
    assert items(told) == [("/owner_id", "not-permitted")]


UNREADABLE: dict[str, tuple[Any, dict[str, Any]]] = {
    "a code that nobody knows": ("E_SOMETHING_NEW", {}),
    "the service's own fault": ("E_INTERNAL", {}),
    "no code": (None, {}),
    "a code in an array": (["E_NOT_FOUND"], {}),
    "a deletion without an instant": ("E_DELETED", {}),
    "a deletion at no instant": ("E_DELETED", {"deleted_at": 10**18}),
    "a stale revision without the current one": ("E_STALE_REV", {}),
    "a wait in words": ("E_BUSY", {"retry_after_ms": "soon"}),
    "a duplicate of no id": ("E_DUP_EMAIL", {"existing_id": "17"}),
    "an owner where there is none": ("E_FORBIDDEN_RECORD", {"dialect": PIPELINES}),
}


@pytest.mark.parametrize(("code", "beside"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_cannot_read(code: Any, beside: dict[str, Any]) -> None:
    with pytest.raises(UnreadableResponse):
        refusal(code, **beside)


def test_no_word_of_the_service_is_told_outside() -> None:
    told = refusal("E_VALIDATION", field="email", rule="FORMAT", message="contacts.email CHECK failed at db-3")
    assert "db-3" not in repr((told.errors, told.members))
