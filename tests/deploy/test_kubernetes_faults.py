"""The checker of rendered manifests: nothing is wrong with ours, and each planted fault is named."""

import copy
import functools
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from deploy.kubernetes.manifest_checks import amount, find_problems
from deploy.kubernetes.manifests import Manifests
from tests.deploy.manifests import ROOT, needs_kubectl

GOOD = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: gateway}
spec:
  selector: {matchLabels: {app: gateway}}
  template:
    metadata: {labels: {app: gateway, part-of: all}}
    spec:
      automountServiceAccountToken: false
      securityContext: {runAsNonRoot: true, runAsUser: 10001, seccompProfile: {type: RuntimeDefault}}
      initContainers:
        - name: once
          image: ours:1
          command: [render, --url=$(URL)]
          envFrom: [{configMapRef: {name: settings}}]
          securityContext: &closed
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL]}
          resources: &some {requests: {cpu: 100m, memory: 64Mi}, limits: {cpu: "1", memory: 64Mi}}
      containers:
        - name: envoy
          image: envoyproxy/envoy:v1.40.0
          env: [{name: LISTEN, value: "unix:/x"}]
          ports: [{name: https, containerPort: 8443}]
          volumeMounts: [{name: tls, mountPath: /tls}]
          startupProbe: {httpGet: {path: /, port: https}}
          livenessProbe: {httpGet: {path: /, port: 8443}}
          readinessProbe: {httpGet: {path: /, port: https}}
          securityContext: *closed
          resources: *some
      volumes: [{name: tls, secret: {secretName: tls}}]
