"""What the tests of deploy/ read: the files as they stand in the checkout."""

import functools
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
KUBERNETES = ROOT / "deploy" / "kubernetes"
needs_kubectl = pytest.mark.skipif(shutil.which("kubectl") is None, reason="no kubectl (Debian: kubernetes-client)")


@functools.cache
def compose() -> dict[str, Any]:
    """docker-compose.yml with its anchors resolved and its variables as they stand."""
    return dict(yaml.safe_load((ROOT / "docker-compose.yml").read_text()))


def services() -> dict[str, dict[str, Any]]:
    return dict(compose()["services"])


def with_defaults(text: str) -> str:
    """Compose's `${API_PORT:-8443}` and a pod's `$(PUBLIC_API_URL)` as they are by default."""
    for variable, value in {
        "${API_PORT:-8443}": "8443",
        "${AUTH_PORT:-8444}": "8444",
        "$(PUBLIC_API_URL)": "https://api.example.com",
        "$(PUBLIC_AUTH_URL)": "https://auth.example.com",
        "$(TRUSTED_HOPS)": "0",
        "$(PROXY_PROTOCOL)": "false",
        "$(ADDRESS_LIMIT_PER_S)": "1000",
        "$(CORS_ORIGINS)": "",
        "$(OTEL_EXPORTER_OTLP_ENDPOINT)": "",
        "$(OTEL_TRACES_SAMPLER_ARG)": "1",
        "${OTEL_EXPORTER_OTLP_ENDPOINT:-}": "",
        "${OTEL_TRACES_SAMPLER_ARG:-1}": "1",
    }.items():
        text = text.replace(variable, value)
    return text
