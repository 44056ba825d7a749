"""The checker of what shows once pods come and go: no fault where it is right, and each planted one is named."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.kubernetes import policy
from deploy.kubernetes.availability_checks import OPERATING, needed
from deploy.kubernetes.manifests import Manifests, selects
from tests.deploy.manifests import ROOT, needs_kubectl

GOOD = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: gateway}
spec:
  selector: {matchLabels: {app: gateway}}
  strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}
  template:
    metadata: {labels: {app: gateway}}
    spec:
      topologySpreadConstraints: [{labelSelector: {matchLabels: {app: gateway}}}]
      affinity:
        podAntiAffinity:
          preferredDuringSchedulingIgnoredDuringExecution:
            - {weight: 1, podAffinityTerm: {labelSelector: {matchLabels: {app: gateway}}}}
      containers: [{name: envoy, ports: [{name: https, containerPort: 8443}]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: oauth}
spec:
  replicas: 2
  selector: {matchLabels: {app: oauth}}
  template:
    metadata: {labels: {app: oauth}}
    spec: {containers: [{name: oauth, ports: [{name: http, containerPort: 8080}]}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: migration}
spec:
  activeDeadlineSeconds: 60
  template:
    metadata: {labels: {app: migration}}
    spec: {restartPolicy: Never, containers: [{name: migrate}]}
---
apiVersion: v1
kind: Service
metadata: {name: gateway, labels: {app: gateway}}
spec: {selector: {app: gateway}, ports: [{name: https, port: 443, targetPort: https}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: scaler}
spec: {scaleTargetRef: {kind: Deployment, name: gateway}, minReplicas: 2, maxReplicas: 4}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: budget}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: gateway}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: nothing}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: ways}
spec:
  podSelector: {matchLabels: {app: gateway}}
  policyTypes: [Ingress, Egress]
  ingress: [{ports: [{port: https}]}]
  egress: [{to: [{podSelector: {matchLabels: {app: oauth}}}], ports: [{port: http}]}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: inward}
spec:
  podSelector: {matchLabels: {app: oauth}}
  policyTypes: [Ingress]
  ingress: [{from: [{podSelector: {matchLabels: {app: gateway}}}], ports: [{port: http}]}]
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: monitor}
spec: {selector: {matchLabels: {app: gateway}}, endpoints: [{port: https}]}
"""
Plant = Callable[[dict[str, Any]], object]
"""A change to the manifests' specs, by name."""


def put(place: Any, **members: Any) -> None:
    place.update(members)


PLANTED: dict[str, Plant] = {
    "Deployment gateway: may neither add a pod nor take one away": lambda by: put(
        by["Deployment gateway"]["strategy"]["rollingUpdate"], maxSurge="0%"
    ),
    "scaler: its least, 5, is more than its most, 4": lambda by: put(
        by["HorizontalPodAutoscaler scaler"], minReplicas=5
    ),
    "scaler: there is no Deployment gatewya": lambda by: put(
        by["HorizontalPodAutoscaler scaler"]["scaleTargetRef"], name="gatewya"
    ),
    "scaler: Deployment gateway names its replicas": lambda by: put(by["Deployment gateway"], replicas=2),
    "budget: it is for the pods of 0 owners": lambda by: put(
        by["PodDisruptionBudget budget"], selector={"matchLabels": {"app": "gatewya"}}
    ),
    "budget: it is for the pods of 3 owners": lambda by: put(by["PodDisruptionBudget budget"], selector={}),
    "budget: of 2 gateway pods none may be taken away": lambda by: put(
        by["PodDisruptionBudget budget"], maxUnavailable="0%"
    ),
    "Deployment gateway: is spread by {'matchLabels': {'app': 'oauth'}}": lambda by: put(
        by["Deployment gateway"]["template"]["spec"]["topologySpreadConstraints"][0]["labelSelector"],
        matchLabels={"app": "oauth"},
    ),
    "Deployment gateway: is spread by {'matchLabels': {'app': 'gatewya'}}": lambda by: put(
        by["Deployment gateway"]["template"]["spec"]["affinity"]["podAntiAffinity"][
            "preferredDuringSchedulingIgnoredDuringExecution"
        ][0]["podAffinityTerm"]["labelSelector"],
        matchLabels={"app": "gatewya"},
    ),
    "ways: it is for nobody": lambda by: put(by["NetworkPolicy ways"], podSelector={"matchLabels": {"app": "gatewya"}}),
    "ways: nobody is {'matchLabels': {'app': 'ouath'}}": lambda by: put(
        by["NetworkPolicy ways"]["egress"][0]["to"][0]["podSelector"], matchLabels={"app": "ouath"}
    ),
    "ways: Deployment gateway has no port 8080": lambda by: put(
        by["NetworkPolicy ways"]["ingress"][0], ports=[{"port": 8080}]
    ),
    "ways: Deployment oauth has no port 'https'": lambda by: put(
        by["NetworkPolicy ways"]["egress"][0], ports=[{"port": "https"}]
    ),
    "ways: its egress is not among its policyTypes": lambda by: put(by["NetworkPolicy ways"], policyTypes=["Ingress"]),
    "no policy of Deployment oauth lets Deployment gateway in": lambda by: put(
        by["NetworkPolicy inward"]["ingress"][0], ports=[{"port": 8080}]
    ),
    "ways: no policy of Deployment oauth lets Deployment gateway": lambda by: put(
        by["NetworkPolicy inward"]["ingress"][0], **{"from": [{"podSelector": {"matchLabels": {"app": "migration"}}}]}
    ),
    "Deployment oauth: no policy closes its egress": lambda by: put(
        by["NetworkPolicy nothing"], policyTypes=["Ingress"]
    ),
    "Job migration: no policy closes its ingress": lambda by: put(
        by["NetworkPolicy nothing"], podSelector={"matchLabels": {"app": "oauth"}}
    ),
    "Service gateway: no policy lets anyone reach port 443": lambda by: by["NetworkPolicy ways"].pop("ingress"),
    "monitor: it watches no Service": lambda by: put(
        by["ServiceMonitor monitor"], selector={"matchLabels": {"app": "gatewya"}}
    ),
    "monitor: Service gateway has no port 'watch'": lambda by: put(
        by["ServiceMonitor monitor"], endpoints=[{"port": "watch"}]
    ),
    "Job migration: a Job's pods do not start again": lambda by: by["Job migration"]["template"]["spec"].pop(
        "restartPolicy"
    ),
    "Job migration: it may run for ever": lambda by: by["Job migration"].pop("activeDeadlineSeconds"),
}


