"""Slow, lying or dead on request, so that others can be tested against it.

Owns the one fault that is set, and how often it still strikes. It must not know the calls that it spoils: it is laid
around them, before they are carried out or after their commit.
"""

import asyncio
from dataclasses import dataclass

from aiohttp import web

from sandbox.refusals import UnreadableError

DELAY_MAX_MS = 600_000
MEMBERS = {
    "delay_ms": int,
    "status": int,
    "body": str,
    "dead": bool,
    "passes": int,
    "times": int,
    "path": str,
    "after_commit": bool,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong: a delay; then no answer at all, another answer, or (neither given) the right one.

    `path` is a part of `METHOD /path` that a call must have to be struck; so many of these pass unharmed before the
    first strike; `times` counts the strikes, None is for ever.
    """

    delay_ms: int = 0
    status: int | None = None
    body: str | None = None
    dead: bool = False
    passes: int = 0
    times: int | None = None
    path: str = ""
    after_commit: bool = False

    async def strike(self, request: web.Request) -> web.Response | None:
        """Delay; then the answer to give instead of the right one, if there is one."""
        await asyncio.sleep(self.delay_ms / 1000)
        if self.dead:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()  # goes nowhere
        if self.status is None and self.body is None:
            return None
        return web.Response(status=self.status or 200, text=self.body or "", content_type="application/json")


def read_fault(body: object) -> Fault:
    """The fault that a body of PUT /faults describes."""
    if not isinstance(body, dict) or body.keys() - MEMBERS.keys():
        raise UnreadableError(f"a fault is an object of {', '.join(MEMBERS)}")
    for name, value in body.items():
        if type(value) is not MEMBERS[name]:
            raise UnreadableError(f"{name}: not of type {MEMBERS[name].__name__}")
    fault = Fault(**body)
    if fault.delay_ms not in range(DELAY_MAX_MS + 1) or (fault.status or 200) not in range(200, 600):
        raise UnreadableError(f"delay_ms is 0..{DELAY_MAX_MS}, status 200..599")
    return fault


class Faults:
    """The fault that is set, if one is."""

    def __init__(self) -> None:
        self._fault: Fault | None = None
        self._left: int | None = None
        self._passes = 0

    def set(self, fault: Fault | None) -> None:
        """Put a fault in place of the former one, or take it away."""
        self._fault = fault
        self._left = fault.times if fault else None
        self._passes = fault.passes if fault else 0

    def due(self, request: web.Request) -> Fault | None:
        """The fault that this call meets; each time counts."""
        fault = self._fault
        if fault is None or self._left == 0 or fault.path not in f"{request.method} {request.path}":
            return None
        if self._passes > 0:
            self._passes -= 1
            return None
        if self._left is not None:
            self._left -= 1
        return fault
