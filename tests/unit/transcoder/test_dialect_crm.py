"""The calls that go inside, to the letter."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from contract.resources import ACTIVITY, CONTACT, DEAL, PIPELINE, STAGE
from tests.unit.transcoder.crm import CONTACTS, DRY, KEYED, ON, PLAIN, Told, a_query, action, an_actor, no
from transcoder.backend.interface import Actor, Change, RecordCollection, WriteTerms
from transcoder.dialect import DIALECTS
from transcoder.dialect.backend import CrmBackend
from transcoder.presentation.errors import ApiError

Call = Callable[[CrmBackend, Actor], Awaitable[Any]]
CALLS: dict[str, tuple[Call, str, Any]] = {
    "get": (lambda crm, a: crm.get(CONTACTS, 5, a), "GET /contacts/5", None),
    "create": (
        lambda crm, a: crm.create(CONTACTS, {"do_not_contact": True}, KEYED, a),
        "POST /contacts",
        {"dnd": 1, "dedupe_key": "k"},
    ),
    "create dry": (
        lambda crm, a: crm.create(CONTACTS, {"last_name": "x"}, DRY, a),
        "POST /dry_run/contacts",
        {"last_name": "x"},
    ),
    "update": (
        lambda crm, a: crm.update(CONTACTS, 5, {"email": None, "last_name": "x"}, ON, a),
        "PUT /contacts/5",
        {"set": {"last_name": "x"}, "unset": ["email"], "expected_revision": 3},
    ),
    "update dry": (
        lambda crm, a: crm.update(CONTACTS, 5, {}, DRY, a),
        "PUT /dry_run/contacts/5",
        {"set": {}, "unset": []},
    ),
    "delete": (lambda crm, a: crm.delete(CONTACTS, 5, PLAIN, a), "DELETE /contacts/5", None),
    "delete on": (lambda crm, a: crm.delete(CONTACTS, 5, ON, a), "DELETE /contacts/5?expected_revision=3", None),
    "delete dry": (lambda crm, a: crm.delete(CONTACTS, 5, DRY, a), "DELETE /dry_run/contacts/5", None),
    "restore": (lambda crm, a: crm.restore(CONTACTS, 5, PLAIN, a), "POST /contacts/5/undelete", {}),
    "upsert": (
        lambda crm, a: crm.upsert(CONTACTS, "email", {"email": "a@b.cd", "phone": None}, WriteTerms(0, "k"), a),
        "POST /contacts/upsert",
        {"match": "email", "set": {"email": "a@b.cd"}, "unset": ["phone"], "expected_revision": 0, "dedupe_key": "k"},
    ),
    "add tags": (
        lambda crm, a: crm.act(CONTACTS, action(CONTACT, "add_tags"), 5, {"tags": ["VIP"]}, ON, a),
        "POST /contacts/5/tags",
        {"add": ["VIP"], "expected_revision": 3},
    ),
    "win dry": (
        lambda crm, a: crm.act(RecordCollection(DEAL), action(DEAL, "win"), 5, {"closed_at": 9}, DRY, a),
        "POST /dry_run/deals/5/status",
        {"status_code": 2, "closed_at": 9},
    ),
    "a stage": (
        lambda crm, a: crm.update(RecordCollection(STAGE, 9), 5, {"position": 0}, PLAIN, a),
        "PUT /pipelines/9/stages/5",
        {"set": {"sort_index": 1}, "unset": []},
    ),
    "an activity": (lambda crm, a: crm.get(RecordCollection(ACTIVITY), 5, a), "GET /activity_log/5", None),
    "batch get": (
        lambda crm, a: crm.batch_get(CONTACTS, [5, 6], a),
        "POST /contacts/bulk",
        {"op": "get", "items": [{"id": 5}, {"id": 6}]},
    ),
    "batch create": (
        lambda crm, a: crm.batch_create(CONTACTS, [{"last_name": "x"}], KEYED, a),
        "POST /contacts/bulk",
        {"op": "create", "items": [{"last_name": "x", "dedupe_key": "k.0"}]},
    ),
    "batch update": (
        lambda crm, a: crm.batch_update(CONTACTS, [Change(5, {"phone": None}, 2), Change(6, {}, None)], DRY, a),
        "POST /dry_run/contacts/bulk",
        {
            "op": "update",
            "items": [
                {"id": 5, "set": {}, "unset": ["phone"], "expected_revision": 2},
                {"id": 6, "set": {}, "unset": []},
            ],
        },
    ),
    "batch upsert": (
        lambda crm, a: crm.batch_upsert(CONTACTS, "external_id", [{"external_id": "e"}], KEYED, a),
        "POST /contacts/bulk",
        {
            "op": "upsert",
            "match": "external_id",
            "items": [{"set": {"external_id": "e"}, "unset": [], "dedupe_key": "k.0"}],
        },
    ),
    "batch delete": (
        lambda crm, a: crm.batch_delete(CONTACTS, [5], KEYED, a),
        "POST /contacts/bulk",
        {"op": "delete", "items": [{"id": 5, "dedupe_key": "k.0"}]},
    ),
    "profile": (lambda crm, a: crm.profile(a), "GET /profile", None),
    "outcome": (lambda crm, a: crm.outcome("k/0", a), "GET /dedupe/k%2F0", None),
    "list": (
        lambda crm, a: crm.page(RecordCollection(PIPELINE), a_query(deleted="only"), a),
        "GET /pipelines?limit=200&offset=0&with_deleted=2",
        None,
    ),
    "list stages": (
        lambda crm, a: crm.page(RecordCollection(STAGE, 9), a_query(), a),
        "GET /pipelines/9/stages?limit=200&offset=0&with_deleted=0",
        None,
    ),
}


@pytest.mark.parametrize(("ask", "call", "body"), CALLS.values(), ids=CALLS)
async def test_is_the_call(ask: Call, call: str, body: Any) -> None:
    upstream = Told(lambda _, __: no("E_NOT_FOUND"))
    try:
        await ask(CrmBackend(upstream, DIALECTS), an_actor())
    except ApiError as error:
        assert error.problem.code == "resource-not-found"
    assert upstream.calls == [(call, body)]
    assert upstream.headers == {
        "X-Actor-User-Id": "31",
        "X-Actor-Permissions": "contacts:read contacts:write",
        "X-Trace-Id": "t-1",
    }
    reading = call.startswith("GET") or "dry_run" in call or (body or {}).get("op") == "get"
    assert upstream.writes == [not reading]
