"""The transcoder beside what others would pick: the same work, before the same stand-in, in turns within each round.

Counted is the CPU time of the contender alone. Owns the pairs that are compared and the tables of them.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx

from benchmarks.contenders import ENVOY, FASTAPI, FASTIFY, HELLO, NGINX, OURS, PROXIES, STARLETTE, Contender
from benchmarks.loading import Load, Told
from benchmarks.pace import Pace
from benchmarks.plots import Bars
from benchmarks.report import Table, middle, us
from benchmarks.rounds import Ratio, ratio, rounds_of
from benchmarks.where import rss_mib
from benchmarks.works import (
    A_CONTACT,
    CREATE,
    GET,
    KEYED,
    LIST_25,
    REFUSED,
    SHARED,
    identity,
    new_contact,
    to_proxies,
    to_transcoders,
)
from contract.versions import LATEST_VERSION
from contract.vocabulary import TenantId
from tests.component.transcoder.places import CODEC
from transcoder.presentation.etags import etag

TRANSCODE = (OURS, FASTIFY, STARLETTE, FASTAPI)
GOOD = {GET: (200,), LIST_25: (200,), CREATE: (201, 200), KEYED: (201, 503), REFUSED: (422,)}
"""A keyed create is refused with 503 where Valkey took too long, on a busy machine: that cost something too."""
RATE_PER_S = 200


@dataclass(frozen=True)
class Beside:
    """What was found: by work and contender, a figure a round."""

    found: Mapping[tuple[str, str], list[Told]]

    def cpu_us(self, work: str, name: str) -> list[float]:
        """Of a request, round by round; nothing where that contender could not be started."""
        return [told.all_cpu_us for told in self.found.get((work, name), [])]

    def ratio(self, work: str, to: str) -> Ratio | None:
        """Our cost to another's."""
        theirs = self.cpu_us(work, to)
        return ratio(self.cpu_us(work, OURS), theirs) if theirs else None


async def hold_to_ours(all_of_them: Mapping[str, Contender]) -> None:
    """Raise unless each rival that transcodes gives our body, but for ids, which the stand-in varies."""
    bodies = {name: await _bodies(all_of_them[name]) for name in TRANSCODE if name in all_of_them}
    for name, body in bodies.items():
        if body != bodies[OURS]:
            raise RuntimeError(f"{name} does not do the same work: {body}, and not {bodies[OURS]}")


async def _bodies(one: Contender) -> list[Any]:
    transport = httpx.AsyncHTTPTransport(uds=one.socket)
    async with httpx.AsyncClient(transport=transport, base_url="http://contender", timeout=30) as client:
        path, body = f"/v1/contacts/{CODEC.seal('con', TenantId(1), A_CONTACT)}", new_contact()
        answers = [
            await client.get(path, headers=identity("contacts.get")),
            await client.get("/v1/contacts?limit=25", headers=identity("contacts.list")),
            await client.post("/v1/contacts", headers=identity("contacts.create"), json=body),
        ]
    return [_without_ids(answer.raise_for_status().json()["data"]) for answer in answers]


def _without_ids(shown: Any) -> Any:
    """Records without id and etag, once these are seen to be good."""
    if isinstance(shown, list):
        return [_without_ids(each) for each in shown]
    record_id, tag = shown.pop("id"), shown.pop("etag")
    number, revision = CODEC.open("con", TenantId(1), record_id), int(tag[1:].partition("-")[0])
    good = isinstance(number, int) and tag == etag(record_id, revision, LATEST_VERSION)
    return {**shown, "revision": revision if good else tag}


async def measured(load: Load, all_of_them: Mapping[str, Contender], pace: Pace) -> Beside:
    """Every pair of a work and a contender who can do it."""
    pairs = {
        (work, name): round_of(load, all_of_them[name], work, pace)
        for work in GOOD
        for name in _who(work)
        if name in all_of_them
    }
    return Beside(await rounds_of(pairs, rounds=pace.rounds, within_s=pace.section_s))


def round_of(load: Load, one: Contender, work: str, pace: Pace) -> Callable[[], Awaitable[Told]]:
    """How a round of one contender at one work is measured."""
    request = (to_proxies() if one.name in PROXIES else to_transcoders())[work]
    good = (200,) if one.name == HELLO else GOOD[work]
    return partial(load.run, one.at, [request], [one.pid], pace.round_s, good=good)


def _who(work: str) -> tuple[str, ...]:
    if work == REFUSED:
        return (OURS, HELLO)
    return (*TRANSCODE, *(PROXIES if work != KEYED else ()))


def tables(beside: Beside, all_of_them: Mapping[str, Contender]) -> list[Table]:
    """CPU, ratios, throughput, memory."""
    works = (*SHARED, REFUSED)
    names = [*TRANSCODE, *PROXIES, HELLO]
    names = [name for name in names if name in all_of_them]
    costs = [[name, *(us(beside.cpu_us(work, name)) for work in works)] for name in names]
    plots = [
        Bars(f"CPU µs a request: {work}", f"{work.replace(' ', '-')}.svg", _bars(beside, work, names)) for work in works
    ]
    ratios = [[name, *(str(beside.ratio(work, name) or "–") for work in works)] for name in names if name != OURS]
    speeds = [[name, *(_per_core(beside.cpu_us(work, name)) for work in works)] for name in names]
    memory = [[name, f"{rss_mib(all_of_them[name].pid):.0f}"] for name in names]
    return [
        Table(
            "CPU µs a request, of the contender alone", "16 in flight; medians and ranges.", ["", *works], costs, plots
        ),
        Table("The transcoder's cost to another's", "Median of the rounds' ratios, and range.", ["to", *works], ratios),
        Table("Requests a second and core", "A core's second over the CPU time of a request.", ["", *works], speeds),
        Table("Memory of a worker", "Resident, MiB, after all of that.", ["", "MiB"], memory),
    ]


def _bars(beside: Beside, work: str, names: list[str]) -> dict[str, float]:
    return {name: middle(beside.cpu_us(work, name)) for name in names if beside.cpu_us(work, name)}


def _per_core(cpu_us: list[float]) -> str:
    return f"{1e6 / middle(cpu_us):,.0f}" if cpu_us else "–"


async def latencies(load: Load, all_of_them: Mapping[str, Contender], pace: Pace) -> Table:
    """Of a get at one rate that all of them can bear."""
    ours, inside, rows = to_transcoders()[GET], to_proxies()[GET], []
    for name in (OURS, FASTIFY, STARLETTE, FASTAPI, ENVOY, NGINX):
        if one := all_of_them.get(name):
            request = inside if name in PROXIES else ours
            told = await load.run(one.at, [request], [one.pid], pace.open_s, good=(200,), rate=RATE_PER_S)
            rows.append([name, *(f"{told.latency_us[each]:,.0f}" for each in ("50", "99", "99.9")), f"{told.done:,}"])
    about = f"Open loop, {RATE_PER_S} requests a second at random instants, µs from the instant that each was due."
    return Table("Latency of a get", about, ["", "p50", "p99", "p99.9", "requests"], rows)
