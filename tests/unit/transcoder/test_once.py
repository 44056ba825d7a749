"""Keyed requests over the memory twin: what makes two requests the same, what is kept, and what a failure leaves."""

import dataclasses
import secrets
from collections.abc import Awaitable
from typing import Any

import pytest
from msgspec.structs import replace

from contract.operations import BY_ID
from contract.problems import (
    DUPLICATE_RESOURCE,
    INTERNAL_ERROR,
    UPSTREAM_INVALID,
    UPSTREAM_TIMEOUT,
    UPSTREAM_UNAVAILABLE,
    Problem,
)
from contract.sealing import KeyRing, parse_key_ring
from contract.size_and_time_limits import MAX_STORED_RESPONSE_BYTES
from contract.versions import VERSIONS
from contract.vocabulary import TenantId, TraceId, UserId
from infra.stores.idempotency import MemoryIdempotency
from infra.stores.valkey import StoreUnavailable
from tests.support.quiet_log import QUIET
from tests.unit.transcoder.calls import a_call
from transcoder.dialect.backend import CrmBackend
from transcoder.operations.call import Answer
from transcoder.operations.idempotency import IdempotentRunner, dedupe_key, fingerprint, key_name
from transcoder.presentation.errors import ApiError
from transcoder.presentation.etags import AnyRevision, NamedTags

KEYS = parse_key_ring("1 " + "ab" * 32)
CALL = a_call("contacts.create", {"first_name": "Ada", "tags": ["a", "b"]}, idempotency_key="order-1")
ANSWER = Answer(201, b'{"data":{"first_name":"Ada"}}', {"location": "https://api.example/v1/contacts/con_1"})

OTHER_REQUESTS: dict[str, dict[str, Any]] = {
    "another path": {"path": "/v1/contacts/"},
    "another query": {"query": "a=1"},
    "a precondition": {"if_match": NamedTags(frozenset({"a"}))},
    "any revision": {"if_match": AnyRevision()},
    "another version": {"version": VERSIONS[1]},
    "a member more": {"body": CALL.body | {"phone": None}},
    "another value": {"body": CALL.body | {"first_name": "ada"}},
    "items in another order": {"body": CALL.body | {"tags": ["b", "a"]}},
    "a string for a number": {"body": CALL.body | {"tags": ["1"]}},
    "a number for a string": {"body": CALL.body | {"tags": [1]}},
    "true for a number": {"body": CALL.body | {"tags": [True]}},
}


@pytest.mark.parametrize("change", OTHER_REQUESTS.values(), ids=OTHER_REQUESTS.keys())
def test_is_another_request(change: dict[str, Any]) -> None:
    assert fingerprint(replace(CALL, **change)) != fingerprint(CALL)


def test_members_in_another_order_are_the_same_request() -> None:
    assert fingerprint(replace(CALL, body=dict(reversed(CALL.body.items())))) == fingerprint(CALL)


def test_a_trace_and_a_deadline_make_no_other_request() -> None:
    later = replace(CALL, actor=replace(CALL.actor, trace_id=TraceId("other"), deadline_s=9.0))
    assert (fingerprint(later), key_name(later)) == (fingerprint(CALL), key_name(CALL))


def test_a_key_is_of_a_business_a_user_and_an_operation() -> None:
    names = {
        key_name(CALL),
        key_name(replace(CALL, idempotency_key="order-2")),
        key_name(replace(CALL, actor=replace(CALL.actor, tenant=TenantId(2)))),
        key_name(replace(CALL, actor=replace(CALL.actor, user=UserId(12)))),
        key_name(replace(CALL, operation=BY_ID["contacts.update"])),
        key_name(replace(CALL, actor=replace(CALL.actor, tenant=TenantId(111), user=UserId(1)))),
        key_name(replace(CALL, actor=replace(CALL.actor, tenant=TenantId(11), user=UserId(11)))),
    }
    assert len(names) == 7


