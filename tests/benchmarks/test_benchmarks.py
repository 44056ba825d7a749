"""The benchmarks still measure what they say. Their figures mean nothing here, and nothing is asserted of a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

import pytest

from benchmarks import beside, gateway, growth, targets
from benchmarks.contenders import ENVOY, FASTAPI, FASTIFY, HELLO, NGINX, OURS, STARLETTE, contenders, stand_in
from benchmarks.growth import Growth
from benchmarks.load import OPEN_CONNECTIONS
from benchmarks.loading import Load, loading
from benchmarks.pace import TINY
from benchmarks.recorded import PAGES, record
from benchmarks.report import Table
from benchmarks.rounds import ratio
from benchmarks.works import CREATE, GET, KEYED, LIST_25, REFUSED
from tests.support.stack import Stack

SLOW_TO_START = (FASTAPI, STARLETTE, FASTIFY, NGINX)
"""And not on every machine. `make bench` itself holds each rival to our bodies before it measures."""

QUESTION = "GET / HTTP/1.1\r\n\r\n"


@pytest.fixture(scope="module")
async def load() -> AsyncIterator[Load]:
    async with loading() as made:
        yield made


@pytest.fixture(scope="module")
async def found(load: Load) -> AsyncIterator[tuple[beside.Beside, list[Table], list[Growth]]]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        async with stand_in(folder, await record(folder)) as crm, contenders(folder, crm, SLOW_TO_START) as started:
            await beside.hold_to_ours(started)
            side_by_side = await beside.measured(load, started, TINY)
            tables = beside.tables(side_by_side, started)
            yield side_by_side, tables, await growth.sizes(load, started[OURS], TINY)


def test_each_work_has_a_figure_of_each_contender_that_can_do_it(found: tuple[beside.Beside, ...]) -> None:
    side_by_side = found[0]
    assert {work for work, name in side_by_side.found if name == OURS} == {GET, LIST_25, CREATE, KEYED, REFUSED}
    assert {work for work, name in side_by_side.found if name == ENVOY} == {GET, LIST_25, CREATE}
    assert {work for work, name in side_by_side.found if name == HELLO} == {REFUSED}
    assert all(each.all_cpu_us > 0 for rounds in side_by_side.found.values() for each in rounds)


def test_tables_and_plots_are_written(found: tuple[beside.Beside, list[Table], list[Growth]]) -> None:
    _, tables, grown = found
    for table in (*tables, *(each.table() for each in grown)):
        page = table.markdown("plots")
        assert f"## {table.title}\n" in page
        assert page.count("\n| ") == len(table.rows) + 2
        for plot in table.plots:
            assert f"](plots/{plot.file})" in page
            assert ElementTree.fromstring(plot.svg()).tag.endswith("svg")  # noqa: S314 (our own)


def test_a_larger_page_costs_more(found: tuple[beside.Beside, list[Table], list[Growth]]) -> None:
    [page] = (each for each in found[2] if "page" in each.title)
    assert set(page.lines[growth.LISTED]) == set(PAGES)
    assert page.ratio(growth.LISTED, 200, 1).median > 2
    [row] = targets.of_growth([page])
    assert row[0] == "a page of 200: to a page of 1"


async def test_the_gateways_parts_are_told_apart(load: Load, stack: Stack, tmp_path: Path) -> None:
    ours = gateway.Gateway(stack, tmp_path)
    kinds = ("list of 25", "refused by authz", "refused by Envoy")
    asks = {kind: ask for kind, ask in ours.asks().items() if kind in kinds}
    split = await gateway.measured(load, ours, TINY, {}, asks)
    [in_envoy] = split.cpu_us("refused by Envoy", "envoy")
    [elsewhere] = split.cpu_us("refused by Envoy", "transcoder")
    assert in_envoy > elsewhere
    assert split.cpu_us("list of 25", "transcoder") > split.cpu_us("refused by authz", "transcoder")


@asynccontextmanager
async def answering(socket: Path, status: int, at_once: asyncio.Event) -> AsyncIterator[dict[str, str | int]]:
    """Something that gives that status, once it may."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer):
            while await reader.readline():
                await reader.readuntil(b"\r\n")
                await at_once.wait()
                writer.write(f"HTTP/1.1 {status} Word\r\ncontent-length: 0\r\n\r\n".encode())

    async with await asyncio.start_unix_server(answer, str(socket)):
        yield {"socket": str(socket)}


async def test_a_request_that_finds_no_free_connection_waits_and_its_wait_counts(load: Load, tmp_path: Path) -> None:
    held = asyncio.Event()
    async with answering(tmp_path / "s", 200, held) as at:
        asyncio.get_running_loop().call_later(0.6, held.set)
        told = await load.run(at, [QUESTION], [], 1.0, good=(200,), rate=500)
    assert told.done > OPEN_CONNECTIONS
    assert told.latency_us["50"] < told.latency_us["99"]


async def test_an_answer_of_another_status_ends_the_run(load: Load, tmp_path: Path) -> None:
    at_once = asyncio.Event()
    at_once.set()
    async with answering(tmp_path / "s", 500, at_once) as at:
        with pytest.raises(RuntimeError, match="'500'"):
            await load.run(at, [QUESTION], [], 0.05, good=(200,))


def test_a_decision_is_held_to_the_target_of_the_way_it_was_asked() -> None:
    told = """16 in flight
decision + limit, lean      30.1    40.0         0.100     0.140

1 in flight
decision + limit, grpc.aio  300.0   400.0        1.300     1.400
decision + limit, lean      90.0    99.0         0.400     0.500
"""
    (first, target, _, met), (second, other, _, missed) = targets.of_decision(told)
    assert (target, met) == ("≤ 0.15", "met"), first
    assert (other, missed) == ("≤ 0.4", "**missed**"), second


def test_a_ratio_is_of_the_same_round() -> None:
    told = ratio([10, 200, 30], [20, 400, 60])
    assert (told.least, told.median, told.most) == (0.5, 0.5, 0.5)
