"""The calls that go inside, to the letter, and what becomes of answers that are odd, half or none."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from contract.problems import UPSTREAM_TIMEOUT, UPSTREAM_UNAVAILABLE
from contract.resources import ACTIVITY, CONTACT, DEAL, PIPELINE, STAGE, USER
from contract.vocabulary import TenantId, TraceId, UserId
from tests.support.contacts import a_stored_contact
from transcoder.dialect import DIALECTS
from transcoder.dialect.crm import Crm
from transcoder.errors import ApiError
from transcoder.records import Absent, Actor, Change, Done, Query, Record, Refusal, Running, Shelf, Terms, Written
from transcoder.upstream import Reply

CONTACTS = Shelf(CONTACT)
PLAIN = Terms()
BASE = "/internal/v2/businesses/7"


@dataclass
class Told:
    """An `Upstream` that answers by a function of the call, and remembers what it was asked."""

    answer: Callable[[str, Any], Any]
    calls: list[tuple[str, Any]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    writes: list[bool] = field(default_factory=list)

    async def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | None,
        *,
        deadline_s: float,
        deadline_header: str,
        writes: bool,
    ) -> Reply:
        """See `Upstream.send`."""
        assert path.startswith(BASE), path
        call = f"{method} {path.removeprefix(BASE)}"
        read = None if body is None else json.loads(body, parse_float=Decimal)
        self.calls.append((call, read))
        self.headers = dict(headers)
        self.writes.append(writes)
        answer = self.answer(call, read)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, Reply) else Reply(200, json.dumps(answer).encode())


def ok(result: Any, **beside: Any) -> dict[str, Any]:
    return {"ok": True, "result": result, **beside}


def no(code: str, **beside: Any) -> dict[str, Any]:
    return {"ok": False, "error_code": code, "field": None, "rule": None, "message": "words", **beside}


def an_actor() -> Actor:
    deadline_s = asyncio.get_running_loop().time() + 10
    return Actor(TenantId(7), UserId(31), "contacts:read contacts:write", "member", TraceId("t-1"), deadline_s)


def a_query(**changes: Any) -> Query:
    plain = {"where": None, "text": None, "order_by": "created_at", "descending": True, "limit": 50}
    return Query(**plain | {"deleted": "exclude", "with_total": False, "place": None} | changes)


def action(resource: Any, name: str) -> Any:
    return next(row for row in resource.actions if row.name == name)


Call = Callable[[Crm, Actor], Awaitable[Any]]
DRY, KEYED, ON = Terms(dry=True), Terms(dedupe_key="k"), Terms(revision=3)
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
        lambda crm, a: crm.upsert(CONTACTS, "email", {"email": "a@b.cd", "phone": None}, Terms(0, "k"), a),
        "POST /contacts/upsert",
        {"match": "email", "set": {"email": "a@b.cd"}, "unset": ["phone"], "expected_revision": 0, "dedupe_key": "k"},
    ),
    "add tags": (
        lambda crm, a: crm.act(CONTACTS, action(CONTACT, "add_tags"), 5, {"tags": ["VIP"]}, ON, a),
        "POST /contacts/5/tags",
        {"add": ["VIP"], "expected_revision": 3},
    ),
    "win dry": (
        lambda crm, a: crm.act(Shelf(DEAL), action(DEAL, "win"), 5, {"closed_at": 9}, DRY, a),
        "POST /dry_run/deals/5/status",
        {"status_code": 2, "closed_at": 9},
    ),
    "a stage": (
        lambda crm, a: crm.update(Shelf(STAGE, 9), 5, {"position": 0}, PLAIN, a),
        "PUT /pipelines/9/stages/5",
        {"set": {"sort_index": 1}, "unset": []},
    ),
    "an activity": (lambda crm, a: crm.get(Shelf(ACTIVITY), 5, a), "GET /activity_log/5", None),
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
        lambda crm, a: crm.page(Shelf(PIPELINE), a_query(deleted="only"), a),
        "GET /pipelines?limit=200&offset=0&with_deleted=2",
        None,
    ),
    "list stages": (
        lambda crm, a: crm.page(Shelf(STAGE, 9), a_query(), a),
        "GET /pipelines/9/stages?limit=200&offset=0&with_deleted=0",
        None,
    ),
}


@pytest.mark.parametrize(("ask", "call", "body"), CALLS.values(), ids=CALLS)
async def test_is_the_call(ask: Call, call: str, body: Any) -> None:
    upstream = Told(lambda _, __: no("E_NOT_FOUND"))
    try:
        await ask(Crm(upstream, DIALECTS), an_actor())
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


FIELD = {"id": 17, "resource": "contacts", "key": "seats", "label": "Seats", "type_code": 3, "options": []}
FIELD |= {"created_at": 5, "updated_at": 5, "revision": 1}


@dataclass
class Crms:
    """A CRM whose contacts hold an own field, and which defines what `defined` says."""

    defined: list[Any] = field(default_factory=list)
    stored: dict[str, Any] = field(default_factory=dict)

    def __call__(self, call: str, body: Any) -> Any:
        if "field_defs" in call:
            return ok(self.defined, paging={"limit": 200, "offset": 0, "total": len(self.defined)})
        if "bulk" in call:
            return ok([ok(a_stored_contact(**self.stored)) for _ in body["items"]])
        return ok(a_stored_contact(**self.stored))


SEATS = {"custom": [{"field_id": 17, "value": 25}]}


def fields_read(upstream: Told) -> int:
    return sum("field_defs" in call for call, _ in upstream.calls)


async def test_definitions_are_read_when_a_value_needs_them_and_not_before() -> None:
    upstream = Told(Crms([FIELD], {}))
    crm = Crm(upstream, DIALECTS)
    await crm.get(CONTACTS, 5, an_actor())
    assert fields_read(upstream) == 0
    upstream.answer = Crms([FIELD], SEATS)
    for _ in range(3):
        record = await crm.get(CONTACTS, 5, an_actor())
        assert isinstance(record, Record)
        assert record.values["custom_fields"] == {"seats": 25}
    assert fields_read(upstream) == 1
    assert (await crm.definitions(CONTACT, an_actor()))["seats"].number == 17
    assert await crm.definitions(DEAL, an_actor()) == {}
    assert fields_read(upstream) == 1
    await crm.definitions(CONTACT, an_actor(), fresh=True)
    assert fields_read(upstream) == 2


async def test_a_field_that_is_newer_than_what_is_remembered_is_read_again_once() -> None:
    source = Crms([], SEATS)
    upstream = Told(source)
    crm = Crm(upstream, DIALECTS)
    assert await crm.definitions(CONTACT, an_actor()) == {}
    source.defined = [FIELD]
    for found in await crm.batch_get(CONTACTS, [5, 6, 7], an_actor()):
        assert isinstance(found, Record)
        assert found.values["custom_fields"] == {"seats": 25}
    assert fields_read(upstream) == 2


async def test_a_field_that_nobody_defined_is_unreadable_after_one_more_reading() -> None:
    upstream = Told(Crms([], SEATS))
    crm = Crm(upstream, DIALECTS)
    await crm.definitions(CONTACT, an_actor())
    with pytest.raises(ApiError) as unreadable:
        await crm.update(CONTACTS, 5, {}, PLAIN, an_actor())
    assert (unreadable.value.problem.code, unreadable.value.outcome) == ("upstream-invalid", "unknown")
    assert fields_read(upstream) == 2
    outcomes = await crm.batch_update(CONTACTS, [Change(number, {}, None) for number in range(3)], PLAIN, an_actor())
    assert {(each.problem.code, each.outcome) for each in outcomes if isinstance(each, Refusal)} == {
        ("upstream-invalid", "unknown")
    }
    assert len(outcomes) == 3
    assert fields_read(upstream) == 3


async def test_an_own_value_is_written_with_all_its_digits() -> None:
    upstream = Told(Crms([FIELD], {}))
    await Crm(upstream, DIALECTS).create(CONTACTS, {"custom_fields": {"seats": Decimal("0.1")}}, PLAIN, an_actor())
    assert upstream.calls[-1] == ("POST /contacts", {"custom": [{"field_id": 17, "value": Decimal("0.1")}]})


async def test_an_own_value_is_read_with_all_its_digits() -> None:
    stored = json.dumps(ok(a_stored_contact(**SEATS))).replace('"value": 25', '"value": 123456789012.123456')
    crm = Crm(
        Told(lambda call, body: Crms([FIELD])(call, body) if "defs" in call else Reply(200, stored.encode())), DIALECTS
    )
    record = await crm.get(CONTACTS, 5, an_actor())
    assert isinstance(record, Record)
    assert record.values["custom_fields"] == {"seats": Decimal("123456789012.123456")}


PAGES: dict[str, tuple[Any, str | None]] = {
    "more to come": ({"has_more": True, "next_key": "k2"}, "k2"),
    "nothing more": ({"has_more": False}, None),
    "nothing more, with a key": ({"has_more": False, "next_key": "k2"}, None),
}


@pytest.mark.parametrize(("paging", "place"), PAGES.values(), ids=PAGES)
async def test_a_page_says_where_the_next_one_begins_if_there_is_one(paging: Any, place: str | None) -> None:
    crm = Crm(Told(lambda _, __: ok([a_stored_contact()], paging=paging)), DIALECTS)
    page = await crm.page(CONTACTS, a_query(), an_actor())
    assert not isinstance(page, Refusal)
    assert (len(page.records), page.next_place, page.total) == (1, place, None)


@pytest.mark.parametrize("paging", [None, {}, {"has_more": True}, {"has_more": 1}, {"has_more": False}], ids=repr)
async def test_a_page_that_does_not_say_all_that_was_asked_is_unreadable(paging: Any) -> None:
    crm = Crm(Told(lambda _, __: ok([], paging=paging)), DIALECTS)
    with pytest.raises(ApiError) as unreadable:
        await crm.page(CONTACTS, a_query(with_total=True), an_actor())
    assert (unreadable.value.problem.code, unreadable.value.outcome) == ("upstream-invalid", "not-applied")


async def test_a_hundred_items_go_in_two_calls_side_by_side() -> None:
    waiting: list[int] = []
    both = asyncio.Event()

    class Slow(Told):
        async def send(self, *args: Any, **named: Any) -> Reply:
            waiting.append(1)
            if len(waiting) == 2:
                both.set()
            async with asyncio.timeout(5):
                await both.wait()
            return await super().send(*args, **named)

    upstream = Slow(lambda _, body: ok([ok(a_stored_contact(id=item["id"])) for item in body["items"]]))
    numbers = list(range(1, 101))
    found = await Crm(upstream, DIALECTS).batch_get(CONTACTS, numbers, an_actor())
    assert [each.number for each in found if isinstance(each, Record)] == numbers
    assert [len(body["items"]) for _, body in upstream.calls] == [50, 50]


async def test_the_keys_of_items_count_through_the_calls() -> None:
    upstream = Told(lambda _, body: ok([ok(a_stored_contact()) for _ in body["items"]]))
    await Crm(upstream, DIALECTS).batch_create(CONTACTS, [{"last_name": "x"}] * 51, KEYED, an_actor())
    keys = [item["dedupe_key"] for _, body in upstream.calls for item in body["items"]]
    assert keys == [f"k.{index}" for index in range(51)]
    assert all("dedupe_key" not in body for _, body in upstream.calls)


FAILURES: dict[str, tuple[Any, str, str | None]] = {
    "it is away": (ApiError(UPSTREAM_UNAVAILABLE), "upstream-unavailable", None),
    "it is late": (ApiError(UPSTREAM_TIMEOUT, outcome="unknown"), "upstream-timeout", "unknown"),
    "it is busy": (no("E_BUSY", retry_after_ms=1500), "upstream-unavailable", None),
    "the business is suspended": (no("E_SUSPENDED"), "business-suspended", None),
    "it breaks": (Reply(500, b"{}"), "upstream-invalid", "unknown"),
    "it answers in part": (ok([ok(a_stored_contact())]), "upstream-invalid", "unknown"),
    "it answers otherwise": (ok([5] * 30), "upstream-invalid", "unknown"),
}


@pytest.mark.parametrize(("answer", "code", "outcome"), FAILURES.values(), ids=FAILURES)
async def test_a_call_that_fails_is_its_own_items_refusal(answer: Any, code: str, outcome: str | None) -> None:
    def half(_: str, body: Any) -> Any:
        first = body["items"][0]["id"] == 0
        return ok([ok(a_stored_contact(id=item["id"])) for item in body["items"]]) if first else answer

    changes = [Change(number, {}, None) for number in range(80)]
    outcomes = await Crm(Told(half), DIALECTS).batch_update(CONTACTS, changes, PLAIN, an_actor())
    assert [each.record.number for each in outcomes[:50] if isinstance(each, Written)] == list(range(50))
    assert [(each.problem.code, each.outcome) for each in outcomes[50:] if isinstance(each, Refusal)] == [
        (code, outcome)
    ] * 30


async def test_an_item_that_cannot_be_read_is_its_own_refusal_alone() -> None:
    answers = [ok(a_stored_contact()), ok({"id": 5}), no("E_NOT_FOUND"), no("E_SOMETHING_NEW"), ok(a_stored_contact())]
    crm = Crm(Told(lambda _, __: ok(answers)), DIALECTS)
    outcomes = await crm.batch_update(CONTACTS, [Change(number, {}, None) for number in range(5)], PLAIN, an_actor())
    assert [each.problem.code if isinstance(each, Refusal) else "" for each in outcomes] == [
        "",
        "upstream-invalid",
        "resource-not-found",
        "upstream-invalid",
        "",
    ]


UNREADABLE: dict[str, Any] = {
    "HTML": Reply(200, b"<html>"),
    "no UTF-8": Reply(200, b'{"ok": "\xff"}'),
    "an array": [],
    "no word on success": {"result": {}},
    "success in words": {"ok": "true"},
    "another status": Reply(404, b"{}"),
    "a code that nobody knows": no("E_SOMETHING_NEW"),
    "its own fault": no("E_INTERNAL"),
    "half a record": ok({"id": 5}),
    "a number beyond all": Reply(200, b'{"ok": true, "result": 1e9999999999999999999}'),
    "an upsert in words": ok(a_stored_contact(), created="yes"),
}


@pytest.mark.parametrize("answer", UNREADABLE.values(), ids=UNREADABLE)
async def test_an_answer_that_cannot_be_read_is_never_passed_on(answer: Any) -> None:
    crm = Crm(Told(lambda _, __: answer), DIALECTS)
    with pytest.raises(ApiError) as unreadable:
        await crm.update(CONTACTS, 5, {}, PLAIN, an_actor())
    assert (unreadable.value.problem.code, unreadable.value.outcome) == ("upstream-invalid", "unknown")
    with pytest.raises(ApiError) as unreadable:
        await crm.update(CONTACTS, 5, {}, DRY, an_actor())
    assert unreadable.value.outcome == "not-applied"


def a_user(number: int) -> dict[str, Any]:
    user = {"id": number, "name": f"User {number}", "email": f"u{number}@x.example", "role_code": 3, "is_active": 1}
    return user | {"created_at": number, "updated_at": number, "revision": 1}


@pytest.mark.parametrize(("most", "calls"), [(200, 3), (90, 5)])
async def test_a_long_list_is_read_to_its_end_however_much_a_call_gives(most: int, calls: int) -> None:
    users = [a_user(number) for number in range(1, 451)]

    def listing(call: str, _: Any) -> Any:
        offset = int(call.split("offset=")[1].split("&")[0])
        return ok(users[offset : offset + most], paging={"limit": most, "offset": offset, "total": len(users)})

    upstream = Told(listing)
    page = await Crm(upstream, DIALECTS).page(Shelf(USER), a_query(limit=3, with_total=True), an_actor())
    assert not isinstance(page, Refusal)
    assert ([record.number for record in page.records], page.total) == ([450, 449, 448], 450)
    assert len(upstream.calls) == calls


WILD: dict[str, Any] = {
    "no paging": ok([]),
    "no total": ok([], paging={}),
    "more than can be": ok([a_user(1)], paging={"total": 10**9}),
    "a row that is none": ok([5], paging={"total": 1}),
}


@pytest.mark.parametrize("answer", WILD.values(), ids=WILD)
async def test_a_list_that_cannot_be_read_is_not_guessed(answer: Any) -> None:
    with pytest.raises(ApiError) as unreadable:
        await Crm(Told(lambda _, __: answer), DIALECTS).page(Shelf(USER), a_query(), an_actor())
    assert (unreadable.value.problem.code, unreadable.value.outcome) == ("upstream-invalid", "not-applied")


async def test_a_list_that_ends_before_its_total_is_taken_as_it_is() -> None:
    pages = iter([[a_user(1)], []])
    upstream = Told(lambda _, __: ok(next(pages), paging={"total": 2}))
    page = await Crm(upstream, DIALECTS).page(Shelf(USER), a_query(), an_actor())
    assert not isinstance(page, Refusal)
    assert len(page.records) == 1


STATES: list[tuple[Any, Any]] = [
    ({"state": "done", "answer": ok({"id": 5})}, Done(5)),
    ({"state": "done", "answer": ok({})}, Done(None)),
    ({"state": "running"}, Running()),
    ({"state": "absent"}, Absent()),
]


@pytest.mark.parametrize(("result", "state"), STATES, ids=repr)
async def test_the_outcome_of_a_write_is_told(result: Any, state: Any) -> None:
    assert await Crm(Told(lambda _, __: ok(result)), DIALECTS).outcome("k", an_actor()) == state


async def test_an_outcome_of_no_known_state_is_not_guessed() -> None:
    for answer in (ok({"state": "lost"}), ok(None), no("E_BUSY", retry_after_ms=1500)):
        with pytest.raises(ApiError) as fault:
            await Crm(Told(lambda _, __, answer=answer: answer), DIALECTS).outcome("k", an_actor())
        assert fault.value.problem.status in (502, 503)


PROFILE = {
    "business": {"id": 7, "name": "Acme", "plan_code": 2, "default_currency": "GBP"},
    "user": a_user(31),
}


async def test_the_currency_is_asked_for_once_in_a_while_and_by_business() -> None:
    upstream = Told(lambda _, __: ok(PROFILE))
    crm = Crm(upstream, DIALECTS)
    assert [await crm.default_currency(an_actor()) for _ in range(3)] == ["GBP"] * 3
    assert len(upstream.calls) == 1


@pytest.mark.parametrize("change", [{"plan_code": 4}, {"default_currency": "XXX"}, {"id": "7"}, {"name": None}])
async def test_a_profile_that_cannot_be_read_is_not_passed_on(change: dict[str, Any]) -> None:
    profile = PROFILE | {"business": PROFILE["business"] | change}
    with pytest.raises(ApiError) as unreadable:
        await Crm(Told(lambda _, __: ok(profile)), DIALECTS).profile(an_actor())
    assert unreadable.value.problem.code == "upstream-invalid"
