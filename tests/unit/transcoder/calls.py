"""Calls as the pipeline hands them to handlers."""

from typing import Any

from contract.operations import BY_ID
from contract.vocabulary import Json, TenantId, TraceId, UserId
from tests.unit.transcoder.surroundings import AROUND, SAME, TODAY, older
from transcoder.backend.interface import Actor
from transcoder.http.parameters import Parameters
from transcoder.operations.call import Call, Token

ACTOR = Actor(TenantId(1), UserId(11), "contacts:read contacts:write", "admin", TraceId("trace"), 0.0)
TOKEN = Token("contacts:read contacts:write", "growth", "pat", "a-client", 1_800_000_900, "biz_one", "usr_one")


def a_call(operation_id: str, body: Json = None, **changes: Any) -> Call:
    """A call with that body; today's version, no parameters and no headers unless `changes` say otherwise."""
    said: dict[str, Any] = {
        "operation": BY_ID[operation_id],
        "version": TODAY,
        "translation": SAME,
        "actor": ACTOR,
        "token": TOKEN,
        "path": "/v1/contacts",
        "query": "",
        "parent": None,
        "number": None,
        "parameters": Parameters(),
        "body": body,
        "if_match": None,
        "if_none_match": None,
        "idempotency_key": None,
        "around": AROUND,
    }
    return Call(**(said | changes))


def an_older_call(operation_id: str, body: Json = None, **changes: Any) -> Call:
    """The same from a caller of the oldest version."""
    return a_call(operation_id, body, translation=older(BY_ID[operation_id].resource), **changes)
