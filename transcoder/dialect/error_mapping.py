"""[pure] What the CRM refuses, as problems of ours: a row per error code and per validation rule."""

from dataclasses import dataclass

import msgspec
from msgspec import UNSET

from contract import problems
from contract.problems import ItemError
from contract.resources import Resource
from contract.roles import RECORDS_ASSIGN
from contract.vocabulary import Kind
from transcoder.backend.interface import Refusal
from transcoder.dialect.conversions import UnreadableResponse, instant, integer, number
from transcoder.dialect.custom_values import NO_CUSTOM_FIELDS, CustomFields
from transcoder.dialect.envelope import Envelope
from transcoder.dialect.error_pointers import ErrorPointer, error_pointer
from transcoder.dialect.mapping import ActionCall, ResourceMapping
from transcoder.presentation.to_public import instant_text
from transcoder.validation.pointers import pointer

_DELETES = (Kind.DELETE, Kind.BATCH_DELETE)
_DUPLICATES = {"E_DUP_EMAIL": "email", "E_DUP_EXTERNAL_ID": "external_id", "E_DUP_NAME": "name"}
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
    "IMMUTABLE": "read-only",
    "STATUS": "not-applicable",
}
_PLAIN: dict[str, Refusal] = {
    "E_NOT_FOUND": Refusal(problems.RESOURCE_NOT_FOUND),
    "E_SUSPENDED": Refusal(problems.BUSINESS_SUSPENDED),
    "E_DEDUPE_MISMATCH": Refusal(problems.IDEMPOTENCY_KEY_REUSED),
    "E_BAD_KEY": Refusal(problems.INVALID_CURSOR, members={"reason": "expired"}),
    "E_AMBIGUOUS": Refusal(problems.AMBIGUOUS_MATCH, ()),
    "E_STAGE_IN_USE": Refusal(problems.RESOURCE_IN_USE, ()),
    "E_PIPELINE_IN_USE": Refusal(problems.RESOURCE_IN_USE, ()),
    # Repeating it changes nothing as long as the stage is away.
    "E_UNDELETE_BLOCKED": Refusal(
        problems.CONFLICT, (), {"retryable": False}, detail="What the record needs to be restored is deleted itself."
    ),
}


@dataclass(frozen=True, slots=True)
class _Rule:
    """A rule of the business. `at`: where it is told, None: at no place. `bodiless`: kinds that have no such place."""

    name: str
    detail: str
    at: str | None = None
    bodiless: tuple[Kind, ...] = ()


_RULES: dict[str, _Rule] = {
    "E_NO_IDENTITY": _Rule(
        "contact-needs-identity", "One of first_name, last_name, email and phone must be set.", "", (Kind.RESTORE,)
    ),
    "E_NO_LINK": _Rule("link-required", "One of contact_id, company_id and deal_id must be set.", "", (Kind.RESTORE,)),
    "E_STAGE_MISMATCH": _Rule("stage-not-in-pipeline", "The stage is not one of that pipeline.", pointer("stage_id")),
    "E_DEFAULT_PIPELINE": _Rule(
        "default-pipeline", "Make another pipeline the default first.", pointer("is_default"), _DELETES
    ),
    "E_BAD_STATE": _Rule("deal-state", "The deal's status does not allow this."),
    "E_LAST_STAGE": _Rule("last-stage", "A pipeline keeps one stage: make another one first, or delete the pipeline."),
    "E_LIMIT": _Rule("limit-reached", "There are as many live records of this kind as there may be: delete one first."),
}


class RefusalContext(msgspec.Struct, frozen=True, gc=False):
    """What was asked for when the CRM refused. `action`: the call, where its body has names of its own."""

    dialect: ResourceMapping
    kind: Kind
    own: CustomFields = NO_CUSTOM_FIELDS
    action: ActionCall | None = None

    def pointer(self, answer: Envelope) -> ErrorPointer:
        """Where the refused value stands outside."""
        name = answer.field
        return error_pointer(self.dialect, self.own, self.action, name) if isinstance(name, str) else ErrorPointer()


