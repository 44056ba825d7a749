"""Metrics of a process: its registry, and the listener that Prometheus reads it from. Knows no API fact and no service.

Labels are words of tables (an operation, a class of statuses), never what a caller sent: so many series and no more.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from process.address import Address
from process.http import serve
from process.logs import OUTPUT

PATH = "/metrics"


def new_registry() -> CollectorRegistry:
    """A registry of a process, with what the system tells of it (CPU seconds, memory, open files), and of its log."""
    disable_created_metrics()  # type: ignore[no-untyped-call] # a series more for each, for a format that nobody asks for here
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    watch_count(registry, "log_lines_dropped", "Lines of the log that could not be written.", lambda: OUTPUT.dropped)
    return registry


@dataclass(frozen=True, slots=True)
class Watched(Collector):
    """A number that somebody keeps anyway, read when it is asked for: it costs nothing until then."""

    family: type[CounterMetricFamily] | type[GaugeMetricFamily]
    name: str
    about: str
    read: Callable[[], float]

    def collect(self) -> Iterator[Metric]:
        """See `Collector`."""
        yield self.family(self.name, self.about, value=self.read())


def watch_count(registry: CollectorRegistry, name: str, about: str, read: Callable[[], float]) -> None:
    """Show a number that only grows."""
    registry.register(Watched(CounterMetricFamily, name, about, read))


def watch_level(registry: CollectorRegistry, name: str, about: str, read: Callable[[], float]) -> None:
    """Show a number that comes and goes."""
    registry.register(Watched(GaugeMetricFamily, name, about, read))


def exposing(registry: CollectorRegistry, address: Address | None) -> AbstractAsyncContextManager[None]:
    """Answers `GET /metrics` at the address while the block lasts; without an address, nothing."""
    return nullcontext() if address is None else _exposing(registry, address)


@asynccontextmanager
async def _exposing(registry: CollectorRegistry, address: Address) -> AsyncIterator[None]:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.router.add_get(PATH, answer)
    ended = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(serve(app, address, ended, linger_s=0))
        try:
            yield
        finally:
            ended.set()
