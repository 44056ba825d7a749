"""Housekeeping beside serving: a step again and again, while a block lasts. Knows no step."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager


@asynccontextmanager
async def run_every(step: Callable[[], Awaitable[None]], *, every_s: float) -> AsyncIterator[None]:
    """Do the step at once and then now and then; one that raises ends the block, so it is to log its own trouble."""

    async def again_and_again() -> None:
        while True:
            await step()
            await asyncio.sleep(every_s)

    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(again_and_again())
        yield
        task.cancel()
