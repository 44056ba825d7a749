"""Pods of rendered manifests in Docker's containers, under the restrictions and with the mounts that they declare.

No kubelet: what is proved is that each image and command gets along with its read-only root, its user and its volumes,
and that probes answer. Owns how a container's specification becomes arguments of `docker run`.
"""

import base64
import http.client
import itertools
import os
import re
import subprocess
import time
import uuid
from pathlib import Path
from typing import Any

from deploy.kubernetes.manifest_checks import EXPANSION
from deploy.kubernetes.manifests import Container, Manifest, Manifests, Pod

COMMAND_S = 60
PROBE_S = 0.2


def docker(*words: str, check: bool = True) -> str:
    """What `docker …` prints."""
    done = subprocess.run(["docker", *words], capture_output=True, text=True, timeout=COMMAND_S, check=False)
    assert done.returncode == 0 or not check, f"docker {' '.join(words)}: {done.stderr}{done.stdout}"
    return (done.stdout + done.stderr).strip() if done.returncode == 0 else ""


class Cluster:
    """One network, on which a pod is known by the names of the Services that select it."""

    def __init__(self, manifests: Manifests, image: str, folder: Path) -> None:
        self._manifests = manifests
        self._image = image
        self._folder = folder
        self._name = f"pods-{uuid.uuid4().hex[:8]}"
        self._containers: list[str] = []
        docker("network", "create", self._name)

    def close(self) -> None:
        """Remove every container, and the network."""
        for container in reversed(self._containers):
            docker("rm", "--force", "--volumes", container, check=False)
        docker("network", "rm", self._name)

    def start(self, name: str) -> "RunningPod":
        """Start the pod of a Deployment as a kubelet does, each container once the one before it has started."""
        [pod] = [pod for pod in self._manifests.pods() if pod.name == name]
        ports = [port["containerPort"] for container in pod.containers() for port in container.ports]
        services = [
            service["metadata"]["name"]
            for service in self._manifests.of("Service")
            if pod in self._manifests.selected(service["spec"]["selector"], pod.namespace)
        ]
        aliases = [f"--network-alias={service}" for service in services]
        published = [f"--publish=127.0.0.1::{port}" for port in ports]
        sandbox = self._run(f"{name}-pod", f"--network={self._name}", *aliases, *published, self._image, "sleep", "600")
        running = RunningPod(sandbox)
        volumes = {volume["name"]: self._volume(pod, volume) for volume in pod.spec["volumes"]}
        for container in pod.containers():
            self._start(running, pod, container, volumes)
        return running

    def _start(self, running: "RunningPod", pod: Pod, container: Container, volumes: dict[str, Path]) -> None:
        started = self._run(
            f"{pod.name}-{container.name}",
            f"--network=container:{running.sandbox}",
            *confined(pod, container),
            *self._environment(container),
            *mounted(container, volumes),
            *self._command(container),
        )
        running.containers[container.name] = started
        if container.runs_once:
            assert docker("wait", started) == "0", f"{container.name}: {docker('logs', started)}"
        else:
            running.await_probe(container, "startupProbe")

    def _run(self, name: str, *words: str) -> str:
        whole = f"{self._name}-{name}"
        self._containers.append(whole)
        docker("run", "--detach", f"--name={whole}", *words)
        return whole

    def _volume(self, pod: Pod, volume: Manifest) -> Path:
        """Make a folder that stands for a volume, with the owner and the modes that a kubelet gives it."""
        folder, group = self._folder / pod.name / volume["name"], pod.spec["securityContext"]["fsGroup"]
        folder.mkdir(parents=True)
        for kind, member, key in (("ConfigMap", "configMap", "name"), ("Secret", "secret", "secretName")):
            if member in volume:
                [found] = [one for one in self._manifests.of(kind) if one["metadata"]["name"] == volume[member][key]]
                for name, content in _files(found).items():
                    (folder / name).write_bytes(content)
                    (folder / name).chmod(volume[member]["defaultMode"])
                    os.chown(folder / name, 0, group)
        folder.chmod(0o2777)
        os.chown(folder, 0, group)
        return folder

    def _variables(self, container: Container) -> dict[str, str]:
        told: dict[str, str] = {}
        for source in container.spec.get("envFrom", []):
            name = source["configMapRef"]["name"]
            [found] = [one for one in self._manifests.of("ConfigMap") if one["metadata"]["name"] == name]
            told |= found["data"]
        return told | {variable["name"]: variable["value"] for variable in container.spec.get("env", [])}

    def _environment(self, container: Container) -> list[str]:
        return [f"--env={name}={text}" for name, text in self._variables(container).items()]

    def _command(self, container: Container) -> list[str]:
        """The image and what it runs: `command` replaces the image's entry point, `args` what follows it."""
        variables = self._variables(container)
        image = container.spec["image"]
        image = self._image if image.startswith("public-api-gateway:") else image
        command = [_expanded(word, variables) for word in container.spec.get("command", [])]
        arguments = [_expanded(word, variables) for word in container.spec.get("args", [])]
        return [*(f"--entrypoint={word}" for word in command[:1]), image, *command[1:], *arguments]