def to_refusal(asked: RefusalContext, answer: Envelope) -> Refusal:
    """The refusal behind `{"ok": false, "error_code", …}`; raises UnreadableResponse for a code that has no row."""
    code = answer.error_code
    match code:
        case str() if code in _PLAIN:
            return _PLAIN[code]
        case str() if code in _RULES:
            return _broken(_RULES[code], asked)
        case str() if code in _DUPLICATES:
            return _duplicate(_DUPLICATES[code], asked.kind, answer)
        case "E_DELETED":
            return _deleted(answer)
        case "E_STALE_REV":
            return Refusal(problems.PRECONDITION_FAILED, revision=integer(answer.revision))
        case "E_BUSY":
            wait_ms = answer.retry_after_ms
            wait_s = None if wait_ms is None else max(1, -(-integer(wait_ms) // 1000))
            return Refusal(problems.UPSTREAM_UNAVAILABLE, retry_after_s=wait_s)
        case "E_BAD_REF":
            return _invalid(asked.pointer(answer), "reference-not-found", "No live record has this id.")
        case "E_VALIDATION":
            place = asked.pointer(answer)
            return _invalid(place, _item_code(place, answer), "The internal service refused this value.")
        case "E_FORBIDDEN_RECORD" | "E_FORBIDDEN_FIELD":
            return _forbidden(asked.dialect.resource, asked.kind, code)
    raise UnreadableResponse("an error code that has no row")


def _deleted(answer: Envelope) -> Refusal:
    members = {"deleted_at": instant_text(instant(answer.deleted_at)), "merged_into": None}
    return Refusal(problems.RESOURCE_DELETED, members=members)


def _broken(rule: _Rule, asked: RefusalContext) -> Refusal:
    """Told at its place, or else as the problem's own detail."""
    members = {"rule": rule.name}
    if rule.at is not None and asked.kind not in rule.bodiless:
        item = ItemError("rule-violated", rule.detail, pointer=rule.at)
        return Refusal(problems.BUSINESS_RULE_VIOLATED, (item,), members)
    # The CRM tells no state: what it can only be follows from the action.
    state = asked.action.bad_state if asked.action and rule.name == "deal-state" else ""
    return Refusal(problems.BUSINESS_RULE_VIOLATED, (), members, detail=state or rule.detail)


def _invalid(place: ErrorPointer, code: str, detail: str) -> Refusal:
    return Refusal(problems.VALIDATION_FAILED, (ItemError(code, detail, pointer=place.pointer),))


def _item_code(place: ErrorPointer, answer: Envelope) -> str:
    rule = str(answer.rule)
    return place.malformed if rule == "FORMAT" else _ITEMS.get(rule, "invalid-value")


def _forbidden(resource: Resource, kind: Kind, code: str) -> Refusal:
    if code == "E_FORBIDDEN_FIELD":
        item = ItemError("not-permitted", "Only the token's own user may be set here.", pointer=pointer("owner_id"))
        return Refusal(problems.INSUFFICIENT_PERMISSION, (item,), {"required_permission": RECORDS_ASSIGN.name})
    access = resource.access
    needed = access.delete_all if kind in (*_DELETES, Kind.RESTORE) else access.write_all
    if needed is None:
        raise UnreadableResponse("a record without an owner was refused for its owner")
    return Refusal(problems.INSUFFICIENT_PERMISSION, None, {"required_permission": needed.name})


def _duplicate(name: str, kind: Kind, answer: Envelope) -> Refusal:
    item = ItemError("duplicate-value", "Another live record has this value.", pointer=pointer(name))
    existing = None if answer.existing_id is UNSET else number(answer.existing_id)
    items = () if kind is Kind.RESTORE else (item,)
    return Refusal(problems.DUPLICATE_RESOURCE, items, {"field": name}, existing=existing)
