"""Every word that the CRM has for no, and the problem that it becomes outside."""

from typing import Any

import pytest

from contract.vocabulary import Kind
from transcoder.dialect.contacts import CONTACTS
from transcoder.dialect.refusals import to_refusal
from transcoder.dialect.rows import Unreadable
from transcoder.records import Refusal


def refusal(code: Any, kind: Kind = Kind.UPDATE, **beside: Any) -> Refusal:
    answer = {"ok": False, "error_code": code, "field": None, "rule": None, "message": "internal words", **beside}
    return to_refusal(CONTACTS, kind, answer)


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


@pytest.mark.parametrize(("code", "field"), [("E_DUP_EMAIL", "email"), ("E_DUP_EXTERNAL_ID", "external_id")])
def test_a_taken_value_is_a_duplicate(code: str, field: str) -> None:
    told = refusal(code, Kind.CREATE, field=field, existing_id=17)
    assert (told.problem.status, told.problem.code) == (409, "duplicate-resource")
    assert (told.members, told.existing, items(told)) == ({"field": field}, 17, [(f"/{field}", "duplicate-value")])
    assert refusal(code, field=field).existing is None


def test_a_contact_needs_an_identity() -> None:
    told = refusal("E_NO_IDENTITY")
    assert (told.problem.status, told.problem.code) == (422, "business-rule-violated")
    assert told.members == {"rule": "contact-needs-identity"}
    assert items(told) == [("", "rule-violated")]


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
    (None, ""),
]


@pytest.mark.parametrize(("inside", "at"), POINTERS)
def test_a_field_inside_is_a_pointer_outside(inside: str | None, at: str) -> None:
    assert items(refusal("E_VALIDATION", field=inside, rule="TYPE")) == [(at, "invalid-type")]


@pytest.mark.parametrize(
    ("kind", "needed"), [(Kind.UPDATE, "contacts:write_all"), (Kind.DELETE, "contacts:delete_all")]
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
}


@pytest.mark.parametrize(("code", "beside"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_cannot_read(code: Any, beside: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        refusal(code, **beside)


def test_no_word_of_the_service_is_told_outside() -> None:
    told = refusal("E_VALIDATION", field="email", rule="FORMAT", message="contacts.email CHECK failed at db-3")
    assert "db-3" not in repr((told.errors, told.members))
