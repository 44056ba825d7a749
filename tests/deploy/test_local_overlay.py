"""The overlay `local` in containers: every image and command under a read-only root, with the mounts that it declares.

Runs as root, since a kubelet's volumes have owners, and where GATEWAY_IMAGE names an image of this checkout:
`python -m tests.support.compose` builds one and says so.
"""

import datetime as dt
import os
import ssl
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest
import yaml

from deploy.kubernetes.check import COMPLETE, copied, render
from deploy.kubernetes.manifests import Container, Manifests
from infra.process.keys import Keys, create_missing
from tests.deploy.manifests import needs_kubectl
from tests.deploy.pods import Cluster
from tests.spec.operations import CURRENT
from tests.support.waiting import waited

IMAGE = os.environ.get("GATEWAY_IMAGE", "")
needs_image = pytest.mark.skipif(not IMAGE, reason="no GATEWAY_IMAGE: python -m tests.support.compose")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to others")
pytestmark = [needs_kubectl, needs_image, needs_root]


@pytest.fixture(scope="module")
def keys() -> Iterator[Keys]:
    """As `make kubernetes-keys` makes them."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        made = Keys(
            id_key=folder / "id.key",
            cursor_keys=folder / "cursor.keys",
            signing_key=folder / "signing.pem",
            ca=folder / "ca.pem",
            certificate=folder / "server.pem",
            private_key=folder / "server.key",
            internal_secret=folder / "internal.secret",
        )
        create_missing(made, now=dt.datetime.now(dt.UTC))
        yield made


@pytest.fixture(scope="module")
def manifests(keys: Keys) -> Manifests:
    with copied() as folder:
        for file in keys.id_key.parent.iterdir():
            (folder / COMPLETE / "keys" / file.name).write_bytes(file.read_bytes())
        rendered, told = render(folder, COMPLETE)
        assert not told, told
        return Manifests(list(yaml.safe_load_all(rendered.read_text())))


@pytest.fixture(scope="module")
def cluster(manifests: Manifests) -> Iterator[Cluster]:
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        cluster = Cluster(manifests, IMAGE, Path(folder))
        try:
            yield cluster
        finally:
            cluster.close()


def container_of(manifests: Manifests, pod_name: str, name: str) -> Container:
    [pod] = [pod for pod in manifests.pods() if pod.name == pod_name]
    [found] = [container for container in pod.containers() if container.name == name]
    return found


def test_every_pod_starts_and_the_gateway_is_ready_once_the_sandbox_can_be_asked(
    manifests: Manifests, cluster: Cluster, keys: Keys
) -> None:
    cluster.start("valkey")
    oauth = cluster.start("oauth")
    gateway, envoy = cluster.start("gateway"), container_of(manifests, "gateway", "envoy")
    assert gateway.answers(envoy, "livenessProbe")
    assert not gateway.answers(envoy, "readinessProbe"), "there is no sandbox yet"
    sandbox = cluster.start("sandbox")
    sandbox.await_probe(container_of(manifests, "sandbox", "sandbox"), "readinessProbe")
    waited(lambda: gateway.answers(envoy, "readinessProbe"), "the gateway to be ready")
    token = oauth.run("oauth", "python", "-m", "oauth", "token").split()[-1]
    told = {"Authorization": f"Bearer {token}", "Version": CURRENT}
    tls = ssl.create_default_context(cafile=keys.ca)
    with httpx.Client(base_url=f"https://localhost:{gateway.published(8443)}", headers=told, verify=tls) as client:
        waited(lambda: client.get("/v1/contacts").status_code == 200, "the signing key to be fetched")
        made = client.post("/v1/contacts", json={"last_name": "Read-only"})
    assert made.status_code == 201, made.text