class RunningPod:
    """One pod's containers. They share the network of `sandbox`, which runs nothing."""

    def __init__(self, sandbox: str) -> None:
        self.sandbox = sandbox
        self.containers: dict[str, str] = {}

    def published(self, port: int) -> int:
        """The port of this machine that leads to one of the pod's."""
        return int(docker("port", self.sandbox, str(port)).splitlines()[0].rpartition(":")[2])

    def run(self, container: str, *command: str) -> str:
        """What a command prints in a container."""
        return docker("exec", self.containers[container], *command)

    def await_probe(self, container: Container, name: str) -> None:
        """Ask as often as the probe may fail; AssertionError with the container's log if it never succeeds."""
        probe = container.spec[name]
        ends_s = time.monotonic() + probe.get("periodSeconds", 10) * probe.get("failureThreshold", 3)
        while time.monotonic() < ends_s:
            if self.answers(container, name):
                return
            time.sleep(PROBE_S)
        raise AssertionError(f"{container.name}: {name} failed: {docker('logs', self.containers[container.name])}")

    def answers(self, container: Container, name: str) -> bool:
        """Whether a probe succeeds."""
        probe = container.spec[name]
        if "exec" in probe:
            command = ["docker", "exec", self.containers[container.name], *probe["exec"]["command"]]
            return subprocess.run(command, capture_output=True, timeout=COMMAND_S, check=False).returncode == 0
        wanted = probe["httpGet"]["port"]
        [port] = [
            port["containerPort"] for port in container.ports if wanted in (port.get("name"), port["containerPort"])
        ]
        connection = http.client.HTTPConnection("127.0.0.1", self.published(port), timeout=probe["timeoutSeconds"])
        try:
            connection.request("GET", probe["httpGet"]["path"])
            return 200 <= connection.getresponse().status < 400
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def confined(pod: Pod, container: Container) -> list[str]:
    """The restrictions of a container."""
    own, shared = container.spec["securityContext"], pod.spec["securityContext"]
    limits = container.spec["resources"]["limits"]
    return [
        f"--user={shared['runAsUser']}:{shared['runAsGroup']}",
        *(["--read-only"] if own["readOnlyRootFilesystem"] else []),
        *(["--security-opt=no-new-privileges"] if own["allowPrivilegeEscalation"] is False else []),
        *(f"--cap-drop={capability}" for capability in own["capabilities"]["drop"]),
        f"--memory={re.sub('i$', '', limits['memory']).lower()}",
    ]


def mounted(container: Container, volumes: dict[str, Path]) -> list[str]:
    """The mounts of a container."""
    mounts: list[dict[str, Any]] = container.spec.get("volumeMounts", [])
    return list(
        itertools.chain.from_iterable(
            ("--volume", f"{volumes[mount['name']]}:{mount['mountPath']}{':ro' if mount.get('readOnly') else ''}")
            for mount in mounts
        )
    )


def _files(found: Manifest) -> dict[str, bytes]:
    """The content of a ConfigMap or a Secret."""
    if found["kind"] == "Secret":
        return {name: base64.b64decode(text) for name, text in found["data"].items()}
    return {name: text.encode() for name, text in found["data"].items()}


def _expanded(word: str, variables: dict[str, str]) -> str:
    return EXPANSION.sub(lambda found: variables[found[1]], word)
