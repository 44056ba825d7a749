"""Without the store of receipts everything else goes on; nobody is told that a request never came; then it is back."""

import contextlib
import uuid
from pathlib import Path
from tempfile import TemporaryDirectory

from redis import Redis

from tests.component.transcoder.places import Answer, Caller, Folder, caller_at
from tests.observability.exposition import scrape
from tests.stores.valkey_process import valkey_at
from tests.support.waiting import until

ASKED = 2
"""Requests before the outage, and as many in it: a list, and the question for its receipt."""


async def receipt(caller: Caller, trace_id: str) -> Answer:
    headers = caller.identity("get") | {"X-Gw-Operation": "requests.get"}
    async with caller.session.get(f"http://transcoder/v1/requests/{trace_id}", headers=headers) as response:
        return Answer(response.status, response.headers, await response.read())


async def test_receipts_are_lost_with_their_store_and_nothing_else_is(crm: Folder) -> None:
    name = "forgetful"
    async with contextlib.AsyncExitStack() as running:
        folder = Path(running.enter_context(TemporaryDirectory()))
        url, valkey = await running.enter_async_context(valkey_at(folder))
        told_at = f"unix:{crm.socket(f'{name}-told')}"
        await running.enter_async_context(crm.transcoder(name, url, "--patient", METRICS_LISTEN=told_at))
        caller = await running.enter_async_context(caller_at(crm.socket(name)))
        before, during, after = (str(uuid.uuid4()) for _ in range(3))
        await caller.ask("list", X_Request_Id=before)
        told = await receipt(caller, before)
        assert (told.status, told.data["operation"]) == (200, "contacts.list")
        with Redis.from_url(url) as store:
            await until(lambda: len(store.keys("receipt:*")) == ASKED, "both receipts to be kept: none is under way")

        valkey.kill()
        await valkey.wait()
        assert (await caller.ask("list", X_Request_Id=during)).status == 200
        refused = await receipt(caller, during)
        assert (refused.status, refused.body["code"]) == (503, "upstream-unavailable")
        assert refused.body["outcome"] == "not-applied"

        def lines(event: str) -> int:
            return sum(line["event"] == event for line in crm.log_of(name))

        def dropped() -> float:
            [count] = [each for each in scrape(crm.path, name) if each.name == "transcoder_receipts_dropped_total"]
            return count.value

        await until(lambda: dropped() == ASKED, "both receipts of the outage to be given up")
        assert lines("receipts lost") == 1
        await running.enter_async_context(valkey_at(folder))
        assert (await caller.ask("list", X_Request_Id=after)).status == 200
        await until(lambda: lines("receipts back") == 1, "the log to say so")
        last = str(uuid.uuid4())
        await caller.ask("list", X_Request_Id=last)
        assert (await receipt(caller, last)).status == 200
        gone = await receipt(caller, during)
        assert (gone.status, gone.body["code"]) == (404, "resource-not-found"), "what was given up does not come late"
        assert lines("receipts lost") == 1, "once an outage"
