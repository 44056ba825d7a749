"""What a request costs as things grow: slopes, not points. Each size in turn within each round."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.contenders import Contender, transcoder_settings
from benchmarks.gateway import Gateway
from benchmarks.loading import Load, Told
from benchmarks.pace import Pace
from benchmarks.plots import Lines
from benchmarks.recorded import NOTES, PAGES, ROOT, sandbox, settings
from benchmarks.report import Table, middle
from benchmarks.rounds import Ratio, ratio, rounds_of
from benchmarks.works import GET, asked
from contract.vocabulary import TenantId
from infra.process.address import UnixAddress
from tests.component.transcoder.places import CODEC
from tests.stores.valkey_process import valkey_at
from tests.support.processes import running

A_TOKENS_ROUND_S = 0.08
"""One token alone: less than its budget of 200 requests at once."""
LISTED = "list"
_SIZES = ("page", "note read", "note written")
Measures = dict[tuple[str, int], Callable[[], Awaitable[Told]]]


@dataclass(frozen=True)
class Growth:
    """Of one thing: sizes, and for each line of the plot the costs of a size, round by round."""

    title: str
    file: str
    unit: str
    lines: Mapping[str, Mapping[int, list[float]]]
    flat: bool = False
    """It is to cost nothing."""

    def ratio(self, line: str, size: int, to: int) -> Ratio:
        """What one size costs to another."""
        return ratio(self.lines[line][size], self.lines[line][to])

    def ends(self, line: str) -> Ratio:
        """What the largest costs to the least."""
        sizes = sorted(self.lines[line])
        return self.ratio(line, sizes[-1], sizes[0])

    def table(self) -> Table:
        """Costs by size, the slope, and the largest to the least."""
        sizes = sorted(next(iter(self.lines.values())))
        rows = []
        for line, costs in self.lines.items():
            middles = [middle(costs[size]) for size in sizes]
            slope = _slope(sizes, middles)
            rows.append([line, *(f"{cost:,.0f}" for cost in middles), f"{slope:,.3g}", str(self.ends(line))])
        plotted = {line: [middle(costs[size]) for size in sizes] for line, costs in self.lines.items()}
        about = f"CPU µs a request, medians; slope: µs more for each {self.unit}, least squares."
        head = ["", *(f"{size:,}" for size in sizes), "slope", "largest to least"]
        return Table(
            self.title, about, head, rows, [Lines(f"{self.title}: CPU µs a request", self.file, sizes, plotted)]
        )


def _slope(sizes: Sequence[int], costs: Sequence[float]) -> float:
    size, cost = sum(sizes) / len(sizes), sum(costs) / len(costs)
    over = sum((each - size) ** 2 for each in sizes)
    return sum((one - size) * (other - cost) for one, other in zip(sizes, costs, strict=True)) / over


async def _grown(measures: Measures, pace: Pace) -> dict[str, dict[int, list[Told]]]:
    found = await rounds_of(measures, rounds=pace.rounds, within_s=pace.section_s)
    lines: dict[str, dict[int, list[Told]]] = {}
    for (line, size), told in found.items():
        lines.setdefault(line, {})[size] = told
    return lines


def _whole(lines: Mapping[str, Mapping[int, list[Told]]]) -> dict[str, dict[int, list[float]]]:
    return {
        line: {size: [told.all_cpu_us for told in each] for size, each in sizes.items()}
        for line, sizes in lines.items()
    }


async def sizes(load: Load, one: Contender, pace: Pace) -> list[Growth]:
    """Pages and payloads, at the transcoder alone."""

    def at(request: str, status: int) -> Callable[[], Awaitable[Told]]:
        return partial(load.run, one.at, [request], [one.pid], pace.round_s, good=(status,))

    measures: Measures = {
        ("page", size): at(asked("contacts.list", f"/v1/contacts?limit={size}"), 200) for size in PAGES
    }
    contact = CODEC.seal("con", TenantId(1), 1)
    for size in NOTES:
        note = CODEC.seal("note", TenantId(1), size)
        body = {"body": "x" * size, "contact_id": contact}
        measures["note read", size] = at(asked("notes.get", f"/v1/notes/{note}"), 200)
        measures["note written", size] = at(asked("notes.create", "/v1/notes", body), 201)
    lines = _whole(await _grown(measures, pace))
    page, read, written = (lines[name] for name in _SIZES)
    return [
        Growth("Records on a page, at the transcoder", "growth-page.svg", "record", {LISTED: page}),
        Growth("Characters in a record, at the transcoder", "growth-payload.svg", "character", {"get": read}),
        Growth("Characters in a body, at the transcoder", "growth-body.svg", "character", {"create": written}),
    ]


async def callers(load: Load, ours: Gateway, pace: Pace) -> list[Growth]:
    """Tokens and businesses, through the whole gateway."""
    pids, ask = [pid for _, pid in ours.processes], ours.asks()["list of 25"]
    most = max(pace.tokens)
    few = partial(load.run, ours.at, [ask.request], pids, good=ask.good)

    async def alone() -> Told:
        return await few(min(A_TOKENS_ROUND_S, pace.round_s), tokens=ours.tokens(1))

    measures: Measures = {("list of 25", 1): alone}
    for size in pace.tokens[1:]:
        measures["list of 25", size] = partial(few, pace.round_s, tokens=ours.tokens(size))
    tokens = _whole(await _grown(measures, pace))
    spread = min(most, max(pace.businesses))
    measures = {
        ("list of 25", size): partial(few, pace.round_s, tokens=ours.tokens(spread, businesses=size, user=1))
        for size in pace.businesses
    }
    businesses = _whole(await _grown(measures, pace))
    return [
        Growth("Tokens in use, through the whole gateway", "growth-tokens.svg", "token", tokens, flat=True),
        Growth(f"Businesses, {spread:,} tokens among them", "growth-businesses.svg", "business", businesses, flat=True),
    ]


async def records(load: Load, folder: Path, pace: Pace) -> list[Growth]:
    """Records in the sandbox's database: what they cost us, and what the sandbox."""
    async with AsyncExitStack() as stack:
        valkey_url, _ = await stack.enter_async_context(valkey_at(folder))
        measures: Measures = {}
        for size in pace.records:
            pair = await stack.enter_async_context(_over(folder / str(size), size, valkey_url))
            for name, request in _reads().items():
                pids = [pair.transcoder, pair.sandbox]
                measures[name, size] = partial(
                    load.run, {"socket": pair.socket}, [request], pids, pace.round_s, good=(200,)
                )
        found = await _grown(measures, pace)
    both = ("transcoder", 0), ("sandbox", 1)
    lines = {
        f"{line}, {part}": {size: [told.cpu_us[place] for told in each] for size, each in grown.items()}
        for line, grown in found.items()
        for part, place in both
    }
    return [
        Growth(
            f"Stored records, {part}",
            f"growth-records-{part}.svg",
            "record",
            {line: costs for line, costs in lines.items() if line.endswith(part)},
            flat=not place,
        )
        for part, place in both
    ]