def found_in(manifests: list[dict[str, Any]]) -> list[str]:
    return [fault for check in OPERATING for fault in check(Manifests(manifests))]


def good() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(GOOD))


def test_nothing_is_wrong_with_what_is_right() -> None:
    assert found_in(good()) == []


@pytest.mark.parametrize("told", PLANTED)
def test_a_fault_is_found_where(told: str) -> None:
    manifests = good()
    PLANTED[told]({f"{one['kind']} {one['metadata']['name']}": one["spec"] for one in manifests})
    found = found_in(manifests)
    assert any(told in fault for fault in found), found


def test_every_check_has_a_fault_planted_for_it() -> None:
    silent = []
    for check in OPERATING:
        for plant in PLANTED.values():
            manifests = good()
            plant({f"{one['kind']} {one['metadata']['name']}": one["spec"] for one in manifests})
            if list(check(Manifests(manifests))):
                break
        else:
            silent.append(check.__name__)
    assert silent == []


@pytest.mark.parametrize(
    ("budget", "kept"),
    [
        ({"maxUnavailable": 1}, 2),
        ({"maxUnavailable": "34%"}, 1),
        ({"minAvailable": "34%"}, 2),
        ({"minAvailable": 3}, 3),
    ],
)
def test_a_budget_keeps_so_many_of_three(budget: dict[str, Any], kept: int) -> None:
    assert needed(budget, 3) == kept


@pytest.mark.parametrize(
    ("rule", "is_so"),
    [
        ({"operator": "In", "values": ["a", "b"]}, True),
        ({"operator": "NotIn", "values": ["a"]}, False),
        ({"operator": "Exists"}, True),
        ({"operator": "DoesNotExist"}, False),
    ],
)
def test_expressions_select_by_a_label(rule: dict[str, Any], is_so: bool) -> None:
    assert selects({"matchExpressions": [{"key": "app", **rule}]}, {"app": "a"}) is is_so


needs_scanner = pytest.mark.skipif(not policy.SCANNER.exists(), reason="no scanner (make have-policy)")


@needs_kubectl
@needs_scanner
def test_the_scanner_has_nothing_against_production() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "deploy.kubernetes.policy"], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert "SKIPPED" not in told.stdout


@needs_scanner
def test_the_scanner_finds_what_is_planted(tmp_path: Path) -> None:
    bare = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bare", "namespace": "x"}}
    pod = bare | {"spec": {"containers": [{"name": "bare", "image": "x:1", "securityContext": {"privileged": True}}]}}
    (tmp_path / "pod.yaml").write_text(yaml.safe_dump(pod))
    assert "CKV_K8S_16" in policy.scan(tmp_path / "pod.yaml")  # no privileged containers
