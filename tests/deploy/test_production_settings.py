"""What production's pods are told is what our services read: every variable, and every file that they mount."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml
from cryptography.hazmat.primitives.asymmetric import ec

import authz.settings
import oauth.settings
import transcoder.settings
from deploy.kubernetes.check import SITE, copied, render
from deploy.kubernetes.rendered import Container, Manifests, Pod
from process.settings import SettingsError
from tests.deploy.manifests import needs_kubectl
from tests.oauth.key_files import pem

pytestmark = needs_kubectl

LOADERS: dict[str, Callable[[Mapping[str, str]], Any]] = {
    "authz": authz.settings.load,
    "transcoder": transcoder.settings.load,
    "oauth": oauth.settings.load_serve,
}
OTHERS = {"PGSSLROOTCERT", "OAUTH_DATABASE_URL_FILE"}
"""Read by the driver of PostgreSQL, and by the migration."""
TLS_FILES = ("ca.crt", "tls.crt", "tls.key")


@pytest.fixture(scope="module")
def site() -> Manifests:
    """The guide's example on top of production."""
    with copied() as folder:
        rendered, told = render(folder, SITE)
        assert not told, told
        return Manifests(list(yaml.safe_load_all(rendered.read_text())))


@pytest.fixture
def mounted(tmp_path: Path, site: Manifests) -> Path:
    """Every Secret as the guide has it made, where the pods mount it."""
    authority = trustme.CA()
    ours = authority.issue_cert("gateway.example")
    tls = (authority.cert_pem.bytes(), ours.cert_chain_pems[0].bytes(), ours.private_key_pem.bytes())
    content: dict[str, dict[str, bytes]] = {
        "gateway-tls": dict(zip(TLS_FILES, tls, strict=True)),
        "gateway-internal": dict(zip(TLS_FILES, tls, strict=True)) | {"token": b"a-token\n"},
        "gateway-id-key": {"id.key": secrets.token_hex(32).encode()},
        "gateway-cursor-keys": {"cursor.keys": b"1 " + secrets.token_hex(32).encode()},
        "gateway-signing-key": {"signing.pem": pem(ec.generate_private_key(ec.SECP256R1())).encode()},
        "gateway-valkey": {"ca.crt": tls[0], "url": b"rediss://gateway:word@valkey.example:6380\n"},
        "oauth-database": {"ca.crt": tls[0], "url": b"postgresql://oauth:word@db.example/oauth?ssl=verify-full\n"},
    }
    for pod, container in programs(site):
        for secret, place in secrets_of(pod, container):
            folder = tmp_path / place.lstrip("/")
            folder.mkdir(parents=True, exist_ok=True)
            for name, text in content[secret].items():
                (folder / name).write_bytes(text)
    return tmp_path


def programs(site: Manifests) -> Iterator[tuple[Pod, Container]]:
    """The containers that run a service of ours."""
    for pod in site.pods():
        for container in pod.containers():
            if not container.runs_once and container.spec.get("command", ["", ""])[-1] in LOADERS:
                yield pod, container


def secrets_of(pod: Pod, container: Container) -> Iterator[tuple[str, str]]:
    """The Secrets that a container mounts, each with the place."""
    names = {volume["name"]: volume.get("secret", {}).get("secretName") for volume in pod.spec["volumes"]}
    for mount in container.spec.get("volumeMounts", []):
        if names[mount["name"]]:
            yield names[mount["name"]], mount["mountPath"]


def settings_of(site: Manifests) -> dict[str, str]:
    (found,) = (one for one in site.of("ConfigMap") if one["metadata"]["name"].startswith("gateway-"))
    return dict(found["data"])


def environment(site: Manifests, container: Container, mounted: Path) -> dict[str, str]:
    """A container's variables, under a root of its own."""
    own = {variable["name"]: variable["value"] for variable in container.spec.get("env", [])}
    everything = settings_of(site) | own
    return {name: text.replace("/etc/gateway", f"{mounted}/etc/gateway") for name, text in everything.items()}


class Noted(dict[str, str]):
    """Notes which variables are asked for."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        super().__init__(variables)
        self.asked: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.asked.add(name)
        return super().get(name, default)


def test_every_service_finds_all_that_it_needs_in_its_own_mounts(site: Manifests, mounted: Path) -> None:
    started = []
    for pod, container in programs(site):
        places = tuple(f"{mounted}{place}" for _, place in secrets_of(pod, container))
        told = environment(site, container, mounted)
        loader = LOADERS[container.spec["command"][-1]]
        noted = Noted(told)
        loader(noted)
        read = {told[name] for name in noted.asked & told.keys() if told[name].startswith(f"{mounted}/etc")}
        assert [path for path in read if not path.startswith(places)] == [], f"{container.name} does not mount them"
        started.append(container.name)
    assert sorted(started) == ["authz-1", "authz-2", "oauth", "transcoder-1", "transcoder-2"]


def test_every_setting_is_read_by_somebody(site: Manifests, mounted: Path) -> None:
    asked = {name for words in rendering(site) for name in settings_of(site) if f"$({name})" in words}
    for _, container in programs(site):
        noted = Noted(environment(site, container, mounted))
        LOADERS[container.spec["command"][-1]](noted)
        asked |= noted.asked
    assert settings_of(site).keys() - asked - OTHERS == set()


def rendering(site: Manifests) -> list[str]:
    """The words of the command that renders Envoy's configuration."""
    return [word for pod in site.pods() for each in pod.containers() for word in each.spec.get("command", [])]


def test_a_missing_file_stops_the_service_that_needs_it(site: Manifests, mounted: Path) -> None:
    (mounted / "etc/gateway/valkey/url").unlink()
    (container,) = (each for _, each in programs(site) if each.name == "authz-1")
    with pytest.raises(SettingsError, match=r"^VALKEY_URL_FILE is not usable "):
        authz.settings.load(environment(site, container, mounted))
