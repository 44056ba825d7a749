"""`python -m benchmarks.revocation_latency [TRIALS]`: from the commit of a revocation until authz refuses.

Through TLS, Envoy and authz of the running stack: one client asks without pause; a trial ends with the first of a long
row of refusals. So a figure holds the time of one answer, too. The spare hears by the same feed, and is not seen here.
What the look-ups cost a decision is told as well.
"""

import asyncio
import math
import ssl
import sys
import time
import timeit
from pathlib import Path

import httpx
import jwt

from authz.revocation_check import check_revocation
from benchmarks.where import Stack, made_with, running
from contract.claims import Claims, parse_claims
from contract.versions import LATEST_VERSION
from infra.stores.revocations.events import Event, EventKind
from infra.stores.revocations.revocation_set import RevocationSet
from oauth.store import revocations
from oauth.store.database import Database, database_url
from oauth.store.revocations import NewEntry

IN_A_ROW = 12
ADMITTED, REVOKED = 200, 401
HELD = 100_000
ASKED = "/v1/requests?idempotency_key=none"
"""No internal service has to answer it."""


async def latencies_ms(stack: Stack, trials: int) -> list[float]:
    """A figure per trial."""
    file = Path(stack.ca_file).parents[1] / "store" / "oauth.db"
    secure = ssl.create_default_context(cafile=stack.ca_file)
    async with Database(database_url(f"sqlite:///{file}")) as database:
        with httpx.Client(base_url=stack.api_url, verify=secure, headers={"Version": LATEST_VERSION.date}) as client:
            return [await _trial(client, stack.token(), database) for _ in range(trials)]


async def _trial(client: httpx.Client, token: str, database: Database) -> float:
    client.headers["Authorization"] = f"Bearer {token}"
    _asked_until(client, ADMITTED)
    async with database.write() as connection:
        note = NewEntry(EventKind.TOKEN, _claims(token)["jti"], "a benchmark")
        await revocations.append(connection, [note], now_s=int(time.time()))
    committed_s = time.perf_counter()
    return (_asked_until(client, REVOKED) - committed_s) * 1000


def _asked_until(client: httpx.Client, status: int) -> float:
    """The instant of the first answer of a row of that status."""
    row, first_s = 0, 0.0
    while row < IN_A_ROW:
        answer = client.get(ASKED)
        answered_s = time.perf_counter()
        row, first_s = (row + 1, first_s if row else answered_s) if answer.status_code == status else (0, 0.0)
    return first_s


def lookup_us(token: str) -> float:
    """What looking for revocation, suspension and plan adds to a decision with many entries held."""
    caller = parse_claims(_claims(token))
    if not isinstance(caller, Claims):
        raise SystemExit(f"the stack's own token has no good {caller}")
    held = RevocationSet()
    for n in range(HELD):
        held.apply(Event(n, "m", EventKind.TOKEN, f"pat_{n}", 0))
    count = 200_000
    return min(timeit.repeat(lambda: check_revocation(caller, "a-key", held), number=count, repeat=5)) / count * 1e6


def _claims(token: str) -> dict[str, str]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


def main() -> None:
    """Measure the running stack and print what was found."""
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    stack = running()
    found = sorted(asyncio.run(latencies_ms(stack, trials)))
    told = ", ".join(f"p{p} {found[math.ceil(trials * p / 100) - 1]:.0f} ms" for p in (50, 90, 99, 100))
    sys.stdout.write(f"{made_with()}\n\n{trials} trials: {told}\n")
    sys.stdout.write(f"Look-ups: {lookup_us(stack.token()):.2f} µs a decision, with {HELD:,} entries held\n")


if __name__ == "__main__":
    main()
