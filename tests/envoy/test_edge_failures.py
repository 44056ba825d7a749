"""What callers see while something behind the edge is broken. What must be killed for it has an edge of its own."""

import asyncio
import signal
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from contract.size_and_time_limits import EDGE_TIMEOUT_S
from tests.envoy.standing import Edge, neighbour, serve_echo, standing_edge, until
from tests.support.problems import assert_problem

PATH = "/v1/contacts"
IN_FLIGHT = 16
TOKENS = 64
"""Enough budgets for a few seconds of traffic."""


@pytest.fixture
async def breakable() -> AsyncIterator[Edge]:
    """An edge for one test."""
    async with standing_edge() as standing:
        yield standing


class Traffic:
    """`IN_FLIGHT` callers, each with one request after the other, and what they saw."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._tokens = [edge.token() for _ in range(TOKENS)]
        self._stop = asyncio.Event()
        self.seen: list[httpx.Response] = []

    async def __aenter__(self) -> "Traffic":
        self._callers = [asyncio.create_task(self._call(n)) for n in range(IN_FLIGHT)]
        await self.answers(IN_FLIGHT * 4)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop.set()
        await asyncio.gather(*self._callers)

    async def _call(self, number: int) -> None:
        while not self._stop.is_set():
            token = self._tokens[(number + len(self.seen)) % TOKENS]
            self.seen.append(await self._edge.http.get(PATH, headers={"Authorization": f"Bearer {token}"}))

    async def answers(self, count: int) -> None:
        """Wait for so many more."""
        wanted = len(self.seen) + count
        await until(lambda: self._are(wanted), f"{count} answers")

    async def _are(self, wanted: int) -> bool:
        return len(self.seen) >= wanted

    def failures(self) -> list[dict[str, Any]]:
        """The problems that the edge made. On a busy machine authz may say that it is overloaded: that is its own."""
        bodies = (answer.json() for answer in self.seen if answer.status_code != 200)
        return [body for body in bodies if "instance" not in body]


async def test_a_killed_authz_is_noticed_by_the_checks_in_flight_at_most(breakable: Edge) -> None:
    async with Traffic(breakable) as traffic:
        breakable.processes["authz-1"].kill()
        await traffic.answers(IN_FLIGHT * 40)
    assert len(traffic.failures()) <= IN_FLIGHT


async def test_a_hung_authz_is_noticed_by_the_checks_in_flight_at_most(breakable: Edge) -> None:
    async with Traffic(breakable) as traffic:
        breakable.processes["authz-1"].send_signal(signal.SIGSTOP)
        try:
            await traffic.answers(IN_FLIGHT * 40)
        finally:
            breakable.processes["authz-1"].send_signal(signal.SIGCONT)
    assert len(traffic.failures()) <= IN_FLIGHT


async def test_no_decision_is_no_access(breakable: Edge) -> None:
    for name in ("authz-1", "authz-2", "authz-3"):
        breakable.processes[name].kill()
        await breakable.processes[name].wait()
    for method in ("GET", "POST"):
        answer = await breakable.send(method, PATH)
        body = assert_problem(answer, "overloaded", decided=False, api_url=breakable.api_url)
        assert (body["outcome"], answer.headers["Retry-After"]) == ("not-applied", "1")
    assert (await breakable.send("OPTIONS", PATH)).status_code == 204


async def test_one_transcoder_that_is_gone_is_not_noticed_and_without_any_nothing_was_written(breakable: Edge) -> None:
    await breakable.transcoders["transcoder-1"].cleanup()
    answers = [
        await breakable.send(method, path, content=b"{}" * 1000)
        for method, path in (("GET", PATH), ("POST", PATH), ("DELETE", f"{PATH}/x"))
        for _ in range(10)
    ]
    assert {answer.status_code for answer in answers} == {200}
    await breakable.transcoders["transcoder-2"].cleanup()
    for method in ("GET", "POST"):
        answer = await breakable.send(method, PATH)
        body = assert_problem(answer, "upstream-unavailable", decided=False, api_url=breakable.api_url)
        assert body["outcome"] == "not-applied"
    breakable.transcoders["transcoder-1"] = await serve_echo(breakable.folder, "transcoder-1")
    await until(lambda: passes(breakable), "a transcoder that is back to be found")


async def passes(edge: Edge) -> bool:
    return (await edge.get(PATH)).status_code == 200


@pytest.mark.parametrize(
    ("method", "outcome"), [("GET", "not-applied"), ("HEAD", None), ("PATCH", "unknown"), ("DELETE", "unknown")]
)
async def test_a_lost_answer_says_whether_something_may_have_been_written(
    method: str, outcome: str | None, edge: Edge
) -> None:
    answer = await edge.send(method, f"{PATH}/abort")
    assert answer.status_code == 503
    assert answer.headers["X-RateLimit-Cost"] == "1"
    if outcome:
        body = assert_problem(answer, "upstream-unavailable", decided=False, api_url=edge.api_url)
        assert body["outcome"] == outcome


async def test_what_takes_too_long_ends_in_an_answer(edge: Edge) -> None:
    """All four at once, because each takes its time."""
    slow_head = f"GET {PATH} HTTP/1.1\r\nHost: localhost\r\n".encode()
    auth = f"Authorization: Bearer {edge.token()}"
    slow_body = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\n{auth}\r\nContent-Length: 9\r\n\r\n{{".encode()
    read, write, head, body = await asyncio.gather(
        edge.send("GET", f"{PATH}/hang"),
        edge.send("PATCH", f"{PATH}/hang"),
        edge.raw(slow_head, within_s=EDGE_TIMEOUT_S + 5),
        edge.raw(slow_body, within_s=EDGE_TIMEOUT_S + 5),
    )
    for answer, outcome in ((read, "not-applied"), (write, "unknown")):
        told = assert_problem(answer, "upstream-timeout", decided=False, api_url=edge.api_url)
        assert told["outcome"] == outcome
    for answer in (head, body):
        assert_problem(answer, "request-timeout", decided=False, api_url=edge.api_url)


async def test_a_token_is_not_to_blame_while_there_is_no_key_to_verify_it_by() -> None:
    async with standing_edge(neighbours=("authz-1", "authz-2", "authz-3")) as edge:
        assert_problem(await edge.get(PATH), "upstream-unavailable", decided=False, api_url=edge.api_url)
        async with neighbour(edge.folder, "oauth", edge.mint, edge.valkey_url):
            await until(lambda: passes(edge), "the key set to be fetched")


async def test_a_runaway_client_costs_no_decision(edge: Edge) -> None:
    headers = {"Authorization": f"Bearer {edge.token()}"}
    arrested: list[httpx.Response] = []
    for _ in range(60):  # as many as it takes a slow machine to outrun what the bucket gets back meanwhile
        answers = await asyncio.gather(*(edge.http.get(PATH, headers=headers) for _ in range(50)))
        if arrested := [answer for answer in answers if "X-RateLimit-Limit" not in answer.headers]:
            break
    assert arrested
    body = assert_problem(arrested[0], "rate-limited", decided=False, api_url=edge.api_url)
    assert (body["policy"], body["retry_after_seconds"], body["outcome"]) == ("burst", 1, "not-applied")
    assert (arrested[0].headers["Retry-After"], arrested[0].headers["X-RateLimit-Remaining"]) == ("1", "0")
    assert (await edge.get(PATH)).status_code == 200


async def test_a_flood_from_one_address_is_stopped_before_its_tokens_are_looked_at() -> None:
    async with standing_edge(address_limit_per_s=1) as edge:
        answers = [await edge.http.get(PATH) for _ in range(30)]
        refused = next(answer for answer in answers if answer.status_code == 429)
        body = assert_problem(refused, "rate-limited", decided=False, api_url=edge.api_url)
        assert (body["policy"], body["retry_after_seconds"]) == ("address", 1)
        assert "X-RateLimit-Remaining" not in refused.headers
