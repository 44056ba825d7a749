"""Metrics of a process: its registry, and that Prometheus can read it. Knows no API fact and no service.

Labels are words of tables (an operation, a class of statuses), never what a caller sent: so many series and no more.
"""

import asyncio
from bisect import bisect_left
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from itertools import accumulate

from prometheus_client import (
    CollectorRegistry,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from infra.process.address import Address
from infra.process.logs import OUTPUT


def new_registry() -> CollectorRegistry:
    """A registry of a process, with what the system tells of it (CPU seconds, memory, open files), and of its log."""
    disable_created_metrics()  # type: ignore[no-untyped-call] # a series more for each, for a format that nobody asks for here
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    observe_counter(
        registry, "log_lines_dropped", "Lines of the log that could not be written.", lambda: OUTPUT.dropped
    )
    return registry


@dataclass(frozen=True, slots=True)
class ObservedMetric(Collector):
    """A number that somebody keeps anyway, read when it is asked for: it costs nothing until then."""

    family: type[CounterMetricFamily] | type[GaugeMetricFamily]
    name: str
    about: str
    read: Callable[[], float]

    def collect(self) -> Iterator[Metric]:
        """See `Collector`."""
        yield self.family(self.name, self.about, value=self.read())


class LabelledCounter(Collector):
    """How often each of some words came. Plain numbers, which the loop's one thread keeps: only who asks for them pays
    for their form. prometheus-client's own take a lock and look labels up for each event.
    """

    def __init__(self, registry: CollectorRegistry, name: str, about: str, label: str, *labels: str) -> None:
        self._family = partial(CounterMetricFamily, name, about, labels=(label, *labels))
        self._counts: dict[tuple[str, ...], int] = {}
        registry.register(self)

    def begin(self, *words: str) -> None:
        """Show 0 from now on: a count that appears with its first event has not grown."""
        self._counts.setdefault(words, 0)

    def add(self, *words: str, count: int = 1) -> None:
        """It came so many times more."""
        self._counts[words] = self._counts.get(words, 0) + count

    def collect(self) -> Iterator[Metric]:
        """See `Collector`."""
        family = self._family()
        for words, count in self._counts.items():
            family.add_metric(words, count)
        yield family


class LabelledHistogram(Collector):
    """How long something took, by words: a histogram of plain numbers, as `LabelledCounter`."""

    def __init__(
        self, registry: CollectorRegistry, name: str, about: str, *labels: str, bounds_s: tuple[float, ...]
    ) -> None:
        self._family = partial(HistogramMetricFamily, name, about, labels=labels)
        self._bounds_s = bounds_s
        self._empty = [0] * (len(bounds_s) + 1)
        self._found: dict[tuple[str, ...], tuple[list[int], list[float]]] = {}
        if not labels:
            self._found[()] = (list(self._empty), [0.0])
        registry.register(self)

    def add(self, took_s: float, *words: str) -> None:
        """It took that long."""
        found = self._found.get(words)
        if found is None:
            found = self._found[words] = (list(self._empty), [0.0])
        counts, sums_s = found
        counts[bisect_left(self._bounds_s, took_s)] += 1
        sums_s[0] += took_s

    def collect(self) -> Iterator[Metric]:
        """See `Collector`."""
        family, names = self._family(), [*map(floatToGoString, self._bounds_s), "+Inf"]
        for words, (counts, [sum_s]) in self._found.items():
            family.add_metric(words, list(zip(names, accumulate(counts), strict=True)), sum_s)
        yield family


def observe_counter(registry: CollectorRegistry, name: str, about: str, read: Callable[[], float]) -> None:
    """Show a number that only grows."""
    registry.register(ObservedMetric(CounterMetricFamily, name, about, read))


def observe_gauge(registry: CollectorRegistry, name: str, about: str, read: Callable[[], float]) -> None:
    """Show a number that comes and goes."""
    registry.register(ObservedMetric(GaugeMetricFamily, name, about, read))


def serve_metrics(registry: CollectorRegistry, address: Address | None) -> AbstractAsyncContextManager[None]:
    """Answers `GET /metrics` at the address while the block lasts; without an address, nothing."""
    return nullcontext() if address is None else _exposing(registry, address)


@asynccontextmanager
async def _exposing(registry: CollectorRegistry, address: Address) -> AsyncIterator[None]:
    from infra.process.metrics_server import serve_metrics  # what is off costs no import

    ended = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(serve_metrics(registry, address, ended))
        try:
            yield
        finally:
            ended.set()