def test_what_the_internal_service_is_told_fits_and_hides_the_key() -> None:
    told = dedupe_key(CALL)
    assert told is not None
    assert len(told) <= 80
    assert "order-1" not in told
    assert dedupe_key(replace(CALL, idempotency_key=None)) is None


class Work:
    """Counts its runs; answers, or fails with what it is given."""

    def __init__(self, *outcomes: Answer | BaseException) -> None:
        self.runs = 0
        self._outcomes = list(outcomes) or [ANSWER]

    async def __call__(self) -> Answer:
        self.runs += 1
        outcome = self._outcomes.pop(0) if len(self._outcomes) > 1 else self._outcomes[0]
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


class Clock:
    now_ms = 1_000_000

    def __call__(self) -> int:
        return self.now_ms


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def once(clock: Clock) -> IdempotentRunner:
    return IdempotentRunner(MemoryIdempotency(clock), lambda _: CrmBackend.capabilities, KEYS, QUIET)


async def refused(running: Awaitable[Answer]) -> Problem:
    with pytest.raises(ApiError) as raised:
        await running
    return raised.value.problem


async def test_a_retry_runs_nothing_and_says_so(once: IdempotentRunner) -> None:
    work = Work()
    assert await once.run(CALL, work) == ANSWER
    again = await once.run(CALL, work)
    assert (again.status, again.body, work.runs) == (201, ANSWER.body, 1)
    assert again.headers == {**ANSWER.headers, "idempotent-replayed": "true"}


async def test_without_a_key_or_where_none_is_honoured_every_request_runs(once: IdempotentRunner) -> None:
    work = Work()
    for call in (replace(CALL, idempotency_key=None), replace(CALL, operation=BY_ID["contacts.update"])):
        for _ in range(2):
            assert await once.run(call, work) == ANSWER
    assert work.runs == 4


FREES = {
    "a refusal": ApiError(DUPLICATE_RESOURCE),
    "a service that was not reached": ApiError(UPSTREAM_UNAVAILABLE),
    "an answer that cannot be read to what wrote nothing": ApiError(UPSTREAM_INVALID, outcome="not-applied"),
}


@pytest.mark.parametrize("failure", FREES.values(), ids=FREES.keys())
async def test_frees_the_key(once: IdempotentRunner, failure: ApiError) -> None:
    assert await refused(once.run(CALL, Work(failure))) is failure.problem
    assert await once.run(replace(CALL, body={"first_name": "Bob"}), Work()) == ANSWER


KEEPS = {
    "a time-out": ApiError(UPSTREAM_TIMEOUT),
    "an answer that cannot be read": ApiError(UPSTREAM_INVALID),
    "a fault of ours": ApiError(INTERNAL_ERROR),
    "a surprise": ZeroDivisionError(),
}


@pytest.mark.parametrize("failure", KEEPS.values(), ids=KEEPS.keys())
async def test_keeps_the_key_until_the_lease_ends(once: IdempotentRunner, clock: Clock, failure: Exception) -> None:
    work = Work(failure, ANSWER)
    with pytest.raises(type(failure)):
        await once.run(CALL, work)
    assert (await refused(once.run(CALL, work))).code == "idempotency-in-progress"
    assert (await refused(once.run(replace(CALL, body={}), work))).code == "idempotency-key-reused"
    clock.now_ms += 12_000
    assert await once.run(CALL, work) == ANSWER
    assert work.runs == 2


async def test_a_retry_meanwhile_is_told_how_long_to_wait(once: IdempotentRunner, clock: Clock) -> None:
    with pytest.raises(ApiError):
        await once.run(CALL, Work(ApiError(UPSTREAM_TIMEOUT)))
    clock.now_ms += 4_500
    with pytest.raises(ApiError) as raised:
        await once.run(CALL, Work())
    assert raised.value.headers == {"retry-after": "8"}


