"""The whole gateway: Envoy with TLS, authz, transcoder and Valkey, as `make up` starts them, before the stand-in.

Owns what a caller asks it, and the tables of what each of its processes spends on that.
"""

import os
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from benchmarks.contenders import AS_DEPLOYED
from benchmarks.load import TOKEN, UNIQUE
from benchmarks.loading import Load, Told
from benchmarks.pace import Pace
from benchmarks.plots import Bars
from benchmarks.recorded import BULK
from benchmarks.report import Table, middle
from benchmarks.rounds import Ratio, ratio, rounds_of
from benchmarks.where import rss_mib
from benchmarks.works import A_CONTACT, GET, message, new_contact
from contract.versions import LATEST_VERSION
from contract.vocabulary import TenantId
from tests.support.stack import Stack, running_stack

PARTS = ("envoy", "authz", "transcoder", "valkey")
TOKENS = 400
"""In turn: a family of tokens may ask twenty times a second for good, two hundred times at once."""
RATES_PER_S = (50, 200)
IN_FLIGHT_AT_PEAK = 32
ONE_ADDRESS = {"ADDRESS_LIMIT_PER_S": "1000000"}
"""A stack's setting where all of the load comes from one machine."""
Measure = Callable[[], Awaitable[Told]]
_TOKEN, _UNIQUE = TOKEN.decode(), UNIQUE.decode()
_READS_ONLY = "contacts:read"


@dataclass(frozen=True)
class Ask:
    """A request of a kind. `good`: how it may be answered; `scopes` and `spoilt`: of its tokens, where they matter."""

    request: str
    good: tuple[int, ...]
    scopes: str = ""
    spoilt: bool = False


@dataclass
class Gateway:
    """A running one, and the tokens for it."""

    stack: Stack
    folder: Path
    _key: Any = field(init=False)

    def __post_init__(self) -> None:
        """Read the key once: for a hundred thousand tokens that matters."""
        self._key = load_pem_private_key(self.stack.signing_key.encode(), None)

    @property
    def at(self) -> dict[str, str | int]:
        """Where the load goes."""
        return {"port": int(self.stack.api_url.rpartition(":")[2]), "ca": self.stack.facts["CA_FILE"]}

    @property
    def processes(self) -> list[tuple[str, int]]:
        """Those that work for a request, by the name of their part."""
        return [(part, pid) for part in PARTS for pid in self.stack.pids(part)]

    def tokens(self, count: int, *, businesses: int = 1, spoilt: bool = False, **claims: Any) -> Path:
        """A file of so many tokens, each with a budget of its own."""
        file = self.folder / f"tokens-{time.monotonic_ns()}"
        head = {"typ": "at+jwt", "kid": self.stack.facts["SIGNING_KID"]}
        made = (self.stack.claims(**{"tenant": 1 + number % businesses, **claims}) for number in range(count))
        texts = (jwt.encode(each, self._key, algorithm="ES256", headers=head) for each in made)
        file.write_text("\n".join(text[:-8] + text[-8:][::-1] if spoilt else text for text in texts))
        return file

    def asks(self, business: int = 1) -> dict[str, Ask]:
        """One of each kind, of that business."""
        codec, tenant = self.stack.codec, TenantId(business)
        one = codec.seal("con", tenant, A_CONTACT)
        create, some = new_contact(codec, business), [codec.seal("con", tenant, 1_000 + n) for n in range(BULK)]
        spoilt = asking("GET", f"/v1/contacts/{one}")
        return {
            GET: Ask(asking("GET", f"/v1/contacts/{one}"), (200,)),
            "list of 25": Ask(asking("GET", "/v1/contacts?limit=25"), (200,)),
            "list of 200": Ask(asking("GET", "/v1/contacts?limit=200"), (200,)),
            "validated create": Ask(asking("POST", "/v1/contacts", create), (201,)),
            "keyed create": Ask(asking("POST", "/v1/contacts", create, **{"Idempotency-Key": _UNIQUE}), (201, 503)),
            "update": Ask(asking("PATCH", f"/v1/contacts/{one}", {"job_title": "Head of Sales"}), (200,)),
            "delete": Ask(asking("DELETE", f"/v1/contacts/{one}"), (204,)),
            f"batch get of {BULK}": Ask(asking("POST", "/v1/contacts/batch/get", {"ids": some}), (200,)),
            "refused by the transcoder": Ask(asking("POST", "/v1/contacts", {"lifecycle_stage": "friend"}), (422,)),
            "refused by authz": Ask(asking("POST", "/v1/contacts", create), (403,), scopes=_READS_ONLY),
            "refused by Envoy": Ask(spoilt, (401,), spoilt=True),
        }


def asking(method: str, target: str, body: Any = None, **headers: str) -> str:
    return message(
        method, target, {"Authorization": f"Bearer {_TOKEN}", "Version": LATEST_VERSION.date, **headers}, body
    )


