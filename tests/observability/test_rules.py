"""Alerts, the dashboard and the runbook: Prometheus takes them, and all that they name is told."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from deploy.observability.dashboard import FILE, dashboard
from tests.observability.exposition import OURS, scrape, scrape_envoy
from tests.repository.sources import ROOT
from tests.support.stack import Stack

RULES = ROOT / "deploy" / "observability" / "rules.yaml"
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
PAGE = (ROOT / "docs" / "observability.md").read_text()
NOT_A_METRIC = re.compile(r"\{[^}]*\}|\bby\s*\([^)]*\)|\[[^]]*\]")
METRIC = re.compile(r"\b(?:gateway:[a-z0-9_:]+|(?:authz|transcoder|oauth|envoy|process|log)_[a-z0-9_]+)\b")
OWN = re.compile(r"\b(?:authz|transcoder|oauth)_[a-z_]+\b")
PART = re.compile(r"_(?:bucket|sum|count)$")


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


ALERTS = [rule["alert"] for rule in rules() if "alert" in rule]
RECORDED = {rule["record"] for rule in rules() if "record" in rule}


def metrics_in(expression: str) -> set[str]:
    return set(METRIC.findall(NOT_A_METRIC.sub("", expression)))


def expressions() -> Iterator[str]:
    yield from (rule["expr"] for rule in rules())
    yield from (target["expr"] for panel in dashboard()["panels"] for target in panel["targets"])


@pytest.fixture(scope="module")
def told(stack: Stack) -> set[str]:
    """The names of all that is told by a stack that has answered, refused and throttled something."""
    with stack.client(stack.token(scope="deals:read", plan="starter")) as client:
        assert client.get("/v1/contacts").status_code == 403
        assert any(client.get("/v1/deals").status_code == 429 for _ in range(500))
        assert client.request("TRACE", "/v1/deals").status_code == 501
    ours = {sample.name for name in OURS for sample in scrape(stack.own_folder, name)}
    return ours | set(re.findall(r"^(\w+)", scrape_envoy(stack.own_folder), re.M))


@pytest.mark.parametrize(
    "words", [("check", "rules", RULES.name), ("test", "rules", "rules_test.yaml")], ids=["a check", "its unit tests"]
)
def test_prometheus_takes_the_rules_through(words: tuple[str, ...]) -> None:
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed (Debian: apt install promtool): NOBODY HAS CHECKED THE ALERT RULES")
    done = subprocess.run(["promtool", *words], cwd=RULES.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_seen_to_fire_and_to_be_quiet() -> None:
    first, second = yaml.safe_load(RULES.with_name("rules_test.yaml").read_text())["tests"]
    assert [(case["alertname"], bool(case["exp_alerts"])) for case in first["alert_rule_test"]] == [
        (alert, False) for alert in ALERTS
    ]
    fired = {case["alertname"] for case in second["alert_rule_test"] if case["exp_alerts"]}
    assert fired == set(ALERTS)


def test_every_alert_says_who_is_woken_and_where_to_read_on() -> None:
    for rule in rules():
        if "alert" in rule:
            assert rule["labels"]["severity"] in ("page", "ticket")
            assert rule["annotations"]["runbook"] == f"docs/runbook.md#{rule['alert'].lower()}"


def test_the_runbook_has_a_section_for_every_alert_and_for_nothing_else() -> None:
    sections = re.split(r"^## ", RUNBOOK, flags=re.M)[1:]
    assert [section.split("\n", 1)[0] for section in sections] == ALERTS
    assert all("*Look at*" in section and re.search(r"\*[Dd]o\*", section) for section in sections)


def test_all_that_rules_and_panels_name_is_told_by_real_processes(told: set[str]) -> None:
    named = set().union(*map(metrics_in, expressions()))
    assert len(named) > 20
    assert named - told - RECORDED == set()


def test_envoy_measures_what_the_objective_of_latency_is_about(stack: Stack) -> None:
    bucket = r'^envoy_http_downstream_rq_time_bucket\{.*prefix="edge",le="250"\}'
    assert re.search(bucket, scrape_envoy(stack.own_folder), re.M)


def test_the_page_has_every_metric_of_ours_and_no_other(told: set[str]) -> None:
    ours = {PART.sub("", name) for name in told if OWN.fullmatch(name)}
    assert set(OWN.findall(PAGE)) == ours


def test_the_dashboard_is_current_and_no_panel_is_empty() -> None:
    assert json.loads(FILE.read_text()) == dashboard()
    assert all(panel["targets"] for panel in dashboard()["panels"])
