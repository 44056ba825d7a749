"""docker-compose.yml and the image: closed by default, and true to each other."""

import re
from typing import Any

import pytest
import yaml

from tests.deploy.manifests import KUBERNETES, ROOT, compose, services

ONCE = {"keys", "envoy-configuration", "sandbox-tables", "oauth-tables"}
EVERY = pytest.mark.parametrize("name", services())
OBSERVABILITY = ROOT / "deploy" / "observability"
DOCKERFILE = (ROOT / "deploy" / "images" / "Dockerfile").read_text()


@EVERY
def test_a_container_can_change_nothing_and_gain_nothing(name: str) -> None:
    service = services()[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service


@EVERY
def test_a_container_has_limits(name: str) -> None:
    assert all(services()[name][limit] for limit in ("mem_limit", "cpus", "pids_limit"))


@EVERY
def test_nobody_is_root(name: str) -> None:
    service = services()[name]
    user = service.get("user") or re.search(r"^USER (.+)$", DOCKERFILE, re.M)[1]  # type: ignore[index]
    assert re.fullmatch(r"[1-9][0-9]*:[1-9][0-9]*", user)


@EVERY
def test_a_service_says_whether_it_is_healthy_and_a_job_has_someone_who_waits_for_its_end(name: str) -> None:
    service = services()[name]
    if name in ONCE:
        waiting = [
            other["depends_on"].get(name, {}).get("condition")
            for other in services().values()
            if other.get("depends_on")
        ]
        assert "service_completed_successfully" in waiting  # without one, `up --wait` takes its end for a failure
    else:
        assert "healthcheck" in service or service["image"] == compose()["x-ours"]["image"]
        assert service["restart"] == "on-failure"


PUBLISHED = {"envoy": "API_PORT AUTH_PORT", "prometheus": "PROMETHEUS_PORT", "grafana": "GRAFANA_PORT"}
LEAD_OUT = {"outside": {"envoy"}, "looked-at": {"prometheus", "grafana"}}
"""The networks that are not closed, and who is on them."""


def on(network: str) -> set[str]:
    return {name for name, service in services().items() if network in service.get("networks", [])}


def test_ports_are_published_on_loopback_and_by_these_alone() -> None:
    published = {name: " ".join(service["ports"]) for name, service in services().items() if "ports" in service}
    assert {name: " ".join(re.findall(r"\{([A-Z_]+):-", text)) for name, text in published.items()} == PUBLISHED
    ports = [port for service in services().values() for port in service.get("ports", [])]
    assert all(port.startswith("127.0.0.1:${") for port in ports)


def test_only_these_networks_lead_out_and_none_of_our_services_is_on_them() -> None:
    networks = compose()["networks"]
    outside = {name for name, network in networks.items() if not (network or {}).get("internal")}
    assert {name: on(name) for name in outside} == LEAD_OUT
    assert all(service.get("networks") or service["network_mode"] == "none" for service in services().values())


def test_who_looks_on_comes_only_where_asked_for() -> None:
    asked_for = {name: service["profiles"] for name, service in services().items() if "profiles" in service}
    assert asked_for == {"prometheus": ["observability"], "grafana": ["observability"]}


def test_prometheus_asks_whoever_tells_metrics_and_reaches_nothing_else() -> None:
    jobs = yaml.safe_load((OBSERVABILITY / "prometheus.yaml").read_text())["scrape_configs"]
    asked = {target for job in jobs for each in job["static_configs"] for target in each["targets"]}
    told = {f"{name}:9464" for name in services() if "METRICS_LISTEN" in services()[name].get("environment", {})}
    assert asked == told | {"envoy:9902"}
    assert on("watched") == {target.partition(":")[0] for target in asked} | {"prometheus"}
    assert set(services()["prometheus"]["networks"]) == {"watched", "looked-at"}
    assert services()["grafana"]["networks"] == ["looked-at"]


def test_grafana_has_nobody_who_could_log_in() -> None:
    told = services()["grafana"]["environment"]
    assert (told["GF_AUTH_BASIC_ENABLED"], told["GF_AUTH_DISABLE_LOGIN_FORM"]) == ("false", "true")
    assert told["GF_AUTH_ANONYMOUS_ORG_ROLE"] == "Viewer"
    assert told["GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION"] == "true"
    assert not [name for name in told if "PASSWORD" in name]


def test_what_is_mounted_from_the_checkout_is_there_and_names_what_is_mounted() -> None:
    mounts = [
        mount.split(":") for service in services().values() for mount in service.get("volumes", []) if mount[0] == "."
    ]
    assert all((ROOT / here).exists() and rights == "ro" for here, _, rights in mounts)
    places = {there for _, there, _ in mounts}
    provider = yaml.safe_load((OBSERVABILITY / "grafana" / "dashboards" / "gateway.yaml").read_text())["providers"][0]
    home = services()["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home in places
    assert home.startswith(provider["options"]["path"])


def test_only_oauth_is_in_local_mode_and_no_image_is() -> None:
    assert [name for name, service in services().items() if "LOCAL_MODE" in service.get("environment", {})] == ["oauth"]
    assert "LOCAL_MODE" not in DOCKERFILE
    told = {path.name for path in KUBERNETES.rglob("*.yaml") if "LOCAL_MODE" in path.read_text()}
    assert told == {"oauth-local-mode.yaml"}


KEYS = {"id-key": {"transcoder-1", "transcoder-2", "oauth"}, "cursor-keys": {"transcoder-1", "transcoder-2"}}
KEYS |= {"signing-key": {"oauth"}, "tls": {"envoy"}}


@pytest.mark.parametrize("volume", KEYS)
def test_a_key_is_mounted_where_it_is_read_and_nowhere_else(volume: str) -> None:
    mounts = {
        name: [m for m in service.get("volumes", []) if m.startswith(f"{volume}:")]
        for name, service in services().items()
    }
    assert {name for name, found in mounts.items() if found} == KEYS[volume] | {"keys"}
    assert all(found[0].endswith(":ro") for name, found in mounts.items() if found and name != "keys")


def images() -> list[str]:
    built_on = re.findall(r"^FROM (\S+)", DOCKERFILE, re.M)
    return built_on + [str(service["image"]) for service in services().values()]


@pytest.mark.parametrize("image", sorted(set(images())))
def test_an_image_has_a_version(image: str) -> None:
    assert re.search(r":(?!latest$)[\w.-]+(\})?$", image)


def test_the_builder_is_sent_what_the_image_copies_and_nothing_else() -> None:
    copied = set(re.findall(r"^COPY (?!--from)(\S+) ", DOCKERFILE, re.M))
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied == sent


def test_packages_come_as_wheels_with_hashes() -> None:
    install: Any = re.search(r"pip .*? install (.+?)&&", DOCKERFILE, re.S)
    assert "--require-hashes" in install[1]
    assert "--only-binary :all:" in install[1]
