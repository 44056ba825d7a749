"""All stores of idempotency keys keep the same promises, races and expiry included."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from redis.asyncio import Redis

from contract.vocabulary import TenantId
from infra.stores.idempotency import (
    Claimed,
    FingerprintMismatch,
    Idempotency,
    InFlight,
    KeyUse,
    MemoryIdempotency,
    PastUse,
    Replayed,
    UseState,
    ValkeyIdempotency,
)
from infra.stores.valkey import StoreUnavailable
from infra.stores.valkey_pipeline import PipelinedClient
from tests.stores.shelves import KINDS, Shelf, shelf_of
from tests.stores.valkey_process import valkey_at

TENANT, OTHER_TENANT = TenantId(1), TenantId(2)
TIMEOUT_S = 5.0
LEASE_S = 12
DAY_S = 24 * 3600
ANSWER = bytes(range(256))
NOTE = b"noted when done"
USE = KeyUse("the caller's key", b"noted when claimed")


@pytest.fixture(params=KINDS)
async def shelf(request: pytest.FixtureRequest, places: dict[str, str]) -> AsyncIterator[Shelf[Idempotency]]:
    async with shelf_of(request.param, places, MemoryIdempotency, ValkeyIdempotency, keys="once:*", lease="l") as made:
        yield made


@pytest.fixture
async def store(shelf: Shelf[Idempotency]) -> Idempotency:
    return shelf.store


_numbers = itertools.count()


@pytest.fixture
def name() -> str:
    return f"{next(_numbers):064x}"


async def test_the_first_to_claim_runs_and_others_wait(store: Idempotency, name: str) -> None:
    assert await store.claim(TENANT, name, "print", "one", USE) == Claimed()
    assert await store.claim(TENANT, name, "print", "two", USE) == InFlight(LEASE_S)


async def test_twenty_racing_claims_have_one_winner(store: Idempotency, name: str) -> None:
    claims = await asyncio.gather(*(store.claim(TENANT, name, "print", f"owner {n}", USE) for n in range(20)))
    assert Counter(map(type, claims)) == {Claimed: 1, InFlight: 19}


async def test_twenty_claims_racing_for_a_lease_that_ended_have_one_winner(
    shelf: Shelf[Idempotency], name: str
) -> None:
    await shelf.store.claim(TENANT, name, "print", "crashed", USE)
    await shelf.pass_time(LEASE_S)
    claims = await asyncio.gather(*(shelf.store.claim(TENANT, name, "print", f"owner {n}", USE) for n in range(20)))
    assert Counter(map(type, claims)) == {Claimed: 1, InFlight: 19}


async def test_a_finished_request_is_replayed_byte_for_byte(store: Idempotency, name: str) -> None:
    await store.claim(TENANT, name, "print", "one", USE)
    await store.finish(TENANT, name, "one", ANSWER, NOTE)
    for _ in range(2):
        assert await store.claim(TENANT, name, "print", "two", USE) == Replayed(ANSWER)


async def test_a_key_belongs_to_one_request_while_it_runs_and_when_it_is_done(store: Idempotency, name: str) -> None:
    await store.claim(TENANT, name, "print", "one", USE)
    assert await store.claim(TENANT, name, "other print", "two", USE) == FingerprintMismatch()
    await store.finish(TENANT, name, "one", ANSWER, NOTE)
    assert await store.claim(TENANT, name, "other print", "two", USE) == FingerprintMismatch()


async def test_whoever_asks_later_is_told_what_a_key_was_used_for(shelf: Shelf[Idempotency], name: str) -> None:
    use = KeyUse(f"key of {name}", b"claimed")
    await shelf.store.claim(TENANT, name, "print", "one", use)
    await shelf.store.claim(TENANT, f"{name} elsewhere", "print", "two", use)
    assert await shelf.store.uses(TENANT, use.key) == [
        PastUse(name, UseState.RUNNING, b"claimed"),
        PastUse(f"{name} elsewhere", UseState.RUNNING, b"claimed"),
    ]
    await shelf.store.finish(TENANT, name, "one", ANSWER, NOTE)
    await shelf.pass_time(LEASE_S)
    assert await shelf.store.uses(TENANT, use.key) == [
        PastUse(name, UseState.DONE, NOTE),
        PastUse(f"{name} elsewhere", UseState.ABANDONED, b"claimed"),
    ]
    await shelf.store.release(TENANT, f"{name} elsewhere", "two")
    assert await shelf.store.uses(TENANT, use.key) == [PastUse(name, UseState.DONE, NOTE)]
    assert await shelf.store.uses(OTHER_TENANT, use.key) == []


async def test_a_lease_that_ended_does_not_let_another_request_in(shelf: Shelf[Idempotency], name: str) -> None:
    await shelf.store.claim(TENANT, name, "print", "crashed", USE)
    await shelf.pass_time(LEASE_S)
    assert await shelf.store.claim(TENANT, name, "other print", "two", USE) == FingerprintMismatch()


async def test_a_lease_tells_how_long_it_lasts_and_then_goes_to_the_next(shelf: Shelf[Idempotency], name: str) -> None:
    await shelf.store.claim(TENANT, name, "print", "one", USE)
    await shelf.pass_time(LEASE_S - 1)
    assert await shelf.store.claim(TENANT, name, "print", "two", USE) == InFlight(1)
    await shelf.pass_time(1)
    assert await shelf.store.claim(TENANT, name, "print", "two", USE) == Claimed(is_retry=True)
    assert await shelf.store.claim(TENANT, name, "print", "three", USE) == InFlight(LEASE_S)


async def test_a_past_owner_neither_finishes_nor_frees(shelf: Shelf[Idempotency], name: str) -> None:
    await shelf.store.claim(TENANT, name, "print", "slow", USE)
    await shelf.pass_time(LEASE_S)
    await shelf.store.claim(TENANT, name, "print", "next", USE)
    await shelf.store.finish(TENANT, name, "slow", b"late", NOTE)
    await shelf.store.release(TENANT, name, "slow")
    assert isinstance(await shelf.store.claim(TENANT, name, "print", "third", USE), InFlight)
    await shelf.store.finish(TENANT, name, "next", ANSWER, NOTE)
    assert await shelf.store.claim(TENANT, name, "print", "third", USE) == Replayed(ANSWER)


async def test_an_owner_whose_lease_ended_finishes_if_nobody_took_over(shelf: Shelf[Idempotency], name: str) -> None:
    await shelf.store.claim(TENANT, name, "print", "slow", USE)
    await shelf.pass_time(LEASE_S + 1)
    await shelf.store.finish(TENANT, name, "slow", ANSWER, NOTE)
    assert await shelf.store.claim(TENANT, name, "print", "two", USE) == Replayed(ANSWER)


async def test_a_freed_key_is_anyone_s_and_any_request_s(store: Idempotency, name: str) -> None:
    await store.claim(TENANT, name, "print", "one", USE)
    await store.release(TENANT, name, "one")
    assert await store.claim(TENANT, name, "other print", "two", USE) == Claimed()
    await store.release(TENANT, name, "one")
    assert isinstance(await store.claim(TENANT, name, "other print", "three", USE), InFlight)


async def test_a_finished_request_cannot_be_freed(store: Idempotency, name: str) -> None:
    await store.claim(TENANT, name, "print", "one", USE)
    await store.finish(TENANT, name, "one", ANSWER, NOTE)
    await store.release(TENANT, name, "one")
    assert await store.claim(TENANT, name, "print", "two", USE) == Replayed(ANSWER)


async def test_what_nobody_claimed_is_neither_finished_nor_freed(store: Idempotency, name: str) -> None:
    await store.finish(TENANT, name, "one", ANSWER, NOTE)
    await store.release(TENANT, name, "one")
    assert await store.claim(TENANT, name, "print", "one", USE) == Claimed()
    assert isinstance(await store.claim(TENANT, name, "print", "two", USE), InFlight)


async def test_businesses_do_not_share_names(store: Idempotency, name: str) -> None:
    await store.claim(TENANT, name, "print", "one", USE)
    await store.finish(TENANT, name, "one", ANSWER, NOTE)
    assert await store.claim(OTHER_TENANT, name, "other print", "two", USE) == Claimed()


async def test_a_key_is_kept_for_a_day_and_not_longer(shelf: Shelf[Idempotency], name: str) -> None:
    await shelf.store.claim(TENANT, name, "print", "one", USE)
    await shelf.store.finish(TENANT, name, "one", ANSWER, NOTE)
    await shelf.pass_time(DAY_S - 60)
    assert await shelf.store.claim(TENANT, name, "print", "two", USE) == Replayed(ANSWER)
    await shelf.pass_time(60)
    assert await shelf.store.claim(TENANT, name, "other print", "two", USE) == Claimed()


async def test_all_keys_of_a_business_lie_in_one_slot_and_end_by_themselves(valkey_url: str) -> None:
    valkey = PipelinedClient(valkey_url, timeout_s=TIMEOUT_S)
    for name in ("a", "b"):
        await ValkeyIdempotency(valkey).claim(TenantId(77), name, "print", "one", USE)
    async with Redis.from_url(valkey_url) as redis:
        keys = [key.decode() for key in await redis.keys("*{77}*")]
        assert len(keys) == 3
        assert {key[key.index("{") : key.index("}") + 1] for key in keys} == {"{77}"}
        for key in keys:
            assert DAY_S - 60 < await redis.ttl(key) <= DAY_S
    await valkey.close()


async def test_a_store_that_is_away_is_lost_whatever_is_asked_of_it() -> None:
    with TemporaryDirectory() as folder:
        async with valkey_at(Path(folder)) as (url, process):
            valkey = PipelinedClient(url, timeout_s=TIMEOUT_S)
            store = ValkeyIdempotency(valkey)
            assert await store.claim(TENANT, "name", "print", "one", USE) == Claimed()
            process.kill()
            await process.wait()
            with pytest.raises(StoreUnavailable):
                await store.claim(TENANT, "name", "print", "two", USE)
            with pytest.raises(StoreUnavailable):
                await store.finish(TENANT, "name", "one", ANSWER, NOTE)
            with pytest.raises(StoreUnavailable):
                await store.release(TENANT, "name", "one")
            await valkey.close()


async def test_an_answer_that_is_not_the_script_s_is_no_claim() -> None:
    with TemporaryDirectory() as folder:
        async with valkey_at(Path(folder)) as (url, _):
            valkey = PipelinedClient(url, timeout_s=TIMEOUT_S)
            async with Redis.from_url(url) as redis:
                await redis.set("once:{1}:name", "something else wrote here")
            with pytest.raises(StoreUnavailable):
                await ValkeyIdempotency(valkey).claim(TENANT, "name", "print", "one", USE)
            await valkey.close()
