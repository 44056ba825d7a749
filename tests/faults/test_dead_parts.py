"""Each part dead, hung or killed under load: a client sees a documented problem, never access, never a reset."""

import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.conformance.examples import a_contact
from tests.faults.conftest import Parts
from tests.support.problems import assert_problem, assert_rate_headers
from tests.support.stack import Stack
from tests.support.waiting import waited

CLIENTS = 16
READS_A_FAMILY = 100
POOLED = 2 * CLIENTS
"""More connections than any pool on the way can hold."""


@pytest.fixture
def client(breakable: Stack) -> Iterator[httpx.Client]:
    with breakable.client(breakable.token()) as client:
        client.get("/v1/contacts")
        yield client


class Traffic:
    """Reads from many clients until stopped. Each family spends less than its budget, so that every answer counts."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._read) for _ in range(CLIENTS)]
        self.seen: Counter[str] = Counter()

    def __enter__(self) -> "Traffic":
        for thread in self._threads:
            thread.start()
        try:
            waited(lambda: self.seen["ok"] >= 5 * CLIENTS, "traffic")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _read(self) -> None:
        while not self._stop.is_set():
            with self._stack.client(self._stack.token()) as client:
                for _ in range(READS_A_FAMILY):
                    answer = client.get("/v1/contacts", params={"limit": "1"})
                    with self._lock:
                        self.seen["ok" if answer.status_code == 200 else answer.text] += 1
                    if self._stop.is_set():
                        return

    def more(self, count: int) -> None:
        """Wait for so many further good answers."""
        target = self.seen["ok"] + count
        waited(lambda: self.seen["ok"] >= target, "more traffic")


@pytest.mark.parametrize("kind", ["authz", "transcoder"])
def test_one_of_two_killed_is_noticed_at_most_by_what_is_in_flight(breakable: Stack, parts: Parts, kind: str) -> None:
    with Traffic(breakable) as traffic:
        before = breakable.pids(kind)
        parts.kill_one(kind)
        traffic.more(20 * CLIENTS)
        waited(lambda: len(now := breakable.pids(kind)) == 2 and now != before, "the restart")
        traffic.more(5 * CLIENTS)
    refused = sum(count for answer, count in traffic.seen.items() if answer != "ok")
    assert refused <= CLIENTS, traffic.seen


def test_one_of_two_hung_authz_is_answered_by_the_other(breakable: Stack, parts: Parts) -> None:
    with parts.hung("authz", 1), breakable.client(breakable.token()) as client:
        answers = [client.get("/v1/contacts?limit=1").status_code for _ in range(20)]
    assert answers == [200] * 20


def test_a_hung_authz_is_asked_no_more_until_it_answers(breakable: Stack, parts: Parts) -> None:
    def seen() -> dict[str, Any]:
        """How Envoy has the first authz."""
        told = admin.get("/clusters", params={"format": "json"}).json()["cluster_statuses"]
        hosts = next(cluster["host_statuses"] for cluster in told if cluster["name"] == "authz")
        return next(host for host in hosts if host["address"]["pipe"]["path"].endswith("authz-1.sock"))

    def asked() -> str:
        return next(stat["value"] for stat in seen()["stats"] if stat["name"] == "rq_total")

    def is_left_out() -> bool:
        """Whether a call was not for it. What Envoy knows reaches its worker a moment later."""
        before = asked()
        return client.get("/v1/contacts?limit=1").is_success and asked() == before

    with breakable.envoy() as admin, breakable.caller() as client:
        with parts.hung("authz", 1):
            assert client.get("/v1/contacts?limit=1").status_code == 200
            waited(lambda: "failed_active_health_check" in seen()["health_status"], "Envoy to know of it")
            waited(lambda: "failed_outlier_check" not in seen()["health_status"], "its time out to be over")
            waited(is_left_out, "a call that is not for it")
            assert [is_left_out() for _ in range(20)] == [True] * 20
        waited(lambda: "failed_active_health_check" not in seen()["health_status"], "Envoy to know of its return")
        waited(lambda: not is_left_out(), "it to be asked again")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_authz_nobody_is_let_in(breakable: Stack, parts: Parts, client: httpx.Client, method: str) -> None:
    with parts.dead("authz"):
        answer = client.request(method, "/v1/contacts", **_body(method))
        problem = assert_problem(answer, "overloaded", decided=False, api_url=breakable.api_url)
        assert problem["outcome"] == "not-applied"
        assert client.get("/readyz").status_code == 503
        assert client.get("/healthz").status_code == 200
    waited(lambda: client.get("/v1/contacts").status_code == 200, "authz to be back")


def test_a_hung_authz_is_no_access_either(breakable: Stack, parts: Parts, client: httpx.Client) -> None:
    with parts.hung("authz"):
        answer = client.get("/v1/contacts")
        assert_problem(answer, "overloaded", decided=False, api_url=breakable.api_url)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_transcoders_the_edge_says_so(
    breakable: Stack, parts: Parts, client: httpx.Client, method: str
) -> None:
    with parts.dead("transcoder"):
        answer = settled(client, method)
        assert_problem(answer, "upstream-unavailable", decided=False, api_url=breakable.api_url)
        assert_rate_headers(answer)
    waited(lambda: client.get("/v1/contacts").status_code == 200, "the transcoders to be back")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_the_internal_service_nothing_was_written(
    breakable: Stack, parts: Parts, client: httpx.Client, method: str
) -> None:
    with parts.dead("sandbox"):
        answer = settled(client, method)
        assert_problem(answer, "upstream-unavailable", decided=True, api_url=breakable.api_url)
    waited(lambda: client.get("/v1/contacts").status_code == 200, "the internal service to be back")


@pytest.mark.parametrize("way", ["dead", "hung"])
def test_without_valkey_reads_and_keyless_writes_go_on_under_what_authz_counts_by_itself(
    breakable: Stack, parts: Parts, way: str
) -> None:
    def reads_and_writes() -> None:
        with breakable.client(breakable.token()) as client:
            answers = [client.get("/v1/contacts"), client.post("/v1/contacts", json=a_contact())]
        for answer, status in zip(answers, (200, 201), strict=True):
            assert answer.status_code == status, answer.text
            assert_rate_headers(answer)

    def tells(event: str) -> bool:
        reads_and_writes()
        return any(event in breakable.log(name)[told[name] :] for name in told)

    told = {name: len(breakable.log(name)) for name in ("authz-1", "authz-2")}
    with getattr(parts, way)("valkey"):
        waited(lambda: tells("limits lost"), "a limit of its own")
        with breakable.client(breakable.token()) as client:
            keyed = client.post("/v1/contacts", json=a_contact(), headers={"Idempotency-Key": uuid.uuid4().hex})
        assert_problem(keyed, "idempotency-unavailable", decided=True, api_url=breakable.api_url)
        answers = spent(breakable)
        assert {answer.status_code for answer in answers} == {200, 429}
        # By the one that is asked; what lasts for seconds gets what comes back meanwhile.
        assert 50 <= sum(answer.status_code == 200 for answer in answers) < len(answers)
        for answer in answers:
            assert_rate_headers(answer)
    waited(lambda: tells("limits back"), "the shared limits to be back")


def spent(stack: Stack) -> list[httpx.Response]:
    """Six times the limit of the smallest plan, which refills so slowly that no machine is too slow to spend it."""
    with stack.client(stack.token(plan="starter"), http2=True) as client:
        return [client.get("/v1/contacts", params={"limit": "1"}) for _ in range(300)]


def test_a_create_whose_internal_answer_is_lost_is_settled_by_its_retry(breakable: Stack, parts: Parts) -> None:
    """The connection dies under the write; the key's lease ends; the retry gets the one record that there is."""
    body, key = a_contact(), {"Idempotency-Key": uuid.uuid4().hex}
    with breakable.client(breakable.token()) as client:
        with parts.hung("sandbox"):
            answer = client.post("/v1/contacts", json=body, headers=key)
        problem = assert_problem(answer, "upstream-timeout", decided=True, api_url=breakable.api_url)
        assert problem["outcome"] == "unknown"
        answer = client.post("/v1/contacts", json=body, headers=key)
        assert_problem(answer, "idempotency-in-progress", decided=True, api_url=breakable.api_url)
        waited(lambda: client.post("/v1/contacts", json=body, headers=key).status_code == 201, "the lease to end")
        # One of the transcoders may not have asked yet whether the service is back.
        waited(lambda: _found(client, body["email"]) == 1, "the one record")


def _found(client: httpx.Client, email: object) -> object:
    """How many contacts have this address, None as long as nobody can tell."""
    answer = client.get("/v1/contacts", params={"email": str(email), "include_total": "true"})
    return answer.json()["meta"]["total"] if answer.status_code == 200 else None


def settled(client: httpx.Client, method: str) -> httpx.Response:
    """The answer once no pooled connection is left that died with its peer.

    A write that went into such a connection may have happened for all that we know, and must say so.
    """
    for _ in range(POOLED):
        answer = client.request(method, "/v1/contacts", **_body(method))
        problem = answer.json()
        if problem["outcome"] == "not-applied":
            return answer
        assert (method, problem["outcome"]) == ("POST", "unknown"), problem
    raise AssertionError(f"after {POOLED} requests the outcome is still unknown")


def _body(method: str) -> dict[str, object]:
    return {"json": a_contact()} if method == "POST" else {}
