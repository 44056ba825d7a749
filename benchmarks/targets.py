"""What we have set ourselves, and whether this run met it: ratios within the run, never times of a machine."""

from collections.abc import Iterator, Sequence

from benchmarks.beside import Beside
from benchmarks.contenders import ENVOY, FASTAPI, FASTIFY, HELLO, OURS
from benchmarks.gateway import Split
from benchmarks.growth import LISTED, Growth
from benchmarks.report import Table
from benchmarks.rounds import Ratio
from benchmarks.works import CREATE, GET, KEYED, LIST_25, REFUSED

FLAT = 1.1
PAGE, WHOLE_PAGE = 12, 200
TAIL, WORKER_MIB = 5.0, 60.0
DECISION = {"16 in flight": 0.15, "16 in flight, traced": 0.18, "1 in flight": 0.4}
REFERENCE = "grpc.aio"
"""Which the default front is held to, and not measured by."""

Row = tuple[str, str, str, str]


def of_transcoder(beside: Beside, memory_mib: float) -> Iterator[Row]:
    """The transcoder's."""
    for work, to, most in (
        (GET, FASTIFY, 0.7),
        (GET, ENVOY, 1.6),
        (LIST_25, FASTIFY, 0.5),
        (CREATE, FASTIFY, 0.7),
        (KEYED, FASTIFY, 1.0),
        (REFUSED, HELLO, 1.7),
    ):
        yield _row(f"transcoder, {work}: to {to}", most, beside.ratio(work, to))
    yield _plain(f"{OURS}: MiB of a worker", WORKER_MIB, memory_mib)


def of_gateway(split: Split, tail: float, memory_mib: float) -> Iterator[Row]:
    """The whole gateway's."""
    yield _row(f"whole gateway, get: to {FASTAPI}, transcoding alone", 0.25, split.ratio(FASTAPI))
    yield _row(f"whole gateway, get: to {FASTIFY}, transcoding alone", 2.2, split.ratio(FASTIFY))
    yield _plain("get at half of the peak: p99 in p50s", TAIL, tail)
    yield _plain("MiB of the largest worker of ours in Python", WORKER_MIB, memory_mib)


def of_growth(growths: Sequence[Growth]) -> Iterator[Row]:
    """That what grows costs no more; and a page of 200."""
    for growth in growths:
        for line in growth.lines:
            if growth.flat:
                yield _row(f"{growth.title}, {line}: largest to least", FLAT, growth.ends(line))
            elif line == LISTED:
                yield _row("a page of 200: to a page of 1", PAGE, growth.ratio(line, WHOLE_PAGE, 1))


def of_decision(told: str) -> Iterator[Row]:
    """Of what `benchmarks.decision` has told: the ratio of medians, the last of a line, of each way to be asked."""
    load = next(iter(DECISION))
    for line in map(str.strip, told.splitlines()):
        if line in DECISION:
            load = line
        elif line.startswith("decision + limit") and REFERENCE not in line:
            name, ratio_of_medians = line.split("  ")[0], float(line.split()[-1])
            yield _plain(f"authz, {name}, {load}: to a no-op with protobuf", DECISION[load], ratio_of_medians)


def _row(name: str, most: float, found: Ratio | None) -> Row:
    if found is None:
        return name, f"≤ {most:g}", "not measured here", "–"
    return name, f"≤ {most:g}", str(found), _word(found.median <= most)


def _plain(name: str, most: float, found: float) -> Row:
    return name, f"≤ {most:g}", f"{found:.3g}", _word(found <= most)


def _word(met: bool) -> str:
    return "met" if met else "**missed**"


def table(rows: Sequence[Row]) -> Table:
    """All of them."""
    about = (
        "Medians over the rounds of this run, each round's figure to the other's of the same round; then their range."
    )
    return Table("Targets", about, ["", "target", "measured", ""], rows)
