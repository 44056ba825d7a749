"""Metrics of real processes: each call is counted where it was."""

import pytest

from tests.observability.exposition import OURS, scrape, scrape_envoy, total
from tests.support.stack import Stack
from tests.support.waiting import until


def test_a_good_call_is_counted_by_its_operation_in_authz_and_transcoder(stack: Stack) -> None:
    def counts() -> tuple[float, float, float]:
        return (
            total(stack, "authz", "authz_decisions_total", operation="contacts.list", decision="allow"),
            total(stack, "transcoder", "transcoder_requests_total", operation="contacts.list", status_class="2xx"),
            total(stack, "transcoder", "transcoder_request_duration_seconds_count", operation="contacts.list"),
        )

    before = counts()
    with stack.caller() as client:
        assert client.get("/v1/contacts").status_code == 200
    assert [after - earlier for after, earlier in zip(counts(), before, strict=True)] == [1, 1, 1]


def test_a_call_inwards_is_counted_by_what_came_of_it(stack: Stack) -> None:
    before = total(stack, "transcoder", "transcoder_upstream_calls_total", outcome="2xx")
    with stack.caller() as client:
        assert client.get("/v1/contacts").status_code == 200
    assert total(stack, "transcoder", "transcoder_upstream_calls_total", outcome="2xx") > before


def test_a_denial_is_counted_by_its_rule(stack: Stack) -> None:
    before = total(stack, "authz", "authz_decisions_total", operation="contacts.list", rule="insufficient-scope")
    with stack.client(stack.token(scope="deals:read")) as client:
        assert client.get("/v1/contacts").json()["code"] == "insufficient-scope"
    after = total(stack, "authz", "authz_decisions_total", operation="contacts.list", rule="insufficient-scope")
    assert after == before + 1


async def test_a_throttled_call_is_counted_by_its_policy(stack: Stack) -> None:
    before = total(stack, "authz", "authz_throttled_total")
    with stack.client(stack.token(plan="starter")) as client:
        await until(lambda: client.get("/v1/contacts").status_code == 429, "the burst to be spent")
    assert total(stack, "authz", "authz_throttled_total") > before


def test_a_keyed_request_and_its_replay_are_counted_as_such(stack: Stack) -> None:
    before = [total(stack, "transcoder", "transcoder_idempotency_total", outcome=word) for word in ("first", "replay")]
    with stack.caller() as client:
        for _ in range(2):
            key = {"Idempotency-Key": "metrics-" + stack.own_folder.name}
            assert client.post("/v1/contacts", json={"last_name": "Counted"}, headers=key).status_code == 201
    after = [total(stack, "transcoder", "transcoder_idempotency_total", outcome=word) for word in ("first", "replay")]
    assert [later - earlier for later, earlier in zip(after, before, strict=True)] == [1, 1]


def test_what_is_revoked_was_heard_of_a_few_seconds_ago(stack: Stack) -> None:
    for name in ("authz-1", "authz-2"):
        [age_s] = [s.value for s in scrape(stack.own_folder, name) if s.name == "authz_revocation_feed_age_seconds"]
        assert 0 <= age_s < 60


@pytest.mark.parametrize("name", OURS)
def test_metrics_are_for_the_owner_of_the_process_alone(stack: Stack, name: str) -> None:
    assert (stack.own_folder / f"{name}-told.sock").stat().st_mode & 0o777 == 0o600


def test_envoy_tells_its_own(stack: Stack) -> None:
    assert "\nenvoy_http_downstream_rq_total{" in scrape_envoy(stack.own_folder)
