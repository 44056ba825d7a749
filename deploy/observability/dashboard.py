"""`python -m deploy.observability.dashboard [--check]`: Grafana's dashboard out of its rows, as JSON beside this file.

Owns what is looked at, and how a panel is laid out; a test sees that every metric in an expression is one that is told.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("dashboard.json")
_EDGE = 'envoy_http_conn_manager_prefix="edge"'
_OURS = '{__name__=~"authz_limits_local|transcoder_requests_in_flight|oauth_requests_total"}'
"""What tells this is a process of ours: others in the same Prometheus have CPU seconds, too."""
_COLUMNS, _WIDTH, _HEIGHT = 3, 8, 8
SECONDS, PER_SECOND, RATIO, NUMBER = "s", "reqps", "percentunit", "short"


@dataclass(frozen=True, slots=True)
class Panel:
    """A graph: expressions with their legends."""

    title: str
    unit: str
    lines: tuple[tuple[str, str], ...]


def _rate(metric: str, by: str = "", **labels: str) -> str:
    chosen = ",".join(f'{name}="{word}"' for name, word in labels.items())
    grouped = f"sum by ({by})" if by else "sum"
    return f"{grouped} (rate({metric}{{{chosen}}}[$__rate_interval]))"


def _quantile(share: float, metric: str, by: str = "") -> str:
    grouped = f"sum by (le,{by})" if by else "sum by (le)"
    return f"histogram_quantile({share}, {grouped} (rate({metric}_bucket[$__rate_interval])))"


PANELS = (
    Panel(
        "Requests at the edge",
        PER_SECOND,
        (
            (
                f"sum by (envoy_response_code_class) (rate(envoy_http_downstream_rq_xx{{{_EDGE}}}[$__rate_interval]))",
                "{{envoy_response_code_class}}xx",
            ),
        ),
    ),
    Panel(
        "Failed and slow, of all",
        RATIO,
        (("gateway:requests_failed:ratio_rate5m", "5xx"), ("gateway:requests_slow:ratio_rate5m", "over 250 ms")),
    ),
    Panel(
        "Answers of the transcoder, p50 and p99",
        SECONDS,
        tuple(
            (_quantile(share, "transcoder_request_duration_seconds"), f"p{share * 100:.0f}") for share in (0.5, 0.99)
        ),
    ),
    Panel(
        "Operations", PER_SECOND, ((f"topk(10, {_rate('transcoder_requests_total', 'operation')})", "{{operation}}"),)
    ),
    Panel(
        "Slowest operations, p99",
        SECONDS,
        ((f"topk(10, {_quantile(0.99, 'transcoder_request_duration_seconds', 'operation')})", "{{operation}}"),),
    ),
    Panel("In flight", NUMBER, (("sum (transcoder_requests_in_flight)", "requests"),)),
    Panel("Decisions", PER_SECOND, ((_rate("authz_decisions_total", "decision"), "{{decision}}"),)),
    Panel("Denials", PER_SECOND, ((_rate("authz_decisions_total", "rule", decision="deny"), "{{rule}}"),)),
    Panel(
        "A decision, p50 and p99",
        SECONDS,
        tuple((_quantile(share, "authz_decision_duration_seconds"), f"p{share * 100:.0f}") for share in (0.5, 0.99)),
    ),
    Panel("Throttled", PER_SECOND, ((_rate("authz_throttled_total", "policy"), "{{policy}}"),)),
    Panel(
        "Limits without Valkey",
        NUMBER,
        (
            ("sum (authz_limits_local)", "processes that count by themselves"),
            (_rate("authz_limits_local_charges_total"), "charges a second"),
        ),
    ),
    Panel("Revocations heard of", SECONDS, (("max (authz_revocation_feed_age_seconds)", "ago, at most"),)),
    Panel("Revocations held", NUMBER, (("max (authz_revocation_entries)", "entries"),)),
    Panel("Idempotency keys", PER_SECOND, ((_rate("transcoder_idempotency_total", "outcome"), "{{outcome}}"),)),
    Panel(
        "Receipts dropped",
        PER_SECOND,
        (
            (_rate("authz_receipts_dropped_total"), "authz"),
            (_rate("transcoder_receipts_dropped_total"), "transcoder"),
        ),
    ),
    Panel("Log lines dropped", PER_SECOND, ((_rate("log_lines_dropped_total", "job"), "{{job}}"),)),
    Panel("Calls inwards", PER_SECOND, ((_rate("transcoder_upstream_calls_total", "outcome"), "{{outcome}}"),)),
    Panel(
        "A call inwards, p50 and p99",
        SECONDS,
        tuple(
            (_quantile(share, "transcoder_upstream_duration_seconds"), f"p{share * 100:.0f}") for share in (0.5, 0.99)
        ),
    ),
    Panel(
        "Authorization server",
        PER_SECOND,
        ((f"{_rate('oauth_requests_total', 'endpoint,status_class')} > 0", "{{endpoint}} {{status_class}}"),),
    ),
    Panel(
        "Authorization server, p99",
        SECONDS,
        ((_quantile(0.99, "oauth_request_duration_seconds", "endpoint"), "{{endpoint}}"),),
    ),
    Panel(
        "CPU of our processes",
        NUMBER,
        ((f"rate(process_cpu_seconds_total[$__rate_interval]) and on (instance) {_OURS}", "{{instance}}"),),
    ),
    Panel("Days to the first expiry", NUMBER, (("min (envoy_server_days_until_first_cert_expiring)", "days"),)),
)


def dashboard() -> dict[str, Any]:
    """As Grafana imports it."""
    return {
        "title": "Public API gateway",
        "uid": "public-api-gateway",
        "schemaVersion": 39,
        "tags": ["gateway"],
        "time": {"from": "now-6h", "to": "now"},
        "refresh": "30s",
        "templating": {
            "list": [{"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}]
        },
        "panels": [_laid_out(number, panel) for number, panel in enumerate(PANELS)],
    }


def _laid_out(number: int, panel: Panel) -> dict[str, Any]:
    row, column = divmod(number, _COLUMNS)
    source = {"type": "prometheus", "uid": "${source}"}
    return {
        "id": number + 1,
        "title": panel.title,
        "type": "timeseries",
        "datasource": source,
        "gridPos": {"x": column * _WIDTH, "y": row * _HEIGHT, "w": _WIDTH, "h": _HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + place), "datasource": source, "expr": expression, "legendFormat": legend}
            for place, (expression, legend) in enumerate(panel.lines)
        ],
    }


def main(words: list[str]) -> int:
    """Write the file, or say that it is not current."""
    text = json.dumps(dashboard(), indent=2) + "\n"
    if words != ["--check"]:
        FILE.write_text(text)
    elif not FILE.is_file() or FILE.read_text() != text:
        print(f"{FILE.name} is not current: make render")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
