"""The address book service in a thread of this process, so that tests can see its calls and make it moody."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from aiohttp import web
from aiohttp.typedefs import Handler

from contract.vocabulary import TenantId
from examples.foreign.service import Service, accounts_in

READY_S = 10.0


class Book:
    """What the service was asked for, and its mood."""

    def __init__(self, directory: str) -> None:
        self.calls: list[tuple[str, str]] = []
        self._businesses = json.loads(directory)["businesses"]
        self.calm_down()

    def calm_down(self) -> None:
        """No whims any more, and no calls remembered."""
        self.calls.clear()
        self.hangs_up_after: tuple[str, ...] = ()
        """Methods that are carried out and then not answered."""
        self.says: tuple[int, Any] | None = None
        """What it answers with instead of doing anything."""

    def numbers(self, account: int, role: str) -> tuple[TenantId, int]:
        """The business, and its user with that role."""
        row = self._businesses[account]
        user = next(user["id"] for user in row["users"] if user["role"] == role)
        return TenantId(UUID(row["id"]).int), UUID(user).int

    def asked(self, method: str) -> int:
        """How many calls of that method came."""
        return sum(called == method for called, _ in self.calls)

    @web.middleware
    async def whims(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.calls.append((request.method, request.path_qs))
        if self.says is not None:
            status, body = self.says
            return web.Response(status=status, text=body if isinstance(body, str) else json.dumps(body))
        answer = await handler(request)
        if request.method in self.hangs_up_after and request.transport is not None:
            request.transport.abort()
        return answer


@contextmanager
def serving(socket: Path, directory: str, token: str) -> Iterator[Book]:
    """The service on that socket."""
    book = Book(directory)
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    over = asyncio.Event()

    async def serve() -> None:
        app = Service(accounts_in(directory), token).application()
        app.middlewares.insert(0, book.whims)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.UnixSite(runner, str(socket)).start()
        ready.set()
        await over.wait()
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(READY_S), "the service did not start"
        yield book
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()