class Recording(MemoryIdempotency):
    """Shows what is stored, and can be lost."""

    def __init__(self, lost: tuple[str, ...] = ()) -> None:
        super().__init__(lambda: 0)
        self.stored: list[bytes] = []
        self._lost = lost

    async def claim(self, *args: Any) -> Any:
        if "claim" in self._lost:
            raise StoreUnavailable("away")
        return await super().claim(*args)

    async def finish(self, tenant: TenantId, name: str, owner: str, answer: bytes, note: bytes) -> None:
        if "finish" in self._lost:
            raise StoreUnavailable("away")
        self.stored.append(answer)
        await super().finish(tenant, name, owner, answer, note)

    async def release(self, *args: Any) -> None:
        if "release" in self._lost:
            raise StoreUnavailable("away")
        await super().release(*args)


async def test_what_is_stored_cannot_be_read_and_opens_for_no_other_key() -> None:
    store = Recording()
    await IdempotentRunner(store, lambda _: CrmBackend.capabilities, KEYS, QUIET).run(CALL, Work())
    (stored,) = store.stored
    assert b"Ada" not in stored
    assert b"con_1" not in stored
    assert KEYS.open(stored, bound_to=key_name(CALL).encode()) is not None
    assert KEYS.open(stored, bound_to=key_name(replace(CALL, idempotency_key="order-2")).encode()) is None


async def test_an_answer_that_is_too_large_is_not_kept_but_asked_for_again(once: IdempotentRunner) -> None:
    large = Answer(201, secrets.token_bytes(MAX_STORED_RESPONSE_BYTES))
    work = Work(large)
    assert await once.run(CALL, work) == large
    again = await once.run(CALL, work)
    assert (again.status, again.body, again.headers["idempotent-replayed"]) == (201, large.body, "true")
    assert work.runs == 2


async def test_what_is_stored_is_never_larger_than_promised() -> None:
    store = Recording()
    for size_bytes in (63 * 1024, 64 * 1024, 1024 * 1024):
        call = replace(CALL, idempotency_key=f"order-{size_bytes}")
        await IdempotentRunner(store, lambda _: CrmBackend.capabilities, KEYS, QUIET).run(
            call, Work(Answer(201, secrets.token_bytes(size_bytes)))
        )
    assert [len(stored) <= MAX_STORED_RESPONSE_BYTES for stored in store.stored] == [True] * 3
    assert len(store.stored[0]) > 63 * 1024


async def test_the_answer_to_a_large_batch_is_kept_small(once: IdempotentRunner) -> None:
    record = b'{"id":"con_%026d","first_name":"Ada","last_name":"Okafor","tags":["VIP"],"custom_fields":{}}'
    work = Work(Answer(200, b",".join(record % number for number in range(1000))))
    first = await once.run(CALL, work)
    assert (await once.run(CALL, work)).body == first.body
    assert work.runs == 1


async def test_without_the_store_nothing_runs() -> None:
    work = Work()
    problem = await refused(
        IdempotentRunner(Recording(lost=("claim",)), lambda _: CrmBackend.capabilities, KEYS, QUIET).run(CALL, work)
    )
    assert (problem.code, problem.outcome, work.runs) == ("idempotency-unavailable", "not-applied", 0)


async def test_a_store_that_is_lost_behind_the_write_does_not_take_its_answer() -> None:
    lost = Recording(lost=("finish", "release"))
    once = IdempotentRunner(lost, lambda _: CrmBackend.capabilities, KEYS, QUIET)
    assert await once.run(CALL, Work()) == ANSWER
    taken = replace(CALL, idempotency_key="order-2")
    assert await refused(once.run(taken, Work(ApiError(DUPLICATE_RESOURCE)))) is DUPLICATE_RESOURCE


def rings() -> tuple[KeyRing, KeyRing, KeyRing]:
    """An old ring, one that has rotated with an overlap, one that has forgotten."""
    old, new = "1 " + "ab" * 32, "2 " + "cd" * 32
    return parse_key_ring(old), parse_key_ring(f"{new}\n{old}"), parse_key_ring(new)


