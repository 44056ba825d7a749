"""The component `tracing`: without it nothing is told and no way leads to a collector; with it both lead to one."""

import functools
from urllib.parse import urlsplit

import yaml

from deploy.kubernetes.check import PRODUCTION, TRACED, copied, render
from deploy.kubernetes.manifests import Manifest, Manifests, selects
from tests.deploy.manifests import needs_kubectl

pytestmark = needs_kubectl
COLLECTOR_PORT = 4317


@functools.cache
def rendered(name: str) -> Manifests:
    with copied() as folder:
        file, told = render(folder, name)
        assert not told, told
        return Manifests(list(yaml.safe_load_all(file.read_text())))


def settings(name: str) -> dict[str, str]:
    [found] = [one for one in rendered(name).of("ConfigMap") if one["metadata"]["name"].startswith("gateway-")]
    return dict(found["data"])


def ways_to_a_collector(name: str) -> list[Manifest]:
    return [
        policy["spec"]
        for policy in rendered(name).of("NetworkPolicy")
        for way in policy["spec"].get("egress", [])
        if any(port["port"] == COLLECTOR_PORT for port in way["ports"])
    ]


def test_production_tells_no_collector_anything() -> None:
    assert settings(PRODUCTION)["OTEL_EXPORTER_OTLP_ENDPOINT"] == ""
    assert ways_to_a_collector(PRODUCTION) == []


def test_with_the_component_the_collector_that_is_named_can_be_reached_by_all_that_tell() -> None:
    url = urlsplit(settings(TRACED)["OTEL_EXPORTER_OTLP_ENDPOINT"])
    [way] = ways_to_a_collector(TRACED)
    [place] = way["egress"][0]["to"]
    assert (url.scheme, url.port) == ("http", COLLECTOR_PORT)
    assert url.hostname.split(".")[1] == place["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]
    telling = {pod.name for pod in rendered(TRACED).pods() if selects(way["podSelector"], pod.labels)}
    assert telling == {"gateway", "oauth"}


def test_with_the_component_a_share_is_traced() -> None:
    assert 0 < float(settings(TRACED)["OTEL_TRACES_SAMPLER_ARG"]) < 1
