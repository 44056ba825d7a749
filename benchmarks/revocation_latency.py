"""`python -m benchmarks.revocation_latency [TRIALS]`: from the commit of a revocation until every authz refuses.

Through TLS, Envoy and both authz: one client asks without pause; a trial ends with the first of a row of refusals that
is too long for either authz to have been left out. So a figure holds the time of one answer, about 5 ms, too. What the
look-ups cost a decision is told as well.
"""

import asyncio
import math
import sys
import time
import timeit
from pathlib import Path

import httpx

from authz.standing import in_good_standing
from contract.claims import Claims, read_claims
from oauth.store import revocations
from oauth.store.database import Database, database_url
from oauth.store.revocations import Note
from stores.revocations.events import Event, Kind
from stores.revocations.held import RevocationSet
from tests.support.stack import Stack, running_stack

IN_A_ROW = 12
ADMITTED, REVOKED = 200, 401
HELD = 100_000


async def latencies_ms(stack: Stack, trials: int) -> list[float]:
    """A figure per trial."""
    file = stack.own_folder / "store" / "oauth.db"
    async with Database(database_url(f"sqlite:///{file}")) as database:
        return [await _trial(stack, database) for _ in range(trials)]


async def _trial(stack: Stack, database: Database) -> float:
    claims = stack.claims()
    with stack.client(stack.sign(claims)) as client:
        _asked_until(client, ADMITTED)
        async with database.writing() as connection:
            note = Note(Kind.TOKEN, str(claims["jti"]), "a benchmark")
            await revocations.append(connection, [note], now_s=int(time.time()))
        committed_s = time.perf_counter()
        return (_asked_until(client, REVOKED) - committed_s) * 1000


def _asked_until(client: httpx.Client, status: int) -> float:
    """The instant of the first answer of a row of that status."""
    row, first_s = 0, 0.0
    while row < IN_A_ROW:
        answer = client.get("/v1/requests", params={"idempotency_key": "none"})
        answered_s = time.perf_counter()
        row, first_s = (row + 1, first_s if row else answered_s) if answer.status_code == status else (0, 0.0)
    return first_s


def lookup_us(stack: Stack) -> float:
    """What check 4 adds to a decision with many entries held."""
    caller = read_claims(stack.claims())
    assert isinstance(caller, Claims)
    held = RevocationSet()
    for n in range(HELD):
        held.apply(Event(n, "m", Kind.TOKEN, f"pat_{n}", 0))
    count = 200_000
    return min(timeit.repeat(lambda: in_good_standing(caller, held), number=count, repeat=5)) / count * 1e6


def main() -> None:
    """Measure, and say what was found."""
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with running_stack(Path.cwd()) as stack:
        found = sorted(asyncio.run(latencies_ms(stack, trials)))
        told = ", ".join(f"p{p} {found[math.ceil(trials * p / 100) - 1]:.0f} ms" for p in (50, 90, 99, 100))
        print(f"{trials} trials: {told}")
        print(f"Look-ups: {lookup_us(stack):.2f} µs a decision, with {HELD:,} entries held")


if __name__ == "__main__":
    main()
