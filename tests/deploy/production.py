"""Production as the guide has a site apply it: its pods' programs, what they are told, and what they mount."""

import functools
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

import trustme
import yaml
from cryptography.hazmat.primitives.asymmetric import ec

from deploy.kubernetes.check import SITE, copied, render
from deploy.kubernetes.manifests import Container, Manifests, Pod
from tests.oauth.key_files import pem

SERVICES = ("authz", "transcoder", "oauth")
ETC, RUN, HELD = "/etc/gateway", "/run/gateway", "/var/lib/authz"
TLS_FILES = ("ca.crt", "tls.crt", "tls.key")


@functools.cache
def site() -> Manifests:
    """The guide's example on top of production."""
    with copied() as folder:
        rendered, told = render(folder, SITE)
        assert not told, told
        return Manifests(list(yaml.safe_load_all(rendered.read_text())))


def programs() -> Iterator[tuple[Pod, Container]]:
    """The containers that run a service of ours."""
    for pod in site().pods():
        for container in pod.containers():
            if not container.runs_once and container.spec.get("command", ["", ""])[-1] in SERVICES:
                yield pod, container


def secrets_of(pod: Pod, container: Container) -> Iterator[tuple[str, str]]:
    """The Secrets that a container mounts, each with the place."""
    names = {volume["name"]: volume.get("secret", {}).get("secretName") for volume in pod.spec["volumes"]}
    for mount in container.spec.get("volumeMounts", []):
        if names[mount["name"]]:
            yield names[mount["name"]], mount["mountPath"]


def settings() -> dict[str, str]:
    """The ConfigMap."""
    (found,) = (one for one in site().of("ConfigMap") if one["metadata"]["name"].startswith("gateway-"))
    return dict(found["data"])


def environment(container: Container, root: Path) -> dict[str, str]:
    """A container's variables, under a root of its own."""
    own = {variable["name"]: variable["value"] for variable in container.spec.get("env", [])}
    return {name: under(root, text) for name, text in (settings() | own).items()}


def under(root: Path, text: str) -> str:
    """The same path, under that root."""
    return functools.reduce(lambda told, place: told.replace(place, f"{root}{place}"), (ETC, RUN, HELD), text)


def mount(root: Path, authority: trustme.CA, **changes: Mapping[str, str]) -> None:
    """Every Secret as the guide has it made, where the pods mount it; `changes` by Secret, dashes as underscores."""
    ours = authority.issue_cert("localhost")
    tls = (authority.cert_pem.bytes(), ours.cert_chain_pems[0].bytes(), ours.private_key_pem.bytes())
    content: dict[str, dict[str, bytes]] = {
        "gateway-tls": dict(zip(TLS_FILES, tls, strict=True)),
        "gateway-internal": dict(zip(TLS_FILES, tls, strict=True)) | {"token": b"a-token\n"},
        "gateway-id-key": {"id.key": secrets.token_hex(32).encode()},
        "gateway-cursor-keys": {"cursor.keys": b"1 " + secrets.token_hex(32).encode()},
        "gateway-signing-key": {"signing.pem": pem(ec.generate_private_key(ec.SECP256R1())).encode()},
        "gateway-internal-secret": {"internal.secret": secrets.token_hex(32).encode()},
        "gateway-valkey": {"ca.crt": tls[0], "url": b"rediss://gateway:word@valkey.example:6380\n"},
        "oauth-login": {"ca.crt": tls[0], "client.secret": b"what-the-provider-knows\n", "people.secret": b"a-word\n"},
        "oauth-database": {"ca.crt": tls[0], "url": b"postgresql://oauth:word@db.example/oauth?ssl=verify-full\n"},
    }
    for secret, files in changes.items():
        content[secret.replace("_", "-")] |= {name: text.encode() for name, text in files.items()}
    Path(under(root, HELD)).mkdir(parents=True)
    for pod in site().pods():
        for container in pod.containers():
            for secret, place in secrets_of(pod, container):
                folder = Path(under(root, place))
                folder.mkdir(parents=True, exist_ok=True)
                for name, text in content[secret].items():
                    (folder / name).write_bytes(text)
                    # They are our own here, and a group may read only what is another's.
                    (folder / name).chmod(0o600)
