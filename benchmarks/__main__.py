"""`python -m benchmarks [--pace full|thorough|quick|tiny] [--only SECTION,…] [--out FOLDER]`: all of it in one run.

Owns the order of the sections and what is written: a page and its plots, named after the kind of machine, written anew
after each section, so that a run that is stopped has told what it knew.
"""

import argparse
import asyncio
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

from benchmarks import beside, gateway, growth, pace, targets
from benchmarks.contenders import FASTAPI, FASTIFY, OURS, Contender, contenders, stand_in
from benchmarks.loading import Load, loading
from benchmarks.recorded import ROOT, record
from benchmarks.report import Table
from benchmarks.where import made_with, rss_mib
from benchmarks.works import GET
from tests.support.stack import running_stack

RESULTS = ROOT / "benchmarks" / "results"
PACES = {"full": pace.FULL, "thorough": pace.THOROUGH, "quick": pace.QUICK, "tiny": pace.TINY}
SECTIONS = ("beside", "sizes", "gateway", "callers", "decision", "records", "charges", "kinds", "limits_lost")
PROGRAMS = ("charges", "kinds", "limits_lost")
"""Of this folder, that measure on their own; their tables are taken as they are."""
IN_PYTHON = ("authz", "transcoder")


@dataclass
class Run:
    """What was found so far, and where it is written."""

    pace: pace.Pace
    folder: Path
    sections: Sequence[str]
    made_with: str = field(default_factory=made_with)
    aims: list[targets.Row] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    began_s: float = field(default_factory=time.monotonic)

    def add(self, tables: Sequence[Table], rows: Iterator[targets.Row]) -> None:
        """A section is done."""
        self.tables += tables
        self.aims += rows
        self.write()

    def write(self) -> None:
        """The page and its plots."""
        name = f"{os.cpu_count()}-cores-{platform.machine()}"
        plots = self.folder / name
        plots.mkdir(parents=True, exist_ok=True)
        took_s = time.monotonic() - self.began_s
        machine = f"{os.cpu_count()} cores, {platform.machine()}"
        how = f"{self.made_with}; the run took {took_s:.0f} s. [How to read this](../README.md)."
        head = f"# Measured on {machine}\n\n{how}\n"
        tables = [targets.table(self.aims), *self.tables]
        for plot in (plot for table in tables for plot in table.plots):
            (plots / plot.file).write_text(plot.svg())
        parts = [head, *(table.markdown(name) for table in tables), *self.told]
        (self.folder / f"{name}.md").write_text("\n".join(parts))

    def wants(self, section: str) -> bool:
        """Whether this is to be measured, and there is time for it."""
        wanted = section in self.sections
        if wanted and time.monotonic() - self.began_s > self.pace.within_s:
            self.told.append(f"No time was left for `{section}`.\n")
            return False
        return wanted


async def measure(run: Run) -> None:
    """All sections."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        recorded = await record(folder)
        async with loading() as load:
            if not {"beside", "sizes", "gateway", "callers"}.isdisjoint(run.sections):
                async with stand_in(folder, recorded) as crm, contenders(folder, crm) as others:
                    await _alone(run, load, others)
                    if not {"gateway", "callers"}.isdisjoint(run.sections):
                        await _whole(run, load, others, folder, crm)
            if run.wants("decision"):
                await asyncio.to_thread(_program, run, "decision")
            if run.wants("records"):
                grown = await growth.records(load, folder, run.pace)
                run.add([each.table() for each in grown], targets.of_growth(grown))
    for program in PROGRAMS:
        if not run.wants(program):
            continue
        if program == "kinds":
            with running_stack() as stack:
                _program(run, program, {"RUN_DIR": str(stack.own_folder)})
        else:
            _program(run, program)


async def _alone(run: Run, load: Load, others: dict[str, Contender]) -> None:
    """The transcoder and its rivals."""
    if run.wants("beside"):
        await beside.hold_to_ours(others)
        found = await beside.measured(load, others, run.pace)
        memory = rss_mib(others[OURS].pid)
        tables = [*beside.tables(found, others), await beside.latencies(load, others, run.pace), _started(others)]
        run.add(tables, targets.of_transcoder(found, memory))
    if run.wants("sizes"):
        grown = await growth.sizes(load, others[OURS], run.pace)
        run.add([each.table() for each in grown], targets.of_growth(grown))


async def _whole(run: Run, load: Load, others: dict[str, Contender], folder: Path, crm: Path) -> None:
    """The whole gateway."""
    began_s = time.monotonic()
    with gateway.gateway(folder, crm) as ours:
        if run.wants("gateway"):
            started = Table(
                "Start-up of a whole stack",
                "`make up` without its installation.",
                ["", "s"],
                [["", f"{time.monotonic() - began_s:.1f}"]],
            )
            rivals = {
                name: beside.round_of(load, others[name], GET, run.pace)
                for name in (FASTAPI, FASTIFY)
                if name in others
            }
            split = await gateway.measured(load, ours, run.pace, rivals)
            latency, tail = await gateway.latencies(load, ours, run.pace)
            memory = max(rss_mib(pid) for part, pid in ours.processes if part in IN_PYTHON)
            run.add([*gateway.tables(split, ours), latency, started], targets.of_gateway(split, tail, memory))
        if run.wants("callers"):
            grown = await growth.callers(load, ours, run.pace)
            run.add([each.table() for each in grown], targets.of_growth(grown))


def _started(others: dict[str, Contender]) -> Table:
    rows = [[name, f"{one.started_s:.2f}"] for name, one in others.items() if one.started_s]
    return Table("Start-up", "Seconds until it accepts connections, one started after the other.", ["", "s"], rows)


def _program(run: Run, name: str, settings: Mapping[str, str] = MappingProxyType({})) -> None:
    command = (sys.executable, "-m", f"benchmarks.{name}", "--rounds", str(run.pace.rounds_of_programs))
    done = subprocess.run(command, env={**os.environ, **settings}, capture_output=True, text=True, cwd=ROOT, check=True)
    table = done.stdout.partition("\n")[2].strip()
    table = table if table.startswith("|") else f"```\n{table}\n```"
    run.told.append(f"## `python -m benchmarks.{name}`\n\n{table}\n")
    run.add([], targets.of_decision(table) if name == "decision" else iter(()))


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--pace", choices=PACES, default="full")
    parser.add_argument("--only", default=",".join(SECTIONS), metavar="SECTION,…", help=f"of {', '.join(SECTIONS)}")
    parser.add_argument("--out", type=Path, default=RESULTS, metavar="FOLDER")
    chosen = parser.parse_args()
    run = Run(PACES[chosen.pace], chosen.out, chosen.only.split(","))
    asyncio.run(measure(run))
    run.write()
    print(targets.table(run.aims).markdown(""))


if __name__ == "__main__":
    main()
