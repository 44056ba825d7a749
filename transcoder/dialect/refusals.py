"""[pure] What the CRM refuses, as problems of ours: a row per error code and per validation rule."""

from collections.abc import Mapping
from typing import Any

from contract import problems
from contract.problems import ItemError, Problem
from contract.resources import Resource
from contract.roles import RECORDS_ASSIGN
from contract.types import Date, DateTime, Email, Id, Phone
from contract.vocabulary import Kind
from transcoder.dialect.rows import Dialect, Unreadable, instant, integer, number
from transcoder.records import Refusal
from transcoder.to_public import instant_text
from transcoder.validate import pointer

_DUPLICATES = {"E_DUP_EMAIL": "email", "E_DUP_EXTERNAL_ID": "external_id"}
_RULES = {"E_NO_IDENTITY": ("contact-needs-identity", "One of first_name, last_name, email and phone must be set.")}
_ITEMS = {
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
}
_FORMATS: dict[type, str] = {
    Email: "invalid-email",
    Phone: "invalid-phone",
    Date: "invalid-date",
    DateTime: "invalid-datetime",
    Id: "invalid-id",
}
_PLAIN: dict[str, Problem] = {
    "E_NOT_FOUND": problems.RESOURCE_NOT_FOUND,
    "E_SUSPENDED": problems.BUSINESS_SUSPENDED,
    "E_DEDUPE_MISMATCH": problems.IDEMPOTENCY_KEY_REUSED,
}


def to_refusal(dialect: Dialect, kind: Kind, answer: Mapping[str, Any]) -> Refusal:
    """The refusal behind `{"ok": false, "error_code", …}`; raises Unreadable for a code that has no row."""
    code = answer.get("error_code")
    match code:
        case str() if code in _PLAIN:
            return Refusal(_PLAIN[code])
        case "E_DELETED":
            return _deleted(answer)
        case "E_STALE_REV":
            return Refusal(problems.PRECONDITION_FAILED, revision=integer(answer.get("revision")))
        case "E_BAD_KEY":
            return Refusal(problems.INVALID_CURSOR, members={"reason": "expired"})
        case "E_BUSY":
            wait_ms = answer.get("retry_after_ms")
            wait_s = None if wait_ms is None else max(1, -(-integer(wait_ms) // 1000))
            return Refusal(problems.UPSTREAM_UNAVAILABLE, retry_after_s=wait_s)
        case "E_BAD_REF":
            return _invalid(dialect, answer, "reference-not-found", "No live record has this id.")
        case "E_VALIDATION":
            return _invalid(dialect, answer, _item_code(dialect, answer), "The internal service refused this value.")
        case "E_FORBIDDEN_RECORD" | "E_FORBIDDEN_FIELD":
            return _forbidden(dialect.resource, kind, code)
        case str() if code in _RULES:
            rule, detail = _RULES[code]
            item = ItemError("rule-violated", detail, pointer="")
            return Refusal(problems.BUSINESS_RULE_VIOLATED, (item,), {"rule": rule})
        case str() if code in _DUPLICATES:
            return _duplicate(_DUPLICATES[code], answer)
    raise Unreadable("an error code that has no row")


def _deleted(answer: Mapping[str, Any]) -> Refusal:
    members = {"deleted_at": instant_text(instant(answer.get("deleted_at"))), "merged_into": None}
    return Refusal(problems.RESOURCE_DELETED, members=members)


def _place(dialect: Dialect, answer: Mapping[str, Any]) -> str:
    return pointer(*dialect.pointers.get(str(answer.get("field")), ()))


def _invalid(dialect: Dialect, answer: Mapping[str, Any], code: str, detail: str) -> Refusal:
    return Refusal(problems.VALIDATION_FAILED, (ItemError(code, detail, pointer=_place(dialect, answer)),))


def _item_code(dialect: Dialect, answer: Mapping[str, Any]) -> str:
    rule = str(answer.get("rule"))
    if rule != "FORMAT":
        return _ITEMS.get(rule, "invalid-value")
    segments = dialect.pointers.get(str(answer.get("field")), ())
    if len(segments) != 1:
        return "invalid-characters"
    return _FORMATS.get(type(dialect.resource.field(segments[0]).type), "invalid-characters")


def _forbidden(resource: Resource, kind: Kind, code: str) -> Refusal:
    if code == "E_FORBIDDEN_FIELD":
        item = ItemError("not-permitted", "Only the token's own user may be set here.", pointer=pointer("owner_id"))
        return Refusal(problems.INSUFFICIENT_PERMISSION, (item,), {"required_permission": RECORDS_ASSIGN.name})
    needed = resource.access.delete_all if kind is Kind.DELETE else resource.access.write_all
    return Refusal(problems.INSUFFICIENT_PERMISSION, None, {"required_permission": needed.name})


def _duplicate(field: str, answer: Mapping[str, Any]) -> Refusal:
    item = ItemError("duplicate-value", "Another live record has this value.", pointer=pointer(field))
    existing = number(answer["existing_id"]) if "existing_id" in answer else None
    return Refusal(problems.DUPLICATE_RESOURCE, (item,), {"field": field}, existing=existing)