def _reads() -> dict[str, str]:
    """What is asked of every size."""
    contact = CODEC.seal("con", TenantId(1), 10)
    return {
        GET: asked("contacts.get", f"/v1/contacts/{contact}"),
        "list of 25": asked("contacts.list", "/v1/contacts?limit=25"),
        "list by name": asked("contacts.list", "/v1/contacts?limit=25&order_by=last_name"),
    }


@dataclass(frozen=True)
class _Pair:
    """A transcoder before a sandbox: the processes, and the transcoder's socket."""

    transcoder: int
    sandbox: int
    socket: str


@asynccontextmanager
async def _over(folder: Path, contacts: int, valkey_url: str) -> AsyncIterator[_Pair]:
    crm, socket = folder / "s.sock", folder / "t.sock"
    await asyncio.to_thread(_fill, folder, crm, contacts)
    told = transcoder_settings(folder, crm, valkey_url)
    told = {**told, "PATH": os.environ["PATH"], "LISTEN": f"unix:{socket}"}
    command = [sys.executable, "-m", "transcoder"]
    async with (
        sandbox(folder, crm) as inside,
        running(command, told, ready=UnixAddress(socket), log=folder / "t.log") as transcoder,
    ):
        yield _Pair(transcoder.pid, inside.pid, str(socket))


def _fill(folder: Path, crm: Path, contacts: int) -> None:
    folder.mkdir()
    words = (("sandbox", "prepare"), ("sandbox.generate", "--business", "1", "--contacts", str(contacts)))
    for each in words:
        command = (sys.executable, "-m", *each)
        subprocess.run(command, cwd=ROOT, env=settings(folder, crm), check=True, capture_output=True)
