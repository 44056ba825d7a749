"""A stack whose processes die at chosen instants, and the ways to see how far a request has come in it."""

import json
import os
import signal
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis

from deploy.local.run_folder import locate
from tests.support.stack import Stack, running_stack
from tests.support.waiting import waited

_MARKS_A_QUERY = 500


class Mortal:
    """A running stack, its processes within reach."""

    def __init__(self, stack: Stack) -> None:
        assert stack.folder
        self.stack = stack
        self._folder: Path = stack.folder
        self._sockets = locate(stack.folder)
        self._killed: set[int] = set()

    @cached_property
    def sandbox(self) -> httpx.Client:
        """The stand-in CRM itself, past the gateway."""
        transport = httpx.HTTPTransport(uds=self._sockets.socket("sandbox"))
        headers = {"X-Actor-User-Id": "11", "X-Actor-Permissions": ""}
        return httpx.Client(transport=transport, base_url="http://sandbox", headers=headers, timeout=5)

    @cached_property
    def _envoy(self) -> httpx.Client:
        return self.stack.envoy()

    @cached_property
    def _valkey(self) -> Redis:
        return Redis(unix_socket_path=self._sockets.socket("valkey"))

    def close(self) -> None:
        """Close what was opened."""
        self.sandbox.close()
        self._envoy.close()
        self._valkey.close()

    def pids(self, kind: str) -> list[int]:
        """The processes of a kind that run now, as the supervisor tells."""
        return self.stack.pids(kind)

    def kill(self, kind: str, count: int | None = None) -> None:
        """SIGKILL to the first `count` processes of a kind, to all without one."""
        self._killed |= set(self._signal(kind, signal.SIGKILL, count))

    def stop(self, kind: str) -> None:
        """All processes of a kind stand still."""
        self._signal(kind, signal.SIGSTOP)

    def go_on(self, kind: str) -> None:
        """They go on."""
        self._signal(kind, signal.SIGCONT)

    def _signal(self, kind: str, number: signal.Signals, count: int | None = None) -> list[int]:
        pids = [pid for pid in self.pids(kind) if pid not in self._killed][:count]
        for pid in pids:
            os.kill(pid, number)
        return pids

    @contextmanager
    def fault(self, **members: Any) -> Iterator[None]:
        """The CRM behaves so until the end, or until it dies."""
        assert self.sandbox.put("/faults", json=members).status_code == 204
        yield
        waited(lambda: self.sandbox.delete("/faults").status_code == 204, "the fault to be gone")

    def in_envoy(self) -> int:
        """The requests that Envoy has sent to a transcoder and that are not answered."""
        told = self._envoy.get("/stats", params={"filter": r"^cluster\.transcoder.*\.upstream_rq_active$"}).text
        return sum(int(line.rpartition(": ")[2]) for line in told.splitlines())

    def names(self, key: str) -> set[str]:
        """The names under which a caller's key was claimed: the `dedupe_key` of each, too."""
        digest = sha256(key.encode()).hexdigest()
        return {name.decode() for name in self._valkey.smembers(f"uses:{{1}}:{digest}")}

    def state_inside(self, dedupe_key: str) -> str:
        """What the CRM says became of a write."""
        answer = self.sandbox.get(f"/internal/v2/businesses/1/dedupe/{dedupe_key}").json()
        return str(answer["result"]["state"])

    def answered_inside(self, call: str) -> int:
        """How many calls whose method and path begin so the CRM has answered, as its log tells."""
        lines = [json.loads(line) for line in self.stack.log("sandbox").splitlines()]
        return sum(f"{line.get('method')} {line.get('path')}".startswith(call) for line in lines)

    def stored(self, table: str, column: str, marks: Sequence[str]) -> list[str]:
        """The marks that are found in a column of the CRM's database, once for each record that has it."""
        found: list[str] = []
        with closing(sqlite3.connect(self._folder / "store" / "sandbox.db")) as database:
            for start in range(0, len(marks), _MARKS_A_QUERY):
                some = marks[start : start + _MARKS_A_QUERY]
                places = ",".join("?" * len(some))
                rows = database.execute(f"SELECT {column} FROM {table} WHERE {column} IN ({places})", some)  # noqa: S608
                found += [row[0] for row in rows]
        return found

    def await_whole(self) -> None:
        """Wait until every process is back and a caller is served."""

        def is_whole() -> bool:
            rows = json.loads((self._folder / "state.json").read_text())["services"]
            return all(row["stage"] == "ready" and row["process"]["pid"] not in self._killed for row in rows)

        waited(is_whole, "every process to be back", within_s=60)
        with self.stack.client() as client:
            waited(lambda: client.get("/readyz").status_code == 200, "the stack to serve", within_s=60)


@pytest.fixture(scope="session")
def mortal() -> Iterator[Mortal]:
    """A stack for this folder alone."""
    with running_stack() as stack:
        mortal = Mortal(stack)
        yield mortal
        mortal.close()