---
apiVersion: v1
kind: Service
metadata: {name: gateway}
spec: {selector: {app: gateway}, ports: [{port: 443, targetPort: https}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {URL: "https://localhost"}
---
apiVersion: v1
kind: Secret
type: kubernetes.io/tls
metadata: {name: tls}
data: {tls.crt: YQ==, tls.key: YQ==}
"""
Plant = Callable[[Any, Any, Any], object]
"""A change to the pod's template, to its main container, or to another manifest by its kind."""


def put(place: Any, **members: Any) -> None:
    place.update(members)


PLANTED: dict[str, Plant] = {
    "'https-for-the-api' is no port name": lambda pod, envoy, by: put(envoy["ports"][0], name="https-for-the-api"),
    "name 'https' is there twice": lambda pod, envoy, by: envoy["ports"].append({"name": "https", "containerPort": 1}),
    "does not match its own template": lambda pod, envoy, by: put(
        by["Deployment"]["spec"]["selector"]["matchLabels"], app="gatewya"
    ),
    "its selector matches no template": lambda pod, envoy, by: put(by["Service"]["spec"], selector={"app": "gatewya"}),
    "has no port 'http'": lambda pod, envoy, by: put(by["Service"]["spec"]["ports"][0], targetPort="http"),
    "its livenessProbe asks port 8080": lambda pod, envoy, by: put(envoy["livenessProbe"]["httpGet"], port=8080),
    "has no startupProbe": lambda pod, envoy, by: envoy.pop("startupProbe"),
    "nothing tells when it is ready": lambda pod, envoy, by: envoy.pop("readinessProbe"),
    "can have neither probes nor hooks": lambda pod, envoy, by: put(pod["initContainers"][0], lifecycle={}),
    "successThreshold of a livenessProbe": lambda pod, envoy, by: put(envoy["livenessProbe"], successThreshold=2),
    "memory request 65Mi is more than its limit 64Mi": lambda pod, envoy, by: put(
        envoy["resources"], requests={"cpu": 1, "memory": "65Mi"}
    ),
    "cpu has no request or no limit": lambda pod, envoy, by: envoy["resources"]["limits"].pop("cpu"),
    "there is no Secret tsl": lambda pod, envoy, by: put(pod["volumes"][0]["secret"], secretName="tsl"),
    "Secret tls has no ca.crt": lambda pod, envoy, by: put(pod["volumes"][0]["secret"], items=[{"key": "ca.crt"}]),
    "there is no ConfigMap other": lambda pod, envoy, by: put(envoy, envFrom=[{"configMapRef": {"name": "other"}}]),
    "ConfigMap settings has no URI": lambda pod, envoy, by: put(
        envoy["env"][0], valueFrom={"configMapKeyRef": {"name": "settings", "key": "URI"}}
    ),
    "Secret tls: has no tls.key": lambda pod, envoy, by: by["Secret"]["data"].pop("tls.key"),
    "there is no volume sockets": lambda pod, envoy, by: envoy["volumeMounts"].append(
        {"name": "sockets", "mountPath": "/run"}
    ),
    "nobody mounts the volume spare": lambda pod, envoy, by: pod["volumes"].append({"name": "spare", "emptyDir": {}}),
    "two volumes are mounted at /tls": lambda pod, envoy, by: envoy["volumeMounts"].append(
        {"name": "tls", "mountPath": "/tls"}
    ),
    "LISTEN is set twice": lambda pod, envoy, by: envoy["env"].append({"name": "LISTEN", "value": "x"}),
    "asks for URL, which is not set": lambda pod, envoy, by: put(by["ConfigMap"], data={}),
    "two containers are called envoy": lambda pod, envoy, by: put(pod["initContainers"][0], name="envoy"),
    "there is no namespace nowhere": lambda pod, envoy, by: put(by["ConfigMap"]["metadata"], namespace="nowhere"),
    "Envoy is not a name": lambda pod, envoy, by: put(envoy, name="Envoy"),
    "has a token of the cluster's": lambda pod, envoy, by: pod.pop("automountServiceAccountToken"),
    "may run as root": lambda pod, envoy, by: put(pod["securityContext"], runAsUser=0),
    "has no seccomp profile": lambda pod, envoy, by: pod["securityContext"].pop("seccompProfile"),
    "shares the host's namespaces": lambda pod, envoy, by: put(pod, hostNetwork=True),
    "mounts the host's files": lambda pod, envoy, by: put(pod["volumes"][0], hostPath={"path": "/"}),
    "may gain privileges": lambda pod, envoy, by: envoy["securityContext"].pop("allowPrivilegeEscalation"),
    "keeps capabilities": lambda pod, envoy, by: put(envoy["securityContext"]["capabilities"], add=["NET_ADMIN"]),
    "may write to its root": lambda pod, envoy, by: put(envoy["securityContext"], readOnlyRootFilesystem=False),
    "differs from its pod": lambda pod, envoy, by: put(envoy["securityContext"], runAsUser=0),
    "its livenessProbe asks for /heatlhz, which nothing answers": lambda pod, envoy, by: put(
        envoy["livenessProbe"]["httpGet"], path="/heatlhz"
    ),
    "there is no image envoyproxy/envoy:v1.4.0": lambda pod, envoy, by: put(envoy, image="envoyproxy/envoy:v1.4.0"),
    "may change under its name": lambda pod, envoy, by: put(envoy, image="envoyproxy/envoy:latest"),
}


def known(manifests: list[dict[str, Any]], *made_by_hand: str) -> Manifests:
    """What the checks are told, and what of it stands elsewhere."""
    images = frozenset({"ours:1", "envoyproxy/envoy:v1.40.0"})
    return Manifests(manifests, frozenset(made_by_hand), frozenset({"/"}), images)


def good() -> list[dict[str, Any]]:
    return copy.deepcopy(_good())


@functools.cache
def _good() -> list[dict[str, Any]]:
    # Dumped and read again: what the anchors share would be changed in two places.
    return [yaml.safe_load(yaml.dump(one, Dumper=_Plain)) for one in yaml.safe_load_all(GOOD)]


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, _: Any) -> bool:
        return True


def test_nothing_is_wrong_with_what_is_right() -> None:
    assert find_problems(known(good())) == []


@pytest.mark.parametrize("told", PLANTED)
def test_a_fault_is_found_where(told: str) -> None:
    manifests = good()
    pod = manifests[0]["spec"]["template"]["spec"]
    PLANTED[told](pod, pod["containers"][0], {manifest["kind"]: manifest for manifest in manifests})
    found = find_problems(known(manifests))
    assert any(told in fault for fault in found), found


def test_two_deployments_must_not_claim_the_same_pods() -> None:
    twin = good()[0]
    twin["metadata"]["name"] = "twin"
    assert any("one's selector may match the other's pods" in fault for fault in find_problems(known([*good(), twin])))


def test_a_name_is_there_once() -> None:
    assert "ConfigMap settings is there 2 times" in find_problems(known([*good(), good()[2]]))


def test_a_secret_that_is_made_by_hand_need_not_be_rendered() -> None:
    rendered = [manifest for manifest in good() if manifest["kind"] != "Secret"]
    assert find_problems(known(rendered, "tls")) == []
    assert find_problems(known(rendered)) == ["Deployment gateway: there is no Secret tls"]


@pytest.mark.parametrize(("one", "other"), [("100m", "1"), ("64Mi", "0.1Gi"), ("1M", "1Mi"), (1, "1001m")])
def test_quantities_are_compared_as_numbers(one: str | int, other: str) -> None:
    assert amount(one) < amount(other)


@needs_kubectl
def test_ours_render_are_valid_and_have_no_fault() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "deploy.kubernetes.check"], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert "SKIPPED" not in told.stdout
