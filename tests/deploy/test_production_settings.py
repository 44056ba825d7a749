"""What production's pods are told is what our services read: every variable, and every file that they mount."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import trustme

import authz.settings
import oauth.settings
import transcoder.settings
from infra.process.settings import SettingsError
from tests.deploy.manifests import needs_kubectl
from tests.deploy.production import ETC, environment, mount, programs, secrets_of, settings, site, under

pytestmark = needs_kubectl

LOADERS: dict[str, Callable[[Mapping[str, str]], Any]] = {
    "authz": authz.settings.load,
    "transcoder": transcoder.settings.load,
    "oauth": oauth.settings.load_serve,
}
OTHERS = {"PGSSLROOTCERT", "OAUTH_DATABASE_URL_FILE"}
"""Read by the driver of PostgreSQL, and by the migration."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    mount(tmp_path, trustme.CA())
    return tmp_path


class Noted(dict[str, str]):
    """Notes which variables are asked for."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        super().__init__(variables)
        self.asked: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.asked.add(name)
        return super().get(name, default)


def test_every_service_finds_all_that_it_needs_in_its_own_mounts(root: Path) -> None:
    started = []
    for pod, container in programs():
        places = tuple(under(root, place) for _, place in secrets_of(pod, container))
        told = Noted(environment(container, root))
        LOADERS[container.spec["command"][-1]](told)
        read = {told[name] for name in told.asked & told.keys() if told[name].startswith(under(root, ETC))}
        assert [path for path in read if not path.startswith(places)] == [], f"{container.name} does not mount them"
        started.append(container.name)
    assert sorted(started) == ["authz-1", "authz-2", "oauth", "transcoder-1", "transcoder-2"]


def test_every_setting_is_read_by_somebody(root: Path) -> None:
    words = [word for pod in site().pods() for each in pod.containers() for word in each.spec.get("command", [])]
    asked = {name for name in settings() if any(f"$({name})" in word for word in words)}
    for _, container in programs():
        told = Noted(environment(container, root))
        LOADERS[container.spec["command"][-1]](told)
        asked |= told.asked
    assert settings().keys() - asked - OTHERS == set()


def test_a_missing_file_stops_the_service_that_needs_it(root: Path) -> None:
    Path(under(root, f"{ETC}/valkey/url")).unlink()
    (container,) = (each for _, each in programs() if each.name == "authz-1")
    with pytest.raises(SettingsError, match=r"^VALKEY_URL_FILE is not usable "):
        authz.settings.load(environment(container, root))
