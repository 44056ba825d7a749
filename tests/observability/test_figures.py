"""Every panel and every rule, asked of what real processes tell: each has a figure once there was traffic.

Two readings of a stack, a minute apart as far as `promtool` knows, are the series of a unit test that it runs; no
Prometheus is needed.
"""

import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from deploy.observability.dashboard import dashboard
from tests.observability.exposition import OURS, scrape_envoy, told_by
from tests.observability.test_rules import RULES, metrics_in, rules
from tests.support.stack import Stack
from tests.support.waiting import until

needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None,
    reason="promtool is not installed (Debian: apt install promtool): NOBODY HAS ASKED THE DASHBOARD FOR A FIGURE",
)
LINE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.M)
SELECTOR = re.compile(r"([a-z_]+)\{([^}]+)\}")
MATCHER = re.compile(r'(\w+)(=~?)"([^"]*)"')
OTHERS = re.compile(r'operation="(?!"|contacts\.|deals\.list")')
"""Operations that are not called here: promtool has enough to read."""
FLUSHED_WITHIN_S = 30.0
"""Envoy sums its histograms up every few seconds."""
NEVER_HERE = {'envoy_response_code="501"': 'envoy_response_code="200"'}
"""Series that come with their first event, which no call to the sandbox brings about; one beside it has to do."""


PAIR = 20
"""Calls after which each of a pair has had one: a series that begins with its first event has not grown."""


def panels() -> Iterator[str]:
    for panel in dashboard()["panels"]:
        for target in panel["targets"]:
            yield target["expr"].replace("$__rate_interval", "5m")


def expressions() -> list[str]:
    return [*panels(), *(rule["expr"] for rule in rules())]


def selectors() -> set[str]:
    """What rules pick out by labels, an alternative at a time."""
    found = set()
    for name, matchers in SELECTOR.findall(" ".join(rule["expr"] for rule in rules())):
        for seldom, often in NEVER_HERE.items():
            matchers = matchers.replace(seldom, often)
        for label, _, words in MATCHER.findall(matchers):
            for word in words.split("|"):
                found.add(f"{name}{{{MATCHER.sub(lambda m: one(m, label, word), matchers)}}}")  # noqa: B023
    return found


def one(found: re.Match[str], label: str, word: str) -> str:
    return f'{label}="{word}"' if found[1] == label else found[0]


def reading(stack: Stack) -> dict[str, str]:
    """Every series that an expression names, as Prometheus would call it, with its value."""
    named = set().union(*map(metrics_in, expressions())) | {"process_cpu_seconds_total"}
    texts = {name: told_by(stack.own_folder, name) for name in OURS} | {"envoy": scrape_envoy(stack.own_folder)}
    read = {}
    for instance, text in texts.items():
        job = instance.partition("-")[0]
        for name, labels, value in LINE.findall(text):
            if name in named and not OTHERS.search(labels):
                own = f'instance="{instance}",job="{job}"'
                read[f"{name}{{{labels + ',' if labels else ''}{own}}}"] = value
    return read


async def used(stack: Stack) -> None:
    """Whatever moves a figure: calls that pass, are refused and throttled, keyed ones, logins."""
    before = flushed(stack)
    with stack.caller() as client:
        for _ in range(2):
            client.post("/v1/contacts", json={"last_name": "Seen"}, headers={"Idempotency-Key": stack.own_folder.name})
        for _ in range(PAIR):
            assert client.get("/v1/contacts").status_code == 200
        assert client.request("PURGE", "/v1/contacts").status_code == 501
    with stack.client(stack.token(scope="deals:read", plan="starter")) as client:
        assert client.get("/v1/contacts").status_code == 403
        await until(lambda: client.get("/v1/deals").status_code == 429, "the burst to be spent")
    with httpx.Client(verify=ssl.create_default_context(cafile=stack.facts["CA_FILE"])) as client:
        assert client.get(f"{stack.facts['AUTH_URL']}/jwks").status_code == 200
    await until(lambda: flushed(stack) > before, "Envoy's histograms", within_s=FLUSHED_WITHIN_S)


def flushed(stack: Stack) -> float:
    """Requests that Envoy's histogram of times has."""
    count = re.search(r'^envoy_http_downstream_rq_time_count\{.*"edge"\} (\S+)$', scrape_envoy(stack.own_folder), re.M)
    assert count
    return float(count[1])


@pytest.fixture(scope="module")
async def series(stack: Stack) -> list[dict[str, str]]:
    with stack.caller() as client:
        for _ in range(PAIR):
            assert client.get("/v1/contacts").status_code == 200
    before = reading(stack)
    await used(stack)
    after = reading(stack)
    return [
        {"series": name, "values": f"{before.get(name, '_')} {value} {value}"} for name, value in sorted(after.items())
    ]


def asked(series: list[dict[str, str]], questions: list[str], folder: Path) -> str:
    """What promtool says against them: nothing if each has a figure of 0 or more."""
    unit_test = {
        "rule_files": [str(RULES)],
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": series, "promql_expr_test": [*map(has_a_figure, questions)]}],
    }
    file = folder / "figures.yaml"
    file.write_text(yaml.safe_dump(unit_test, width=10_000))
    done = subprocess.run(["promtool", "test", "rules", str(file)], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def has_a_figure(expression: str) -> dict[str, Any]:
    question = f"count(({expression}) >= 0) > bool 0"
    return {"expr": question, "eval_time": "2m", "exp_samples": [{"labels": "{}", "value": 1}]}


@needs_promtool
def test_every_panel_has_a_figure_once_there_was_traffic(series: list[dict[str, str]], tmp_path: Path) -> None:
    assert asked(series, list(panels()), tmp_path) == ""


@needs_promtool
def test_every_recorded_figure_is_one(series: list[dict[str, str]], tmp_path: Path) -> None:
    assert asked(series, [rule["record"] for rule in rules() if "record" in rule], tmp_path) == ""


@needs_promtool
def test_whatever_a_rule_picks_out_by_a_label_is_there(series: list[dict[str, str]], tmp_path: Path) -> None:
    assert len(selectors()) > 8
    assert asked(series, sorted(selectors()), tmp_path) == ""


@needs_promtool
def test_an_expression_that_finds_nothing_is_noticed(series: list[dict[str, str]], tmp_path: Path) -> None:
    assert "no_such_metric" in asked(series, ["no_such_metric"], tmp_path)
    assert "transcoder_idempotency_total" in asked(series, ['transcoder_idempotency_total{outcome="x"}'], tmp_path)


@needs_promtool
def test_what_prometheus_asks_in_containers_is_a_configuration_of_it() -> None:
    file = RULES.with_name("prometheus.yaml")
    done = subprocess.run(["promtool", "check", "config", str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
