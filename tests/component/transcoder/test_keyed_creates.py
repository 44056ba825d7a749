"""One key makes at most one record: races, retries, crashes and outages over real processes."""

import asyncio
import contextlib
import sqlite3
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
import pytest

from tests.component.transcoder.hasty import LEASE_S
from tests.component.transcoder.places import (
    ADMIN_OF_2,
    MANAGER,
    Answer,
    Caller,
    Faults,
    Folder,
    assert_problem,
    caller_at,
    fresh,
)
from tests.stores.valkey_process import valkey_at
from tests.support.waiting import until

SETTLED_S = 15.0


def a_body() -> dict[str, str]:
    """A contact that can be counted."""
    return {"first_name": "Ada", "last_name": fresh("keyed")}


async def how_many(caller: Caller, body: dict[str, str]) -> int:
    """Records with that body's last name, whoever made them."""
    page = await caller.ask("list", "?limit=200&deleted=include&fields=last_name")
    return sum(contact["last_name"] == body["last_name"] for contact in page.data)


def is_stored(crm: Folder, body: dict[str, str]) -> bool:
    """Whether the CRM's database has it, asked past the CRM: calls to it would meet its faults."""
    with contextlib.closing(sqlite3.connect(crm.path / "sandbox.db")) as database:
        found = database.execute("SELECT 1 FROM contacts WHERE last_name = ?", [body["last_name"]])
        return found.fetchone() is not None


async def settled(caller: Caller, body: dict[str, str], key: str) -> Answer:
    """The answer once the key is no longer in progress; every 409 on the way says how long to wait."""
    async with asyncio.timeout(SETTLED_S):
        while True:
            answer = await caller.create(body, Idempotency_Key=key)
            if answer.status != 409:
                return answer
            assert_problem(answer, 409, "idempotency-in-progress", "unknown")
            assert 1 <= int(answer.headers["Retry-After"]) <= 12
            await asyncio.sleep(0.05)


async def test_racing_requests_with_one_key_over_two_processes_make_one_record(twins: tuple[Caller, Caller]) -> None:
    body, key = a_body(), fresh("race")
    answers = await asyncio.gather(*(twins[n % 2].create(body, Idempotency_Key=key) for n in range(20)))
    assert set(Counter(answer.status for answer in answers)) <= {201, 409}
    made = [answer for answer in answers if answer.status == 201]
    assert sum("Idempotent-Replayed" not in answer.headers for answer in made) == 1
    assert {answer.data["id"] for answer in made} == {made[0].data["id"]}
    assert await how_many(twins[0], body) == 1


async def test_a_retry_gets_the_first_answer_in_either_process(twins: tuple[Caller, Caller]) -> None:
    body, key = a_body(), fresh("retry")
    first = await twins[0].create(body, Idempotency_Key=key)
    assert first.status == 201
    assert "Idempotent-Replayed" not in first.headers
    await twins[0].update(first.data["id"], {"first_name": "Bob"})
    for caller in twins:
        again = await caller.create(body, Idempotency_Key=key)
        assert (again.status, again.raw) == (201, first.raw)
        assert again.headers["Idempotent-Replayed"] == "true"
        for name in ("ETag", "Location", "Version", "Content-Type"):
            assert again.headers[name] == first.headers[name]
    assert await how_many(twins[0], body) == 1


async def test_members_in_another_order_are_the_same_request(caller: Caller) -> None:
    body, key = a_body(), fresh("order")
    first = await caller.create(body, Idempotency_Key=key)
    again = await caller.create(dict(reversed(body.items())), Idempotency_Key=key)
    assert (again.status, again.raw) == (201, first.raw)


async def test_a_key_is_of_one_request_to_the_letter(caller: Caller) -> None:
    body, key = a_body(), fresh("reuse")
    assert (await caller.create(body, Idempotency_Key=key)).status == 201
    for other in (
        await caller.create(body | {"first_name": "Bob"}, Idempotency_Key=key),
        await caller.create(body | {"phone": None}, Idempotency_Key=key),
        await caller.create(body, Idempotency_Key=key, Version="2026-06-17"),
        await caller.create(body, Idempotency_Key=key, If_Match='"x"'),
    ):
        assert_problem(other, 422, "idempotency-key-reused")
    assert await how_many(caller, body) == 1


async def test_a_key_is_of_one_user_of_one_business(caller: Caller) -> None:
    body, key = a_body(), fresh("mine")
    ids = {
        (await each.create(body, Idempotency_Key=key)).data["id"]
        for each in (caller, caller.but(user=MANAGER), caller.but(business=2, user=ADMIN_OF_2))
    }
    assert len(ids) == 3


async def test_a_refusal_frees_the_key(caller: Caller) -> None:
    key, email = fresh("freed"), f"{fresh('taken')}@x.example"
    await caller.create({"email": email})
    assert_problem(await caller.create({"email": email}, Idempotency_Key=key), 409, "duplicate-resource")
    assert_problem(await caller.create({"email": "x"}, Idempotency_Key=key), 422, "validation-failed")
    assert (await caller.create(a_body(), Idempotency_Key=key)).status == 201


