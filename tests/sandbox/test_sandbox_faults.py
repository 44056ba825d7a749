"""Slow, lying or dead on request; and what a real death leaves behind."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import aiohttp
import pytest
import sqlalchemy as sa

from tests.sandbox.conftest import Place
from tests.sandbox.crm import Crm, fresh

FAULTS = "http://sandbox/faults"
LONG_MS = 3_000
"""A delay within which a busy machine has found time to look."""


async def set_fault(crm: Crm, **fault: object) -> int:
    async with crm.session.put(FAULTS, json=fault) as response:
        return response.status


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(5):
        while True:
            if await condition():
                return
            await asyncio.sleep(0.005)


async def until_key_is(crm: Crm, key: str, state: str) -> None:
    async def is_so() -> bool:
        return bool((await crm.ok("GET", f"dedupe/{key}"))["state"] == state)

    await until(is_so)


async def test_another_answer_is_given_as_often_as_asked(crm: Crm) -> None:
    assert await set_fault(crm, status=500, body='{"half": ', times=2, path="contacts/query") == 204
    for _ in range(2):
        url = "http://sandbox/internal/v2/businesses/1/contacts/query"
        async with crm.session.post(url, json={}) as response:
            assert (response.status, await response.text()) == (500, '{"half": ')
    assert await crm.ok("GET", "profile")
    assert isinstance(await crm.ok("POST", "contacts/query", {}), list)


async def test_the_dead_close_without_an_answer(crm: Crm) -> None:
    await set_fault(crm, dead=True, path="POST ")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await crm.contact()
    assert await crm.ok("GET", "profile")
    await crm.session.delete(FAULTS)
    assert await crm.contact()


async def test_so_many_pass_before_it_strikes(crm: Crm) -> None:
    await set_fault(crm, dead=True, passes=1, times=1, path="POST ")
    assert await crm.contact()
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await crm.contact()
    assert await crm.contact()


async def test_a_call_that_is_delayed_is_running_then_done(crm: Crm) -> None:
    key = fresh("key")
    await set_fault(crm, delay_ms=LONG_MS, path="POST ")
    async with asyncio.TaskGroup() as group:
        writing = group.create_task(crm.contact(dedupe_key=key))
        await until_key_is(crm, key, "running")
    assert (await crm.ok("GET", f"dedupe/{key}"))["answer"]["result"] == writing.result()


async def test_a_delay_after_the_commit_hides_an_outcome_that_is_known(crm: Crm) -> None:
    key = fresh("key")
    await set_fault(crm, dead=True, after_commit=True, delay_ms=LONG_MS, path="POST ", times=1)

    async def write_and_lose_the_answer() -> None:
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await crm.contact(dedupe_key=key)

    async with asyncio.TaskGroup() as group:
        writing = group.create_task(write_and_lose_the_answer())
        await until_key_is(crm, key, "done")
        assert not writing.done()
    again = await crm.say("POST", "contacts", {"first_name": "Ada", "dedupe_key": key})
    assert again["deduped"] is True


async def test_a_caller_whose_deadline_passes_in_a_delay_is_not_served(crm: Crm) -> None:
    key = fresh("key")
    await set_fault(crm, delay_ms=100, path="POST ")
    hurried = crm.but(headers={"X-Deadline-Ms": "50"})
    assert (await hurried.no("POST", "contacts", {"first_name": "A", "dedupe_key": key}))["error_code"] == "E_BUSY"
    assert await crm.ok("GET", f"dedupe/{key}") == {"state": "absent"}


@pytest.mark.parametrize("left", ["0", "-5"])
async def test_no_time_left_is_busy(crm: Crm, left: str) -> None:
    assert (await crm.but(headers={"X-Deadline-Ms": left}).no("GET", "profile"))["error_code"] == "E_BUSY"


async def test_a_deadline_that_is_no_number_is_a_callers_mistake(crm: Crm) -> None:
    assert (await crm.but(headers={"X-Deadline-Ms": "soon"}).raw("GET", "profile"))[0] == 400


BAD_FAULTS = {
    "an unknown member": {"slow": True},
    "a member of another type": {"delay_ms": "1"},
    "a flag for a number": {"times": True},
    "a status that is none": {"status": 99},
    "a delay back in time": {"delay_ms": -1},
}


@pytest.mark.parametrize("fault", BAD_FAULTS.values(), ids=BAD_FAULTS.keys())
async def test_a_fault_is_refused_with(crm: Crm, fault: dict[str, object]) -> None:
    assert await set_fault(crm, **fault) == 400


@pytest.mark.parametrize("body", [b"", b"{", b"NaN", b'"\\ud800"', b"\xff", b"[" * 100_000])
async def test_a_body_that_is_not_json_is_a_callers_mistake(crm: Crm, body: bytes) -> None:
    url = "http://sandbox/internal/v2/businesses/1/contacts"
    async with crm.session.post(url, data=body, headers={"X-Actor-User-Id": "13"}) as response:
        assert response.status == 400


async def test_an_acknowledged_write_outlives_a_kill(place: Place) -> None:
    key = fresh("key")
    written: list[dict[str, int]] = []

    async def keep_writing(crm: Crm) -> None:
        while True:
            written.append(await crm.contact(source="killed"))

    async def enough() -> bool:
        return len(written) >= 30

    async with place.run() as process, place.session() as session:
        crm = Crm(session)
        first = await crm.contact(dedupe_key=key)
        with pytest.raises(ExceptionGroup):
            async with asyncio.TaskGroup() as group:
                for _ in range(4):
                    group.create_task(keep_writing(crm))
                await until(enough)
                process.kill()
    async with place.run(), place.session() as session:
        crm = Crm(session)
        found = await crm.ids(["source", "=", "killed"])
        assert {contact["id"] for contact in written} <= set(found)
        assert len(found) <= len(written) + 4
        again = await crm.say("POST", "contacts", {"first_name": "Ada", "dedupe_key": key})
        assert (again["result"], again["deduped"]) == (first, True)
        later = await crm.contact()
        assert later["updated_at"] > max(contact["updated_at"] for contact in written)
        assert (await crm.say("POST", "companies/query", {"with_total": 1}))["paging"]["total"] == 6


async def test_a_termination_lets_calls_under_way_end(place: Place) -> None:
    async with place.run() as process, place.session() as session:
        crm = Crm(session)
        await set_fault(crm, delay_ms=LONG_MS, path="POST ")
        key = fresh("key")
        async with asyncio.TaskGroup() as group:
            writing = group.create_task(crm.contact(dedupe_key=key))
            await until_key_is(crm, key, "running")
            process.terminate()
        assert writing.result()["revision"] == 1
        assert await process.wait() == 0


async def test_every_call_leaves_a_line_with_its_trace(place: Place) -> None:
    async with place.run(), place.session() as session:
        crm = Crm(session).but(headers={"X-Trace-Id": "0f8fad5b"})
        await crm.no("GET", "contacts/999999")
    # Read once the process has ended, so that every line is there.
    lines = [json.loads(line) for line in (place.folder / "log").read_text().splitlines()]
    line = next(line for line in lines if line.get("error_code") == "E_NOT_FOUND")
    assert (line["trace_id"], line["method"], line["status"]) == ("0f8fad5b", "GET", 200)
    assert line["path"] == "/internal/v2/businesses/1/contacts/999999"


WRITE = sa.text("UPDATE businesses SET name = name WHERE id = 1")


async def test_writes_wait_for_another_process_that_writes(place: Place) -> None:
    async with place.run(), place.session() as session, asyncio.TaskGroup() as group:
        crm = Crm(session)
        async with place.beside() as other:
            await other.execute(WRITE)
            writing = group.create_task(crm.contact(dedupe_key="waiting"))
            await until_key_is(crm, "waiting", "running")
            assert not writing.done()
        assert (await writing)["revision"] == 1


async def test_who_waits_past_the_deadline_for_another_process_is_told_that_it_is_busy(server_place: Place) -> None:
    async with server_place.run(), server_place.session() as session:
        async with server_place.beside() as other:
            await other.execute(WRITE)
            hurried = Crm(session).but(headers={"X-Deadline-Ms": "150"})
            assert (await hurried.no("POST", "contacts", {"first_name": "Ada"}))["error_code"] == "E_BUSY"
            assert await hurried.but(business=2, user=23).contact()
        assert await Crm(session).contact()
