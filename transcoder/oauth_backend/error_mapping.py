"""What the authorization server refuses for the caller's sake, as problems of ours."""

import msgspec

from contract.problems import (
    BUSINESS_RULE_VIOLATED,
    PRECONDITION_FAILED,
    RESOURCE_DELETED,
    RESOURCE_NOT_FOUND,
    UPSTREAM_UNAVAILABLE,
    VALIDATION_FAILED,
    ItemError,
)
from infra.stores import oauth_admin_messages as wire
from transcoder.backend.interface import Refusal
from transcoder.backend.upstream import Reply
from transcoder.presentation.to_public import instant_text
from transcoder.validation.pointers import pointer


def refusal_of(reply: Reply) -> Refusal | None:
    """The refusal; None for a fault inside."""
    if reply.status != wire.REFUSED_STATUS:
        return None
    try:
        refused = msgspec.json.decode(reply.body, type=wire.Rejection)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    match refused.why:
        case "not-there":
            return Refusal(RESOURCE_NOT_FOUND)
        case "deleted":
            return gone((refused.at_s or 0) * 1000)
        case "stale":
            return Refusal(PRECONDITION_FAILED, revision=refused.revision)
        case "invalid":
            return Refusal(VALIDATION_FAILED, tuple(map(_item, refused.faults)))
        case "rule":
            return Refusal(BUSINESS_RULE_VIOLATED, (), {"rule": refused.rule}, detail=refused.detail)
        case "busy":
            return Refusal(UPSTREAM_UNAVAILABLE, retry_after_s=1, outcome="not-applied")


def gone(at_ms: int) -> Refusal:
    """Of what is gone for good."""
    told = {"deleted_at": instant_text(at_ms), "merged_into": None}
    return Refusal(RESOURCE_DELETED, members=told, detail="It was deleted at `deleted_at`, for good.")


def _item(fault: wire.FieldError) -> ItemError:
    place = (fault.member,) if fault.index is None else (fault.member, fault.index)
    return ItemError(fault.code, fault.detail, pointer=pointer(*place))
