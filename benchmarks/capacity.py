"""`python -m benchmarks.capacity [--check]`: the computed tables of docs/scale.md, out of the rows in this file.

Owns what was measured (with its source), what is assumed of traffic, and the arithmetic. A figure that changes is
changed here, and `make render` writes the page again. Knows nothing of how a figure is measured.
"""

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PAGE = Path("docs/scale.md")
BEGIN, END = "<!-- computed: {} -->", "<!-- /computed -->"
RATES = (100, 10_000, 1_000_000)
DAY_S = 86_400

# Measured: `python -m benchmarks.kinds` of 2026-11-28 (benchmarks/README.md); µs of one core's time a request.
COSTS_US: dict[str, dict[str, float]] = {
    "get": {"envoy": 1306, "authz": 557, "transcoder": 730, "valkey": 189},
    "list of 25": {"envoy": 1393, "authz": 559, "transcoder": 1093, "valkey": 211},
    "search, 25": {"envoy": 1618, "authz": 637, "transcoder": 1338, "valkey": 225},
    "create": {"envoy": 1524, "authz": 623, "transcoder": 1031, "valkey": 269},
    "update": {"envoy": 1416, "authz": 604, "transcoder": 954, "valkey": 245},
}
# Measured: `MEMORY USAGE` of Valkey 8 after 20,000 requests; bytes, the keys' own part of the table included.
LIMIT_KEY_BYTES = 136
KEYED_REQUEST_BYTES = 928 + 192
RECEIPT_BYTES = 240 + 39
EACH = {
    "limits": f"2 × {LIMIT_KEY_BYTES} B a token family",
    "idempotency": f"{KEYED_REQUEST_BYTES:,} B a keyed create, 24 h",
    "receipts": f"{RECEIPT_BYTES} B a request, 24 h, 10,000 of a business",
}
# From the code: what a process opens (authz/app.py, transcoder/app.py).
VALKEY_CONNECTIONS = {"authz": 2, "transcoder": 2}

# Assumed of traffic: change these to yours.
MIX = {"get": 0.55, "list of 25": 0.20, "search, 25": 0.10, "create": 0.10, "update": 0.05}
KEYED = 0.05
"""Of all requests, those with an Idempotency-Key that counts."""
BUSY = 0.6
"""Of a core, on the busiest second of an ordinary day: what is left is for a pod that leaves, and for a bad minute."""
DAY_OVER_PEAK = 0.4
"""A day's average, as a part of its peak."""
RPS_OF_A_FAMILY = 0.2
RPS_OF_A_BUSINESS = 0.5
PAT_SHARE = 0.5
"""Of token families; the others are apps, whose access tokens live for 15 minutes."""
SHARD_BYTES = 16 * 2**30
AT_WORK = {"envoy": 2, "authz": 1, "transcoder": 2}
"""Envoy's workers, and processes that are asked, in one pod."""
PROCESSES = {"authz": 2, "transcoder": 2}
"""In one pod, the spare authz among them."""
ACCESS_LIFE_S, RECEIPTS_OF_A_BUSINESS = 900, 10_000
FEED_WAIT_S, USES_EVERY_S = 5, 60
MOST_OF_A_TOKEN = 20
"""Requests a second that the largest plan lets through."""


@dataclass(frozen=True, slots=True)
class Load:
    """What so many requests a second, at the peak, take."""

    rps: int

    def cores(self, part: str) -> float:
        """Cores of which `BUSY` is used."""
        return self.rps * cost_us(part) / 1e6 / BUSY

    @property
    def pods(self) -> int:
        """As many as the scarcest of their processes asks for; never fewer than two."""
        return max(2, *(math.ceil(self.cores(part) / many) for part, many in AT_WORK.items()))

    @property
    def requests_a_day(self) -> float:
        """All of them."""
        return self.rps * DAY_S * DAY_OVER_PEAK

    def memory_bytes(self) -> dict[str, float]:
        """What Valkey holds, by what it is for."""
        businesses = self.rps / RPS_OF_A_BUSINESS
        return {
            "limits": self.families * 2 * LIMIT_KEY_BYTES,
            "idempotency": self.requests_a_day * KEYED * KEYED_REQUEST_BYTES,
            "receipts": min(self.requests_a_day, businesses * RECEIPTS_OF_A_BUSINESS) * RECEIPT_BYTES,
        }

    @property
    def families(self) -> float:
        """Token families that are in use."""
        return self.rps / RPS_OF_A_FAMILY

    @property
    def shards(self) -> tuple[int, int]:
        """For their CPU, and for their memory."""
        held = sum(self.memory_bytes().values())
        return math.ceil(self.cores("valkey")), math.ceil(held / (SHARD_BYTES * BUSY))

    @property
    def valkey_connections(self) -> int:
        """At the most, from all pods to each shard."""
        return self.pods * sum(many * VALKEY_CONNECTIONS[part] for part, many in PROCESSES.items())

    def database_a_s(self) -> dict[str, float]:
        """What the authorization server asks its database a second, by why."""
        return {
            "tokens issued": self.families * (1 - PAT_SHARE) / ACCESS_LIFE_S,
            "feed polls": self.pods * PROCESSES["authz"] / FEED_WAIT_S,
            "uses of tokens noted": self.families * PAT_SHARE / USES_EVERY_S,
        }