async def test_a_busy_service_wrote_nothing_and_frees_the_key(caller: Caller, faults: Faults) -> None:
    body, key = a_body(), fresh("busy")
    await faults.set(body='{"ok":false,"error_code":"E_BUSY","field":null,"rule":null,"message":""}', times=1)
    busy = await caller.create(body, Idempotency_Key=key)
    assert_problem(busy, 503, "upstream-unavailable", "not-applied")
    assert (await caller.create(body, Idempotency_Key=key)).status == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "käse"])
async def test_a_malformed_key_is_refused(caller: Caller, key: str) -> None:
    refusal = assert_problem(await caller.create(a_body(), Idempotency_Key=key), 400, "invalid-parameter")
    assert [(item["header"], item["code"]) for item in refusal["errors"]] == [("Idempotency-Key", "invalid-header")]


async def test_the_longest_key_and_one_of_odd_characters_are_taken(caller: Caller) -> None:
    for key in (fresh("long").ljust(255, "x"), fresh('{"a": ~!') + "\\"):
        body = a_body()
        first = await caller.create(body, Idempotency_Key=key)
        assert first.status == 201
        assert (await caller.create(body, Idempotency_Key=key)).raw == first.raw


async def test_where_no_key_is_honoured_it_is_ignored(caller: Caller) -> None:
    contact = (await caller.create(a_body())).data
    key = fresh("ignored")
    for name in ("Bob", "Eve"):
        changed = await caller.update(contact["id"], {"first_name": name}, Idempotency_Key=key)
        assert (changed.data["first_name"], "Idempotent-Replayed" in changed.headers) == (name, False)


async def test_an_answer_lost_after_the_commit_is_settled_once_the_lease_has_ended(
    hasty: Caller, faults: Faults
) -> None:
    body, key = a_body(), fresh("lost")
    await faults.set(dead=True, after_commit=True, times=1, path="POST /internal")
    lost = await hasty.create(body, Idempotency_Key=key)
    assert_problem(lost, 503, "upstream-unavailable", "unknown")
    running = await hasty.create(body, Idempotency_Key=key)
    assert_problem(running, 409, "idempotency-in-progress", "unknown")
    assert 1 <= int(running.headers["Retry-After"]) <= LEASE_S
    assert (await settled(hasty, body, key)).status == 201
    assert await how_many(hasty, body) == 1


async def test_a_service_that_was_too_slow_is_settled_even_while_it_still_works_on_it(
    hasty: Caller, faults: Faults
) -> None:
    body, key = a_body(), fresh("slow")
    await faults.set(delay_ms=4_000, times=1, path="POST /internal/v2/businesses/1/contacts")
    assert_problem(await hasty.create(body, Idempotency_Key=key), 504, "upstream-timeout", "unknown")
    made = await settled(hasty, body, key)
    assert made.status == 201
    again = await hasty.create(body, Idempotency_Key=key)
    assert (again.raw, again.headers["Idempotent-Replayed"]) == (made.raw, "true")
    assert await how_many(hasty, body) == 1


async def test_a_transcoder_killed_in_flight_leaves_a_key_that_another_settles(
    crm: Folder, valkey_url: str, hasty: Caller, faults: Faults
) -> None:
    body, key = a_body(), fresh("killed")
    await faults.set(delay_ms=1_000, after_commit=True, times=1, path="POST /internal/v2/businesses/1/contacts")
    async with crm.transcoder("doomed", valkey_url) as process, caller_at(crm.socket("doomed")) as doomed:
        in_flight = asyncio.ensure_future(doomed.create(body, Idempotency_Key=key))
        await until(lambda: is_stored(crm, body), "the CRM to have what its caller does not know of yet")
        process.kill()
        with pytest.raises(aiohttp.ClientError):
            await in_flight
    assert (await settled(hasty, body, key)).status == 201
    assert await how_many(hasty, body) == 1


async def test_without_the_store_a_key_is_refused_and_what_has_none_goes_on(crm: Folder) -> None:
    body, key = a_body(), fresh("kept")
    async with contextlib.AsyncExitStack() as running:
        folder = Path(running.enter_context(TemporaryDirectory()))
        url, valkey = await running.enter_async_context(valkey_at(folder))
        await running.enter_async_context(crm.transcoder("storeless", url, "--patient"))
        caller = await running.enter_async_context(caller_at(crm.socket("storeless")))
        assert (await caller.create(body, Idempotency_Key=key)).status == 201

        valkey.kill()
        await valkey.wait()
        refused = await caller.create(body, Idempotency_Key=key)
        assert_problem(refused, 503, "idempotency-unavailable", "not-applied")
        contact = (await caller.create(a_body())).data
        assert (await caller.get(contact["id"])).status == 200
        assert (await caller.update(contact["id"], {"phone": None}, Idempotency_Key=key)).status == 200
        assert (await caller.ask("list")).status == 200
        assert await how_many(caller, body) == 1

        await running.enter_async_context(valkey_at(folder))
        # It has forgotten the key; the CRM has not.
        assert (await caller.create(body, Idempotency_Key=key)).status == 201
        assert await how_many(caller, body) == 1
        reused = await caller.create(body | {"first_name": "Bob"}, Idempotency_Key=key)
        assert_problem(reused, 422, "idempotency-key-reused")
