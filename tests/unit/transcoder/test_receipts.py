"""Receipts: what is made of an answered request, who may see it, and asking for it."""

import json
from collections.abc import Sequence
from typing import cast

import pytest
from msgspec.structs import replace

from contract.ids import IdCodec
from contract.resources import RESOURCES
from contract.sealing import parse_key_ring
from infra.stores.idempotency import KeyUse, MemoryIdempotency
from infra.stores.receipt import Receipt
from infra.stores.receipts import MemoryReceipts, Receipts, pack
from infra.stores.valkey import StoreUnavailable
from tests.support.record_faults import FAULTS
from tests.unit.transcoder.calls import ACTOR, TOKEN, a_call
from transcoder.backend.interface import Backend
from transcoder.backend.upstream import Stopwatch
from transcoder.http.parameters import Parameters
from transcoder.operations import requests
from transcoder.operations.call import Answer, Token
from transcoder.operations.context import HandlerContext
from transcoder.operations.receipts import key_digest, make_receipt, may_see
from transcoder.presentation.errors import ApiError
from transcoder.presentation.to_public import Presenters

TRACE_ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
NOTES = {
    "trace_id": TRACE_ID,
    "operation": "contacts.create",
    "duration_ms": 41.4,
    "upstream_duration_ms": 33,
}
NOW_MS = 1_800_000_000_000


def test_a_create_is_told_with_its_record_and_its_times() -> None:
    made = make_receipt(NOTES, "usr_one", Answer(201, b"{}", record=7), NOW_MS)
    assert made == Receipt(
        TRACE_ID,
        "usr_one",
        "contacts.create",
        NOW_MS - 41,
        status=201,
        record="7",
        duration_ms=41,
        upstream_duration_ms=33,
    )


def test_a_refusal_is_told_with_its_problem_and_a_replay_as_one() -> None:
    refused = make_receipt(NOTES | {"code": "validation-failed"}, "usr_one", Answer(422, b"{}"), NOW_MS)
    assert (refused.status, refused.problem, refused.replayed, refused.record) == (
        422,
        "validation-failed",
        False,
        None,
    )
    replayed = Answer(201, b"{}", {"idempotent-replayed": "true"}, record=7)
    assert make_receipt(NOTES, "usr_one", replayed, NOW_MS).replayed


@pytest.mark.parametrize("operation", ["contacts.get", "contacts.update", "contacts.batch_create", "deals.win"])
def test_a_record_that_was_neither_created_nor_upserted_is_not_named(operation: str) -> None:
    made = make_receipt(NOTES | {"operation": operation}, "usr_one", Answer(200, b"{}", record=7), NOW_MS)
    assert made.record is None


RECEIPT = Receipt(TRACE_ID, "usr_one", "contacts.create", NOW_MS, status=201, record="7", duration_ms=41)


def a_token(scopes: str, subject: str) -> Token:
    return Token(scopes, "growth", "pat", "a-client", 0, "biz_one", subject)


def seen_by(subject: str, scopes: str, permissions: str) -> bool:
    actor = replace(ACTOR, permissions=permissions)
    return may_see(RECEIPT, a_call("requests.get", actor=actor, token=a_token(scopes, subject)))


def test_one_sees_one_s_own_and_with_tokens_manage_the_business_s() -> None:
    assert seen_by("usr_one", "", "")
    assert not seen_by("usr_two", "contacts:read", "contacts:read")
    assert seen_by("usr_two", "tokens:manage", "tokens:manage")
    assert not seen_by("usr_two", "tokens:manage", "contacts:read"), "the permission too"
    assert not seen_by("usr_two", "contacts:read", "tokens:manage"), "the scope too"


class Late(MemoryReceipts):
    """A receipt that is written between the first look and the second."""

    def __init__(self) -> None:
        super().__init__(lambda: NOW_MS)
        self.looks = 0

    async def find(self, business: str, trace_id: str) -> Receipt | None:
        self.looks += 1
        return await super().find(business, trace_id) if self.looks > 1 else None


class Away:
    async def keep(self, business: str, receipts: Sequence[Receipt]) -> None:
        raise StoreUnavailable("away")

    async def find(self, business: str, trace_id: str) -> Receipt | None:
        raise StoreUnavailable("away")