def cost_us(part: str) -> float:
    """Of a request of the mix."""
    return sum(share * COSTS_US[kind][part] for kind, share in MIX.items())


def tables() -> dict[str, str]:
    """By the name that stands in the page."""
    loads = [Load(rps) for rps in RATES]
    parts = ("envoy", "authz", "transcoder", "valkey")
    names = {"envoy": "Envoy", "authz": "authz", "transcoder": "transcoder", "valkey": "Valkey"}
    return {
        "cost": _table(
            ("µs a request", *(names[part] for part in parts), "all"),
            [(f"{kind}: {share:.0%}", *_costs(COSTS_US[kind])) for kind, share in MIX.items()]
            + [("**the mix**", *_costs({part: cost_us(part) for part in parts}))],
        ),
        "processes": _table(
            ("at the peak", *(f"{rps:,}/s" for rps in RATES)),
            [(f"cores, {names[part]}", *(_number(load.cores(part)) for load in loads)) for part in parts]
            + [
                ("pods (1 authz and a spare, 2 transcoder, 2 workers)", *(f"{x.pods:,}" for x in loads)),
                ("connections to each Valkey, at the most", *(f"{load.valkey_connections:,}" for load in loads)),
            ],
        ),
        "valkey": _table(
            ("in Valkey", *(f"{rps:,}/s" for rps in RATES)),
            [(f"{what}: {each}", *(_bytes(load.memory_bytes()[what]) for load in loads)) for what, each in EACH.items()]
            + [
                ("shards for its CPU", *(f"{load.shards[0]:,}" for load in loads)),
                (f"shards of {_bytes(SHARD_BYTES)} for its memory", *(f"{load.shards[1]:,}" for load in loads)),
            ],
        ),
        "database": _table(
            ("a second, in PostgreSQL", *(f"{rps:,}/s" for rps in RATES)),
            [(what, *(_number(load.database_a_s()[what]) for load in loads)) for what in loads[0].database_a_s()],
        ),
    }


def _costs(costs: Mapping[str, float]) -> list[str]:
    return [f"{cost:,.0f}" for cost in (*costs.values(), sum(costs.values()))]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}" if value >= 0.1 else f"{value:.3f}"


def _bytes(value: float) -> str:
    for unit, size in (("TB", 2**40), ("GB", 2**30), ("MB", 2**20)):
        if value >= size:
            return f"{value / size:,.{0 if value >= 10 * size else 1}f} {unit}"
    return f"{value / 2**10:,.0f} kB"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---", *("--:" for _ in head[1:])), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def written(page: str) -> str:
    """The page with today's tables. ValueError where it has no place for one."""
    for name, table in tables().items():
        begin = BEGIN.format(name)
        before, found, rest = page.partition(begin)
        _, closed, after = rest.partition(END)
        if not found or not closed:
            raise ValueError(f"{PAGE} has no place for {name}")
        page = f"{before}{begin}\n{table}\n{END}{after}"
    return page


def main(words: list[str]) -> int:
    """Write the page, or say that it is not current."""
    page = PAGE.read_text(encoding="utf-8")
    if words != ["--check"]:
        PAGE.write_text(written(page), encoding="utf-8")
    elif written(page) != page:
        print(f"{PAGE} is not current: make render")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