async def test_an_answer_sealed_before_a_rotation_is_replayed_and_one_beyond_it_is_asked_for_again() -> None:
    store = MemoryIdempotency(lambda: 0)
    old, rotated, forgetful = rings()
    work = Work()
    await IdempotentRunner(store, lambda _: CrmBackend.capabilities, old, QUIET).run(CALL, work)
    again = await IdempotentRunner(store, lambda _: CrmBackend.capabilities, rotated, QUIET).run(CALL, work)
    assert (again.body, again.headers["idempotent-replayed"], work.runs) == (ANSWER.body, "true", 1)
    # The work carries the key inward, where the record was made once.
    again = await IdempotentRunner(store, lambda _: CrmBackend.capabilities, forgetful, QUIET).run(CALL, work)
    assert (again.body, again.headers["idempotent-replayed"], work.runs) == (ANSWER.body, "true", 2)


FORGETFUL = dataclasses.replace(CrmBackend.capabilities, dedupe=False)


async def test_a_service_that_knows_no_keys_is_never_sent_a_request_twice(clock: Clock) -> None:
    once = IdempotentRunner(MemoryIdempotency(clock), lambda _: FORGETFUL, KEYS, QUIET)
    work = Work(ApiError(UPSTREAM_TIMEOUT))
    await refused(once.run(CALL, work))
    clock.now_ms += 13_000
    assert (await refused(once.run(CALL, work))).code == "idempotency-outcome-unknown"
    assert work.runs == 1


async def test_that_nobody_knows_is_said_at_once_and_as_long_as_the_key_is_kept(clock: Clock) -> None:
    once = IdempotentRunner(MemoryIdempotency(clock), lambda _: FORGETFUL, KEYS, QUIET)
    work = Work(ApiError(UPSTREAM_TIMEOUT))
    assert (await refused(once.run(CALL, work))).code == "upstream-timeout"
    for wait_ms in (0, 1, 13_000, 1, 23 * 3_600_000):
        clock.now_ms += wait_ms
        assert (await refused(once.run(CALL, work))).code == "idempotency-outcome-unknown"
    assert work.runs == 1


async def test_nor_is_it_run_again_after_a_process_died_with_it(clock: Clock) -> None:
    once = IdempotentRunner(MemoryIdempotency(clock), lambda _: FORGETFUL, KEYS, QUIET)
    with pytest.raises(KeyboardInterrupt):
        await once.run(CALL, Work(KeyboardInterrupt()))
    work = Work()
    assert (await refused(once.run(CALL, work))).code == "idempotency-in-progress"
    for wait_ms in (13_000, 1, 13_000):
        clock.now_ms += wait_ms
        assert (await refused(once.run(CALL, work))).code == "idempotency-outcome-unknown"
    assert work.runs == 0


async def test_a_batch_of_which_a_part_is_unknown_is_not_sent_again_either(clock: Clock) -> None:
    once = IdempotentRunner(MemoryIdempotency(clock), lambda _: FORGETFUL, KEYS, QUIET)
    work = Work(replace(ANSWER, settled=False))
    assert (await once.run(CALL, work)).status == 201
    assert (await refused(once.run(CALL, work))).code == "idempotency-outcome-unknown"
    assert work.runs == 1


async def test_nor_is_it_when_a_stored_answer_no_longer_opens() -> None:
    store = MemoryIdempotency(lambda: 0)
    old, _, forgetful = rings()
    work = Work()
    await IdempotentRunner(store, lambda _: FORGETFUL, old, QUIET).run(CALL, work)
    assert (await refused(IdempotentRunner(store, lambda _: FORGETFUL, forgetful, QUIET).run(CALL, work))).code == (
        "idempotency-outcome-unknown"
    )
    assert work.runs == 1
