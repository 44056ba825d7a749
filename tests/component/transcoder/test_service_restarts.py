"""The sandbox ends in order and starts anew, while calls go on: what has not left the gateway waits for it."""

import asyncio
from collections import Counter

from tests.component.transcoder.places import Answer, Caller, Folder, caller_at, fresh
from tests.support.waiting import until

CALLERS = 8
CALLS = 40
WITHIN_S = 60.0


class Calls:
    """Callers that create and read until they are told to stop."""

    def __init__(self, caller: Caller) -> None:
        self.refused: list[Answer] = []
        self.done = 0
        self.created: list[str] = []
        self._caller = caller
        self._is_over = False

    async def go_on(self) -> None:
        while not self._is_over:
            mark = fresh("restart")
            made = await self._caller.create({"last_name": mark, "email": f"{mark}@example.com"})
            if self._count(made):
                self.created.append(mark)
                self._count(await self._caller.get(made.data["id"]))

    def _count(self, answer: Answer) -> bool:
        if answer.status >= 300:
            self.refused.append(answer)
        self.done += 1
        return answer.status < 300

    async def more(self) -> None:
        """Wait for some more answers."""
        target = self.done + CALLS
        await until(lambda: self.done >= target, "more answers", within_s=WITHIN_S)

    def end(self) -> None:
        self._is_over = True


async def test_nothing_that_has_not_left_is_lost_while_the_service_starts_anew(folder: Folder, valkey_url: str) -> None:
    async with (
        folder.transcoder("waiting", valkey_url, "--waits", internal="restarted"),
        caller_at(folder.socket("waiting")) as caller,
        asyncio.TaskGroup() as group,
    ):
        calls = Calls(caller)
        async with folder.sandbox("restarted"):
            for _ in range(CALLERS):
                group.create_task(calls.go_on())
            await calls.more()
        async with folder.sandbox("restarted"):
            await calls.more()
            calls.end()
            outcomes = Counter(answer.body["outcome"] for answer in calls.refused)
            assert outcomes["not-applied"] == 0, outcomes
            assert outcomes["unknown"] <= CALLERS, "only what was under way at that instant"
            stored = [await caller.count(f"email={mark}@example.com") for mark in calls.created]
            assert stored == [1] * len(calls.created)
