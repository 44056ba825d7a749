"""A keyed batch whose outcome nobody knew: its retry tells of each item what became of it."""

import asyncio
import json
from typing import Any

import pytest

from tests.component.transcoder.places import Answer, Caller, Faults, assert_problem, fresh

SETTLED_S = 15.0


async def update(caller: Caller, items: list[dict[str, Any]], key: str) -> Answer:
    headers = caller.identity("batch_update") | {"Idempotency-Key": key}
    url = "http://transcoder/v1/contacts/batch/update"
    async with caller.session.post(url, json={"items": items}, headers=headers) as response:
        return Answer(response.status, response.headers, await response.read())


async def settled(caller: Caller, items: list[dict[str, Any]], key: str) -> Any:
    """The one entry of the answer once the key is no longer in progress."""
    async with asyncio.timeout(SETTLED_S):
        while (answer := await update(caller, items, key)).status == 409:
            assert_problem(answer, 409, "idempotency-in-progress", "unknown")
            await asyncio.sleep(0.05)
    [entry] = answer.data
    return entry


async def a_contact_at_2(caller: Caller) -> tuple[str, str]:
    """The id of a contact that was changed once, and what its etags end with."""
    made = (await caller.create({"first_name": "Ada"})).data
    changed = (await caller.update(made["id"], {"first_name": "Grace"})).data
    revision, _, mark = changed["etag"].partition("-")
    assert revision == "r2"
    return made["id"], mark


@pytest.mark.parametrize("listed", [(1, 2), (2, 3)], ids=["the one before it too", "the one that it made too"])
async def test_of_several_etags_the_one_that_was_taken_is_found_again(
    hasty: Caller, faults: Faults, listed: tuple[int, int]
) -> None:
    contact, mark = await a_contact_at_2(hasty)
    tags = ", ".join(f"r{revision}-{mark}" for revision in listed)
    items, key = [{"id": contact, "patch": {"job_title": "Chief"}, "if_match": tags}], fresh("listed")
    await faults.set(dead=True, after_commit=True, passes=1, times=1, path="/contacts/bulk")  # the first one reads
    [lost] = (await update(hasty, items, key)).data
    assert (lost["status"], lost["error"]["outcome"]) == (503, "unknown")
    entry = await settled(hasty, items, key)
    assert entry["status"] == 200, json.dumps(entry)
    assert (entry["data"]["etag"], entry["data"]["job_title"]) == (f"r3-{mark}", "Chief")
    assert (await hasty.get(contact)).data["etag"] == f"r3-{mark}", "it was written once"


async def test_several_etags_that_are_all_gone_are_refused_with_a_key_as_without(caller: Caller) -> None:
    contact, mark = await a_contact_at_2(caller)
    items = [{"id": contact, "patch": {"job_title": "Chief"}, "if_match": f"r1-{mark}, r9-{mark}"}]
    [entry] = (await update(caller, items, fresh("gone"))).data
    told = (entry["status"], entry["error"]["code"], entry["error"]["current_etag"])
    assert told == (412, "precondition-failed", f"r2-{mark}")
