"""The component `monitoring`: whoever tells metrics is asked for them, and whoever is asked tells."""

from tests.deploy.manifests import needs_kubectl
from tests.deploy.production import SERVICES, programs, site

pytestmark = needs_kubectl
MONITORS = {"gateway": ("gateway-watch", "monitoring-to-gateway"), "oauth": ("oauth-watch", "monitoring-to-oauth")}


def named(kind: str, name: str) -> dict:  # type: ignore[type-arg]
    [found] = [one["spec"] for one in site().of(kind) if one["metadata"]["name"] == name]
    return dict(found)


def test_every_service_of_ours_tells_its_metrics_on_a_port_of_its_own() -> None:
    seen = set()
    for pod, container in programs():
        told = {variable["name"]: variable["value"] for variable in container.spec["env"]}
        [port] = [port for port in container.ports if port["name"].startswith("told")]
        assert told["METRICS_LISTEN"] == f"tcp:0.0.0.0:{port['containerPort']}"
        seen.add((pod.name, port["containerPort"]))
    assert len(seen) == len(list(programs())) > len(SERVICES)


def test_all_of_these_are_asked_and_can_be_reached_by_the_collector_alone() -> None:
    for deployment, (service, policy) in MONITORS.items():
        ports = {
            port["name"]
            for pod in site().pods()
            if pod.name == deployment and not pod.runs_once
            for container in pod.containers()
            for port in container.ports
            if port["name"].startswith(("told", "watch"))
        }
        assert ports
        assert {end["port"] for end in named("ServiceMonitor", deployment)["endpoints"]} == ports
        assert {port["targetPort"] for port in named("Service", service)["ports"]} == ports
        [way] = named("NetworkPolicy", policy)["ingress"]
        assert {port["port"] for port in way["ports"]} == ports
        assert way["from"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]
