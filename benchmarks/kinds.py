"""`python -m benchmarks.kinds`: CPU time of a request of each kind, split by process, through the TLS listener.

All kinds in turn within each round, so that what else the machine does falls on all of them alike. One client, one
request at a time: nothing is shared between requests, so this is the dear end.
"""

import argparse
import ssl
import statistics
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx

from benchmarks.where import Stack, made_with, running

ROUNDS = 7
WARM_UP = 1
REQUESTS = 25
"""Of one kind in a round; a fifth of that of those that carry a hundred records or more."""
VERSION = "2026-11-24"
_NUMBERS = count()


@dataclass(frozen=True)
class Sample:
    """A kind of request: what it is called, how many records it moves, and how the next one is made."""

    name: str
    records: int
    make: Callable[[], tuple[str, str, Any]]
    headers: tuple[tuple[str, str], ...] = ()


def _contact() -> dict[str, Any]:
    number = next(_NUMBERS)
    return {"first_name": "Ada", "last_name": f"Okafor {number}", "job_title": "Head of Operations", "tags": ["new"]}


def _post(client: httpx.Client, path: str, body: Any) -> Any:
    return client.post(path, json=body).raise_for_status().json()["data"]


def samples(client: httpx.Client) -> Iterator[Sample]:
    """One of each kind, on contacts and deals; what they need is made first."""
    made = _post(client, "/v1/contacts/batch/create", {"items": [_contact() for _ in range(100)]})
    many = [entry["data"]["id"] for entry in made]
    one = many[0]
    deal = _post(client, "/v1/deals", {"title": "Fleet"})["id"]
    client.post("/v1/contacts/batch/create", json={"items": [_contact() for _ in range(100)]})
    etag = client.get(f"/v1/contacts/{one}").headers["etag"]
    word = count()

    def batch(name: str, item: Callable[[str], Any]) -> Sample:
        return Sample(
            f"batch {name} of 100", 100, lambda: ("POST", f"/v1/contacts/batch/{name}", {"items": [*map(item, many)]})
        )

    yield Sample("get", 1, lambda: ("GET", f"/v1/contacts/{one}", None))
    yield Sample("get, 304", 1, lambda: ("GET", f"/v1/contacts/{one}", None), (("If-None-Match", etag),))
    yield Sample("list of 25", 25, lambda: ("GET", "/v1/contacts?limit=25", None))
    yield Sample("list of 200", 200, lambda: ("GET", "/v1/contacts?limit=200", None))
    condition = {"field": "last_name", "operator": "starts_with", "value": "Okafor"}
    yield Sample("search, 25", 25, lambda: ("POST", "/v1/contacts/search", {"filters": [condition], "limit": 25}))
    yield Sample("create", 1, lambda: ("POST", "/v1/contacts", _contact()))
    yield Sample("create, dry run", 1, lambda: ("POST", "/v1/contacts?dry_run=true", _contact()))
    yield Sample("create, refused (422)", 0, lambda: ("POST", "/v1/contacts", {"frist_name": "Ada"}))
    yield Sample("update", 1, lambda: ("PATCH", f"/v1/contacts/{one}", {"job_title": f"Chief {next(word)}"}))
    yield Sample(
        "upsert",
        1,
        lambda: ("POST", "/v1/contacts/upsert?on=external_id", {**_contact(), "external_id": f"erp:{next(word) % 20}"}),
    )
    yield Sample("tags", 1, lambda: ("POST", f"/v1/contacts/{one}/tags/add", {"tags": [f"t{next(word) % 20}"]}))
    yield Sample("action", 1, lambda: ("POST", f"/v1/deals/{deal}/{('win', 'reopen')[next(word) % 2]}", {}))
    yield Sample("me", 0, lambda: ("GET", "/v1/me", None))
    yield Sample("batch get of 100", 100, lambda: ("POST", "/v1/contacts/batch/get", {"ids": many}))
    yield batch("create", lambda _: _contact())
    yield batch("update", lambda each: {"id": each, "patch": {"job_title": f"Chief {next(word)}"}})


class Measured:
    """CPU time a request, by sample and process; one figure a round."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._rounds: dict[str, list[dict[str, float]]] = {}

    def run(self, client: httpx.Client, sample: Sample) -> None:
        """One round of one sample."""
        times = REQUESTS if sample.records < 100 else REQUESTS // 5
        before = self._stack.cpu_us()
        for _ in range(times):
            method, path, body = sample.make()
            answer = client.request(method, path, json=body, headers=dict(sample.headers))
            if answer.status_code >= 500 or answer.status_code in (401, 403, 404, 429):
                raise SystemExit(f"{sample.name}: {answer.status_code} {answer.text}")
        after = self._stack.cpu_us()
        self._rounds.setdefault(sample.name, []).append({kind: (after[kind] - before[kind]) / times for kind in after})

    def table(self) -> str:
        """Medians over the rounds, in microseconds; `ours` is all but the stand-in for the internal services."""
        kinds = ("envoy", "authz", "transcoder", "valkey", "sandbox")
        lines = [f"| µs a request | {' | '.join(kinds)} | ours |", f"| --- {'| --: ' * (len(kinds) + 1)}|"]
        for name, rounds in self._rounds.items():
            medians = {kind: statistics.median(each[kind] for each in rounds[WARM_UP:]) for kind in kinds}
            ours = sum(medians.values()) - medians["sandbox"]
            lines.append(f"| {name} | {' | '.join(f'{medians[kind]:,.0f}' for kind in kinds)} | {ours:,.0f} |")
        return "\n".join(lines)


class _Purse(httpx.Auth):
    """A new token for every few requests: none runs out of budget."""

    def __init__(self, stack: Stack) -> None:
        self._stack, self._left, self._token = stack, 0, ""

    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:  # type: ignore[override]
        if not self._left:
            self._token, self._left = self._stack.token(), 5
        self._left -= 1
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


def main() -> None:
    """Measure the running stack and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kinds", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args().rounds
    stack = running()
    measured = Measured(stack)
    secure = ssl.create_default_context(cafile=stack.ca_file)
    with httpx.Client(
        base_url=stack.api_url, headers={"Version": VERSION}, auth=_Purse(stack), verify=secure, timeout=30
    ) as client:
        kinds = list(samples(client))
        for _ in range(WARM_UP + rounds):
            for sample in kinds:
                measured.run(client, sample)
    sys.stdout.write(f"{made_with()}\n\n{measured.table()}\n")


if __name__ == "__main__":
    main()