@contextmanager
def gateway(folder: Path, crm: Path) -> Iterator[Gateway]:
    """A whole stack before the stand-in."""
    settings = {
        "INTERNAL_URL": f"unix:{crm}",
        "LOG_LEVEL": os.environ.get("LOG_LEVEL", "info"),
        **ONE_ADDRESS,
    }
    with running_stack(settings=settings, python=AS_DEPLOYED) as stack:
        yield Gateway(stack, folder)


@dataclass(frozen=True)
class Split:
    """By kind, a figure a round; each has a part for every process."""

    found: Mapping[str, list[Told]]
    parts: Sequence[str]
    others: Mapping[str, list[float]]

    def cpu_us(self, kind: str, part: str | None = None) -> list[float]:
        """Of a request, round by round; of one part, or of all."""
        return [
            sum(us for name, us in zip(self.parts, told.cpu_us, strict=True) if part in (None, name))
            for told in self.found[kind]
        ]

    def ratio(self, rival: str) -> Ratio | None:
        """The whole gateway's cost for a get to what a rival spends on transcoding alone."""
        return ratio(self.cpu_us(GET), self.others[rival]) if self.others.get(rival) else None


def measures(load: Load, ours: Gateway, pace: Pace, asks: Mapping[str, Ask]) -> dict[str, Measure]:
    """For each kind, how a round of it is measured."""
    pids = [pid for _, pid in ours.processes]
    usual, made = ours.tokens(TOKENS), dict[str, Measure]()
    for kind, ask in asks.items():
        claims: dict[str, Any] = {"scope": ask.scopes} if ask.scopes else {}
        own = ours.tokens(TOKENS, spoilt=ask.spoilt, **claims) if claims or ask.spoilt else usual
        made[kind] = partial(load.run, ours.at, [ask.request], pids, pace.round_s, good=ask.good, tokens=own)
    return made


async def measured(
    load: Load, ours: Gateway, pace: Pace, rivals: Mapping[str, Measure], asks: Mapping[str, Ask] | None = None
) -> Split:
    """Every kind in turn, and in the same rounds a get of those that the whole is compared with."""
    all_of_them = {**measures(load, ours, pace, asks or ours.asks()), **rivals}
    found = await rounds_of(all_of_them, rounds=pace.rounds, within_s=pace.section_s)
    others = {name: [told.all_cpu_us for told in found.pop(name)] for name in rivals}
    return Split(found, [part for part, _ in ours.processes], others)


def tables(split: Split, ours: Gateway) -> list[Table]:
    """CPU by process, and memory."""
    rows = []
    for kind in split.found:
        each = [middle(split.cpu_us(kind, part)) for part in PARTS]
        whole = middle(split.cpu_us(kind))
        rows.append([kind, *(f"{cost:,.0f}" for cost in each), f"{whole:,.0f}", f"{1e6 / whole:,.0f}"])
    about = "16 in flight over TLS, before the stand-in, which is not counted. Medians of the rounds."
    bars = Bars(
        "CPU µs a request, all of our processes",
        "gateway.svg",
        {kind: middle(split.cpu_us(kind)) for kind in split.found},
    )
    memory = [[f"{part}-{number}", f"{rss_mib(pid):.0f}"] for number, (part, pid) in enumerate(ours.processes)]
    return [
        Table(
            "CPU µs a request of each kind, by process", about, ["", *PARTS, "all", "a second and core"], rows, [bars]
        ),
        Table("Memory of each process", "Resident, MiB, after all of that.", ["", "MiB"], memory),
    ]


async def latencies(load: Load, ours: Gateway, pace: Pace) -> tuple[Table, float]:
    """Of a get at fixed rates and at half of the peak; and p99 in p50s at that half."""
    ask, tokens, pids = ours.asks()[GET], ours.tokens(TOKENS), [pid for _, pid in ours.processes]
    run = partial(load.run, ours.at, [ask.request], pids, good=(200, 503), tokens=tokens)
    peak = (await run(pace.open_s / 2, in_flight=IN_FLIGHT_AT_PEAK)).per_s
    rows, tail = [], float("nan")
    for rate in (*RATES_PER_S, peak / 2):
        told = await run(pace.open_s, rate=rate)
        row = [f"{told.latency_us[each] / 1000:,.1f}" for each in ("50", "99", "99.9")]
        rows.append([f"{rate:,.0f}", *row, f"{told.all_cpu_us:,.0f}", f"{told.done:,}"])
        tail = told.latency_us["99"] / told.latency_us["50"]
    about = (
        f"Open loop: requests leave at random instants of a rate, ms from when each was due. The last row is "
        f"half of the peak, {peak:,.0f} a second with {IN_FLIGHT_AT_PEAK} in flight, on cores that the load shares."
    )
    head = ["requests a second", "p50", "p99", "p99.9", "CPU µs", "requests"]
    return Table("Latency of a get through the whole gateway", about, head, rows), tail
