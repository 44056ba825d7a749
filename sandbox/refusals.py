"""The ways this CRM says no.

Owns the error codes, the rules of `E_VALIDATION` and the two exceptions that carry a no out of a transaction. It must
not know who renders them: `RefusedError` is an answer of the CRM (HTTP 200, `"ok": false`), `UnreadableError` a
caller's mistake that the dialect has no word for (another HTTP status).
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Code(Enum):
    """What was refused, in the dialect's own words."""

    NOT_FOUND = "E_NOT_FOUND"
    DELETED = "E_DELETED"
    STALE_REV = "E_STALE_REV"
    FORBIDDEN_RECORD = "E_FORBIDDEN_RECORD"
    FORBIDDEN_FIELD = "E_FORBIDDEN_FIELD"
    BAD_REF = "E_BAD_REF"
    VALIDATION = "E_VALIDATION"
    NO_IDENTITY = "E_NO_IDENTITY"
    NO_LINK = "E_NO_LINK"
    STAGE_MISMATCH = "E_STAGE_MISMATCH"
    BAD_STATE = "E_BAD_STATE"
    DEFAULT_PIPELINE = "E_DEFAULT_PIPELINE"
    LAST_STAGE = "E_LAST_STAGE"
    LIMIT = "E_LIMIT"
    DUP_EMAIL = "E_DUP_EMAIL"
    DUP_EXTERNAL_ID = "E_DUP_EXTERNAL_ID"
    DUP_NAME = "E_DUP_NAME"
    AMBIGUOUS = "E_AMBIGUOUS"
    STAGE_IN_USE = "E_STAGE_IN_USE"
    PIPELINE_IN_USE = "E_PIPELINE_IN_USE"
    UNDELETE_BLOCKED = "E_UNDELETE_BLOCKED"
    DEDUPE_MISMATCH = "E_DEDUPE_MISMATCH"
    BAD_KEY = "E_BAD_KEY"
    SUSPENDED = "E_SUSPENDED"
    BUSY = "E_BUSY"
    INTERNAL = "E_INTERNAL"


class Rule(Enum):
    """Which rule a value broke; the `rule` of an `E_VALIDATION`."""

    REQUIRED = "REQUIRED"
    NULL = "NULL"
    TYPE = "TYPE"
    FORMAT = "FORMAT"
    LEN_MIN = "LEN_MIN"
    LEN_MAX = "LEN_MAX"
    RANGE = "RANGE"
    ENUM = "ENUM"
    COUNT_MAX = "COUNT_MAX"
    DUP_ITEM = "DUP_ITEM"
    FUTURE = "FUTURE"
    IMMUTABLE = "IMMUTABLE"
    STATUS = "STATUS"
    DECIMALS = "DECIMALS"
    COUNT_MIN = "COUNT_MIN"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One no: the code, where, which rule, a text for logs, and the members that only some codes have."""

    code: Code
    message: str
    field: str | None = None
    rule: Rule | None = None
    more: Mapping[str, int] = dataclasses.field(default_factory=dict)


class RefusedError(Exception):
    """The CRM decided against it. Raised inside a transaction, so that nothing of it stays."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


class UnreadableError(Exception):
    """The call itself is wrong: an unknown business or actor, or a body that no rule of the dialect describes."""

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


def invalid(name: str, rule: Rule) -> RefusedError:
    """The refusal of one field's value."""
    return RefusedError(Refusal(Code.VALIDATION, f"{name}: {rule.value}", field=name, rule=rule))
