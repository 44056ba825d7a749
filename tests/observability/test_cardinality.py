"""No caller can make a series: after every operation was called well and badly there are as many as the rows say."""

import re
import ssl
import uuid
from collections import Counter

import httpx
import pytest

from contract.oauth import AUTH_ENDPOINTS, RESOURCE_METADATA
from contract.operations import OPERATIONS, UNROUTED
from contract.resources import RESOURCES
from tests.conformance.calls import good
from tests.conformance.world import World
from tests.observability.exposition import OURS, samples, scrape_envoy, told_by
from tests.spec.operations import WITH_TOKEN
from tests.support.stack import Stack

WORDS = {
    "operation": {row.id for row in OPERATIONS} | UNROUTED.keys() | {""},
    "endpoint": {endpoint.id for endpoint in (*AUTH_ENDPOINTS, RESOURCE_METADATA)} | {"other"},
    "decision": {"allow", "deny"},
    "rule": {
        "",
        "authentication-required",
        "business-suspended",
        "insufficient-permission",
        "insufficient-scope",
        "internal-error",
        "invalid-token",
        "method-not-allowed",
        "overloaded",
        "rate-limited",
        "route-not-found",
    },
    "policy": {"burst", "daily"},
    "status_class": {"2xx", "3xx", "4xx", "5xx"},
    "outcome": {
        *("2xx", "3xx", "4xx", "5xx", "cancelled", "upstream-unavailable", "upstream-timeout", "upstream-invalid"),
        *("first", "again", "replay", "in-flight", "other-request", "lost"),
    },
    "resource": {resource.name for resource in RESOURCES},
    "member": {field.name for resource in RESOURCES for field in resource.fields},
    "le": {"0.0005", "0.001", "0.002", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "1.0", "5.0", "+Inf"},
}
"""All that a label of ours may say, and all the labels that there are."""
LABELS = {
    "authz_decisions_total": ("operation", "rule"),
    "authz_throttled_total": ("policy",),
    "transcoder_requests_total": ("operation", "status_class"),
    "transcoder_idempotency_total": ("outcome",),
    "transcoder_upstream_calls_total": ("outcome",),
    "transcoder_invalid_values_total": ("resource", "member"),
    "transcoder_records_left_out_total": ("resource",),
    "transcoder_request_duration_seconds": ("operation",),
    "oauth_requests_total": ("endpoint", "status_class"),
    "oauth_request_duration_seconds": ("endpoint",),
}
"""What a metric is counted by; `decision` says no more than whether there is a rule."""
BUCKETS = 8
PART = re.compile(r"_(?:bucket|sum|count)$")
MOST_OF_ENVOY = 3_500
"""Clusters, listeners and entries are fixed; codes and reasons come with their first event."""
ENVOYS_OWN = re.compile(r"envoy_\w+|le")


def most(metric: str) -> int:
    """Series that a metric can have in one process, by the tables."""
    count = BUCKETS if metric.endswith("_bucket") else 1
    for label in LABELS.get(PART.sub("", metric), ()):
        count *= len(WORDS[label])
    return count


@pytest.fixture(scope="module")
def sent(stack: Stack) -> str:
    """A word that nobody has sent before: as a path, an id, a method, a key, a header, a body, a host and a grant."""
    with stack.caller() as api, stack.client(version=None, patient=True) as bare:
        world = World(api)
        for operation in WITH_TOKEN:
            answer = good(operation, world, fresh=True).send(api)
            assert answer.status_code < 300, answer.text
            if operation.id == "pipelines.create":
                world.remember(answer.json()["data"]["id"])
        world.clear()
        return noise(stack, api, bare)


def noise(stack: Stack, api: httpx.Client, bare: httpx.Client) -> str:
    word = uuid.uuid4().hex
    for row in OPERATIONS:
        api.request(row.method, re.sub(r"\{\w+\}", word, row.path), params={word: word})
    api.post("/v1/contacts", json={word: word}, headers={"Idempotency-Key": word, "User-Agent": word})
    api.request(word.upper(), f"/v1/{word}", headers={"Host": f"{word}.example", "X-Request-Id": word})
    bare.get(f"/v1/{word}", headers={"Authorization": f"Bearer {word}.{word}.{word}", "Version": word})
    with httpx.Client(verify=ssl.create_default_context(cafile=stack.facts["CA_FILE"])) as auth:
        auth.get(f"{stack.facts['AUTH_URL']}/{word}")
        auth.post(
            f"{stack.facts['AUTH_URL']}/token", data={"grant_type": word, "client_id": word, "client_secret": word}
        )
        auth.get(f"{stack.facts['AUTH_URL']}/authorize", params={"client_id": word, "redirect_uri": f"https://{word}/"})
    return word


@pytest.mark.parametrize("name", OURS)
def test_a_process_has_no_more_series_than_the_tables_allow(stack: Stack, sent: str, name: str) -> None:
    assert sent
    counted = Counter(sample.name for sample in samples(told_by(stack.own_folder, name)))
    assert {metric: count for metric, count in counted.items() if count > most(metric)} == {}


@pytest.mark.parametrize("name", OURS)
def test_a_label_says_a_word_of_the_tables(stack: Stack, sent: str, name: str) -> None:
    assert sent
    for sample in samples(told_by(stack.own_folder, name)):
        for label, word in sample.labels.items():
            assert word in WORDS[label], sample


@pytest.mark.parametrize("name", [*OURS, "envoy"])
def test_nothing_that_a_caller_sent_is_told(stack: Stack, sent: str, name: str) -> None:
    text = scrape_envoy(stack.own_folder) if name == "envoy" else told_by(stack.own_folder, name)
    assert sent not in text.lower()
    assert not re.search(r"(?:usr|biz|con|pat|cli)_[0-9a-z]{20}", text)


def test_envoy_has_no_more_series_than_its_fixed_parts_make(stack: Stack, sent: str) -> None:
    assert sent
    lines = [line for line in scrape_envoy(stack.own_folder).splitlines() if line and not line.startswith("#")]
    assert len(lines) < MOST_OF_ENVOY
    labels = {label for line in lines for label in re.findall(r'(\w+)="', line)}
    assert [label for label in labels if not ENVOYS_OWN.fullmatch(label)] == []
