"""Each authz is told how many are asked, since without Valkey it grants that part of a limit: the number must hold."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.local.services import AUTHZ_PROCESSES
from envoy_config.deployment import Deployment
from tests.deploy.manifests import KUBERNETES, services

SPARES = 1
"""A pod's last."""


def test_the_local_runner_starts_as_many_as_the_edge_asks() -> None:
    assert Deployment().authz_processes == AUTHZ_PROCESSES


def test_compose_tells_as_many_as_are_asked() -> None:
    authz = [service for name, service in services().items() if re.fullmatch(r"authz-\d+", name)]
    assert {service["environment"]["AUTHZ_AT_WORK"] for service in authz} == {str(len(authz) - SPARES)}


@pytest.mark.parametrize("folder", ["base", "overlays/local"])
def test_kubernetes_tells_as_many_as_are_asked_in_all_pods(folder: str) -> None:
    gateway: dict[str, Any] = next(yaml.safe_load_all((KUBERNETES / "base" / "gateway.yaml").read_text()))
    sidecars = gateway["spec"]["template"]["spec"]["initContainers"]
    authz = [container for container in sidecars if container["name"].startswith("authz-")]
    own = yaml.safe_load(Path(KUBERNETES, folder, "kustomization.yaml").read_text())
    replicas = {row["name"]: row["count"] for row in own.get("replicas", [])}
    told = dict(line.split("=") for row in own["configMapGenerator"] for line in row.get("literals", []))
    assert int(told["AUTHZ_AT_WORK"]) == (len(authz) - SPARES) * replicas.get("gateway", gateway["spec"]["replicas"])


def test_production_is_told_as_many_as_its_autoscaler_may_start() -> None:
    production = KUBERNETES / "overlays" / "production"
    scaling = [row for row in yaml.safe_load_all((production / "scaling.yaml").read_text()) if row]
    [most] = [row["spec"]["maxReplicas"] for row in scaling if row["kind"] == "HorizontalPodAutoscaler"]
    assert f"- AUTHZ_AT_WORK={most}\n" in (production / "kustomization.yaml").read_text()
