"""What becomes of answers that are long, odd, half or none."""

import asyncio
from typing import Any

import pytest

from contract.problems import UPSTREAM_TIMEOUT, UPSTREAM_UNAVAILABLE
from contract.resources import USER
from tests.support.contacts import a_stored_contact
from tests.unit.transcoder.crm import CONTACTS, DRY, KEYED, PLAIN, Told, a_query, an_actor, no, ok
from transcoder.backend.interface import (
    Change,
    Record,
    RecordCollection,
    Refusal,
    WriteAbsent,
    WriteDone,
    WriteResult,
    WriteRunning,
)
from transcoder.backend.upstream import Reply
from transcoder.dialect import DIALECTS
from transcoder.dialect.backend import CrmBackend
from transcoder.presentation.errors import ApiError

PAGES: dict[str, tuple[Any, str | None]] = {
    "more to come": ({"has_more": True, "next_key": "k2"}, "k2"),
    "nothing more": ({"has_more": False}, None),
    "nothing more, with a key": ({"has_more": False, "next_key": "k2"}, None),
}


@pytest.mark.parametrize(("paging", "place"), PAGES.values(), ids=PAGES)
async def test_a_page_says_where_the_next_one_begins_if_there_is_one(paging: Any, place: str | None) -> None:
    crm = CrmBackend(Told(lambda _, __: ok([a_stored_contact()], paging=paging)), DIALECTS)
    page = await crm.page(CONTACTS, a_query(), an_actor())
    assert not isinstance(page, Refusal)
    assert (len(page.records), page.next_place, page.total) == (1, place, None)


@pytest.mark.parametrize("paging", [None, {}, {"has_more": True}, {"has_more": 1}, {"has_more": False}], ids=repr)
async def test_a_page_that_does_not_say_all_that_was_asked_is_unreadable(paging: Any) -> None:
    crm = CrmBackend(Told(lambda _, __: ok([], paging=paging)), DIALECTS)
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
    found = await CrmBackend(upstream, DIALECTS).batch_get(CONTACTS, numbers, an_actor())
    assert [each.number for each in found if isinstance(each, Record)] == numbers
    assert [len(body["items"]) for _, body in upstream.calls] == [50, 50]


async def test_the_keys_of_items_count_through_the_calls() -> None:
    upstream = Told(lambda _, body: ok([ok(a_stored_contact()) for _ in body["items"]]))
    await CrmBackend(upstream, DIALECTS).batch_create(CONTACTS, [{"last_name": "x"}] * 51, KEYED, an_actor())
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
    outcomes = await CrmBackend(Told(half), DIALECTS).batch_update(CONTACTS, changes, PLAIN, an_actor())
    assert [each.record.number for each in outcomes[:50] if isinstance(each, WriteResult)] == list(range(50))
    assert [(each.problem.code, each.outcome) for each in outcomes[50:] if isinstance(each, Refusal)] == [
        (code, outcome)
    ] * 30


async def test_an_item_that_cannot_be_read_is_its_own_refusal_alone() -> None:
    answers = [ok(a_stored_contact()), ok({"id": 5}), no("E_NOT_FOUND"), no("E_SOMETHING_NEW"), ok(a_stored_contact())]
    crm = CrmBackend(Told(lambda _, __: ok(answers)), DIALECTS)
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
    crm = CrmBackend(Told(lambda _, __: answer), DIALECTS)
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
    page = await CrmBackend(upstream, DIALECTS).page(
        RecordCollection(USER), a_query(limit=3, with_total=True), an_actor()
    )
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
        await CrmBackend(Told(lambda _, __: answer), DIALECTS).page(RecordCollection(USER), a_query(), an_actor())
    assert (unreadable.value.problem.code, unreadable.value.outcome) == ("upstream-invalid", "not-applied")


async def test_a_list_that_ends_before_its_total_is_taken_as_it_is() -> None:
    pages = iter([[a_user(1)], []])
    upstream = Told(lambda _, __: ok(next(pages), paging={"total": 2}))
    page = await CrmBackend(upstream, DIALECTS).page(RecordCollection(USER), a_query(), an_actor())
    assert not isinstance(page, Refusal)
    assert len(page.records) == 1


STATES: list[tuple[Any, Any]] = [
    ({"state": "done", "answer": ok({"id": 5})}, WriteDone(5)),
    ({"state": "done", "answer": ok({})}, WriteDone(None)),
    ({"state": "running"}, WriteRunning()),
    ({"state": "absent"}, WriteAbsent()),
]


@pytest.mark.parametrize(("result", "state"), STATES, ids=repr)
async def test_the_outcome_of_a_write_is_told(result: Any, state: Any) -> None:
    assert await CrmBackend(Told(lambda _, __: ok(result)), DIALECTS).outcome("k", an_actor()) == state


async def test_an_outcome_of_no_known_state_is_not_guessed() -> None:
    for answer in (ok({"state": "lost"}), ok(None), no("E_BUSY", retry_after_ms=1500)):
        with pytest.raises(ApiError) as fault:
            await CrmBackend(Told(lambda _, __, answer=answer: answer), DIALECTS).outcome("k", an_actor())
        assert fault.value.problem.status in (502, 503)


PROFILE = {
    "business": {"id": 7, "name": "Acme", "plan_code": 2, "default_currency": "GBP"},
    "user": a_user(31),
}


async def test_the_currency_is_asked_for_once_in_a_while_and_by_business() -> None:
    upstream = Told(lambda _, __: ok(PROFILE))
    crm = CrmBackend(upstream, DIALECTS)
    assert [await crm.default_currency(an_actor()) for _ in range(3)] == ["GBP"] * 3
    assert len(upstream.calls) == 1


@pytest.mark.parametrize("change", [{"plan_code": 4}, {"default_currency": "XXX"}, {"id": "7"}, {"name": None}])
async def test_a_profile_that_cannot_be_read_is_not_passed_on(change: dict[str, Any]) -> None:
    profile = PROFILE | {"business": PROFILE["business"] | change}
    with pytest.raises(ApiError) as unreadable:
        await CrmBackend(Told(lambda _, __: ok(profile)), DIALECTS).profile(an_actor())
    assert unreadable.value.problem.code == "upstream-invalid"