async def ask(store: Receipts, trace_id: str = TRACE_ID, token: Token = TOKEN) -> Answer:
    presenters = Presenters(RESOURCES, IdCodec(bytes(range(32))))
    requests_store = MemoryIdempotency(lambda: 0)
    desk = HandlerContext(
        cast("Backend", None),
        requests_store,
        store,
        presenters,
        parse_key_ring("1 " + "ab" * 32),
        "https://api.example",
        FAULTS,
    )
    call = a_call("requests.get", path=f"/v1/requests/{trace_id}", token=token)
    return await requests.run_get(desk, call, {})


async def test_who_asks_at_once_waits_for_a_receipt_that_is_on_its_way() -> None:
    store = Late()
    await store.save("biz_one", [RECEIPT])
    answer = await ask(store)
    told = json.loads(answer.body or b"")["data"]
    assert (answer.status, store.looks) == (200, 2)
    assert told["record_id"].startswith("con_")
    assert (told["received_at"], told["duration_ms"]) == ("2027-01-15T08:00:00Z", 41)


@pytest.mark.parametrize("trace_id", ["", "x", TRACE_ID.upper(), f"{TRACE_ID}0", TRACE_ID.replace("0", "%30")])
async def test_what_is_no_trace_id_is_404_and_nobody_is_asked(trace_id: str) -> None:
    store = Late()
    with pytest.raises(ApiError) as refused:
        await ask(store, trace_id)
    assert (refused.value.problem.code, store.looks) == ("resource-not-found", 0)


async def test_somebody_else_s_is_404_and_so_is_another_business_s() -> None:
    store = MemoryReceipts(lambda: NOW_MS)
    await store.save("biz_one", [RECEIPT])
    for token in (a_token("", "usr_two"), Token("", "growth", "pat", "c", 0, "biz_two", "usr_one")):
        with pytest.raises(ApiError) as refused:
            await ask(store, token=token)
        assert refused.value.problem.code == "resource-not-found"


async def test_without_the_store_nobody_says_that_there_was_no_such_request() -> None:
    with pytest.raises(ApiError) as refused:
        await ask(Away())
    assert refused.value.problem.code == "upstream-unavailable"


async def test_an_operation_that_is_served_no_more_still_has_its_receipts() -> None:
    store = MemoryReceipts(lambda: NOW_MS)
    await store.save("biz_one", [Receipt(TRACE_ID, "usr_one", "gone.create", NOW_MS, status=201, record="7")])
    told = json.loads((await ask(store)).body or b"")["data"]
    assert (told["operation"], told["record_id"]) == ("gone.create", None)


async def asked_of(note: bytes) -> Answer:
    """The uses of a key of which that was noted at its one use, which has ended."""
    used = MemoryIdempotency(lambda: 0)
    await used.claim(ACTOR.tenant, "name", "fingerprint", "owner", KeyUse(key_digest("none"), note))
    await used.finish(ACTOR.tenant, "name", "owner", b"{}", note)
    presenters = Presenters(RESOURCES, IdCodec(bytes(range(32))))
    kept = MemoryReceipts(lambda: NOW_MS)
    desk = HandlerContext(
        cast("Backend", None), used, kept, presenters, parse_key_ring("1 " + "ab" * 32), "https://api.example", FAULTS
    )
    parameters = Parameters(idempotency_key="none")
    return await requests.run_list(desk, a_call("requests.list", parameters=parameters, token=TOKEN), {})


async def test_a_use_of_an_operation_that_is_served_no_more_is_told_too() -> None:
    note = pack(Receipt(TRACE_ID, TOKEN.subject, "gone.create", NOW_MS, status=201, record="7"))
    [told] = json.loads((await asked_of(note)).body or b"")["data"]
    assert (told["operation"], told["state"], told["status"], told["record_id"]) == ("gone.create", "done", 201, None)


async def test_a_use_of_which_nothing_can_be_read_is_neither_told_nor_absent() -> None:
    with pytest.raises(ApiError) as refused:
        await asked_of(b"of another form")
    assert refused.value.problem.code == "idempotency-unavailable"


def test_calls_that_overlap_are_timed_together() -> None:
    now_s = [0.0]
    watch = Stopwatch(lambda: now_s[0])
    assert watch.ms is None, "nobody was asked"
    for instant_s, step in [(0.0, watch.begin), (1.0, watch.begin), (2.0, watch.end), (3.0, watch.end)]:
        now_s[0] = instant_s
        assert step() == instant_s
    for instant_s, step in [(10.0, watch.begin), (10.5, watch.end)]:
        now_s[0] = instant_s
        step()
    assert watch.ms == 3500
