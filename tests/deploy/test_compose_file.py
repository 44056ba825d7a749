"""docker-compose.yml and the image: closed by default, and true to each other."""

import re
from typing import Any

import pytest

from tests.deploy.manifests import KUBERNETES, ROOT, compose, services

ONCE = {"keys", "envoy-configuration", "sandbox-tables", "oauth-tables"}
EVERY = pytest.mark.parametrize("name", services())
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


def test_ports_are_published_on_loopback_and_by_envoy_alone() -> None:
    published = {name: service["ports"] for name, service in services().items() if "ports" in service}
    assert published.keys() == {"envoy"}
    assert all(port.startswith("127.0.0.1:${") for port in published["envoy"])


def test_only_the_way_out_of_envoy_leads_out() -> None:
    outside = [name for name, network in compose()["networks"].items() if not (network or {}).get("internal")]
    assert [name for name, service in services().items() if set(service.get("networks", [])) & set(outside)] == [
        "envoy"
    ]
    assert all(service.get("networks") or service["network_mode"] == "none" for service in services().values())


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
