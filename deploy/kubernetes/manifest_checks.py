"""What is wrong with rendered manifests that every schema lets pass, and an API server or a kubelet does not.

Pure: manifests in, sentences out. Must not know where they come from, nor any one of our services. What goes wrong only
while pods come and go, or speak to one another, is `operating`.
"""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import combinations

from deploy.kubernetes.availability_checks import OPERATING, Check
from deploy.kubernetes.manifests import Manifests, Pod, namespace_of, pod_of

PORT_NAME = re.compile(r"(?=.{1,15}$)(?=.*[a-z])(?!.*--)[a-z0-9]([a-z0-9-]*[a-z0-9])?")
LABEL = re.compile(r"(?=.{1,63}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?")
EXPANSION = re.compile(r"(?<!\$)\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)")
QUANTITY = re.compile(r"([0-9.]+)(m|k|M|G|Ki|Mi|Gi)?")
FACTORS = {"m": 0.001, None: 1, "k": 1e3, "M": 1e6, "G": 1e9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
FIXED = re.compile(r":(?!latest$)[^/:]+$")
KEYS_OF_TYPE = {"kubernetes.io/tls": {"tls.crt", "tls.key"}}
PROBES = ("startupProbe", "livenessProbe", "readinessProbe")


def find_problems(rendered: Manifests) -> list[str]:
    """Every fault, a sentence each."""
    return [fault for check in (*CHECKS, *OPERATING) for fault in check(rendered)]


def _names(manifests: Manifests) -> Iterator[str]:
    seen = Counter((one["kind"], namespace_of(one), one["metadata"]["name"]) for one in manifests.all)
    yield from (f"{kind} {name} is there {times} times" for (kind, _, name), times in seen.items() if times > 1)
    yield from (f"{kind} {name}: not a name" for kind, _, name in seen if not LABEL.fullmatch(name))
    known = {"", *(one["metadata"]["name"] for one in manifests.of("Namespace"))}
    yield from (f"{kind} {name}: there is no namespace {space}" for kind, space, name in seen if space not in known)
    for pod in manifests.pods():
        names = Counter(container.name for container in pod.containers())
        yield from (f"{pod.owner}: two containers are called {name}" for name, times in names.items() if times > 1)
        yield from (f"{pod.owner}: {name} is not a name" for name in names if not LABEL.fullmatch(name))


def _selectors(manifests: Manifests) -> Iterator[str]:
    chosen: list[tuple[str, str, dict[str, str]]] = []
    for manifest in manifests.of("Deployment"):
        pod, selector = pod_of(manifest), manifest["spec"]["selector"]["matchLabels"]
        chosen.append((pod.owner, pod.namespace, selector))
        if not selector.items() <= pod.labels.items():
            yield f"{pod.owner}: its selector {selector} does not match its own template"
    for (one, space, selector), (other, space_too, selector_too) in combinations(chosen, 2):
        shared = selector.keys() & selector_too.keys()
        if space == space_too and all(selector[key] == selector_too[key] for key in shared):
            yield f"{one} and {other}: one's selector may match the other's pods"
    for service in manifests.of("Service"):
        if not manifests.selected(service["spec"]["selector"], namespace_of(service)):
            yield f"Service {service['metadata']['name']}: its selector matches no template"


def _ports(manifests: Manifests) -> Iterator[str]:
    for pod in manifests.pods():
        ports = [port for container in pod.containers() for port in container.ports]
        for what in ("name", "containerPort"):
            times = Counter(port[what] for port in ports if what in port)
            yield from (f"{pod.owner}: {what} {port!r} is there twice" for port, n in times.items() if n > 1)
        names = [port["name"] for port in ports if "name" in port]
        yield from (f"{pod.owner}: {name!r} is no port name" for name in names if not PORT_NAME.fullmatch(name))
    for service in manifests.of("Service"):
        name = f"Service {service['metadata']['name']}"
        for port in service["spec"]["ports"]:
            target = port.get("targetPort", port["port"])
            if len(service["spec"]["ports"]) > 1 and "name" not in port:
                yield f"{name}: of several ports each needs a name"
            for pod in manifests.selected(service["spec"]["selector"], namespace_of(service)):
                if not pod.has_port(target):
                    yield f"{name}: {pod.owner} has no port {target!r}"


def _probes(manifests: Manifests) -> Iterator[str]:
    for pod in manifests.pods():
        for container in pod.containers():
            name = f"{pod.owner}, {container.name}"
            there = [probe for probe in PROBES if probe in container.spec]
            if container.runs_once:
                if there or "lifecycle" in container.spec:
                    yield f"{name}: runs once, so it can have neither probes nor hooks"
                continue
            yield from (f"{name}: has no {probe}" for probe in PROBES[:2] if probe not in there)
            for probe in there:
                spec = container.spec[probe]
                asked = spec.get("httpGet") or spec.get("tcpSocket") or spec.get("grpc")
                if asked and not container.has_port(asked["port"]):
                    yield f"{name}: its {probe} asks port {asked['port']!r}, which it does not have"
                path = spec.get("httpGet", {}).get("path")
                if path and manifests.paths is not None and path not in manifests.paths:
                    yield f"{name}: its {probe} asks for {path}, which nothing answers"
                if probe != "readinessProbe" and spec.get("successThreshold", 1) != 1:
                    yield f"{name}: the successThreshold of a {probe} is 1"
        if not pod.runs_once and not any("readinessProbe" in container.spec for container in pod.containers()):
            yield f"{pod.owner}: nothing tells when it is ready"


def _resources(manifests: Manifests) -> Iterator[str]:
    for pod in manifests.pods():
        for container in pod.containers():
            resources = container.spec.get("resources", {})
            requests, limits = resources.get("requests", {}), resources.get("limits", {})
            for what in ("cpu", "memory"):
                name = f"{pod.owner}, {container.name}: {what}"
                if what not in requests or what not in limits:
                    yield f"{name} has no request or no limit"
                elif amount(requests[what]) > amount(limits[what]):
                    yield f"{name} request {requests[what]} is more than its limit {limits[what]}"


def amount(quantity: str | int) -> float:
    """A quantity as a number."""
    read = QUANTITY.fullmatch(str(quantity))
    if read is None:
        raise ValueError(f"{quantity!r} is no quantity")
    return float(read[1]) * FACTORS[read[2]]


def _references(manifests: Manifests) -> Iterator[str]:
    for pod in manifests.pods():
        for volume in pod.spec.get("volumes", []):
            for kind, member, key in (("ConfigMap", "configMap", "name"), ("Secret", "secret", "secretName")):
                if member in volume:
                    wanted = {item["key"] for item in volume[member].get("items", [])}
                    yield from _reference(manifests, pod, kind, volume[member][key], wanted)
        for container in pod.containers():
            for source in container.spec.get("envFrom", []):
                for kind, member in (("ConfigMap", "configMapRef"), ("Secret", "secretRef")):
                    if member in source:
                        yield from _reference(manifests, pod, kind, source[member]["name"], set())
            for variable in container.spec.get("env", []):
                for kind, member in (("ConfigMap", "configMapKeyRef"), ("Secret", "secretKeyRef")):
                    if member in (read := variable.get("valueFrom", {})):
                        yield from _reference(manifests, pod, kind, read[member]["name"], {read[member]["key"]})
    for secret in manifests.of("Secret"):
        missing = KEYS_OF_TYPE.get(secret.get("type", ""), set()) - set(secret.get("data", {}))
        yield from (f"Secret {secret['metadata']['name']}: has no {key}" for key in sorted(missing))


def _reference(manifests: Manifests, pod: Pod, kind: str, name: str, wanted: set[str]) -> Iterator[str]:
    keys = manifests.keys_of(kind, name, pod.namespace)
    if keys is None:
        if kind != "Secret" or name not in manifests.made_by_hand:
            yield f"{pod.owner}: there is no {kind} {name}"
        return
    yield from (f"{pod.owner}: {kind} {name} has no {key}" for key in sorted(wanted - keys))


def _mounts(manifests: Manifests) -> Iterator[str]:
    for pod in manifests.pods():
        volumes, used = [volume["name"] for volume in pod.spec.get("volumes", [])], set()
        yield from (f"{pod.owner}: two volumes are called {name}" for name, n in Counter(volumes).items() if n > 1)
        for container in pod.containers():
            mounts = container.spec.get("volumeMounts", [])
            used |= {mount["name"] for mount in mounts}
            places = Counter(mount["mountPath"] for mount in mounts)
            name = f"{pod.owner}, {container.name}"
            yield from (f"{name}: two volumes are mounted at {place}" for place, times in places.items() if times > 1)
        yield from (f"{pod.owner}: there is no volume {name}" for name in sorted(used - set(volumes)))
        yield from (f"{pod.owner}: nobody mounts the volume {name}" for name in sorted(set(volumes) - used))


def _environment(manifests: Manifests) -> Iterator[str]:
    for pod in manifests.pods():
        for container in pod.containers():
            name = f"{pod.owner}, {container.name}"
            own = Counter(variable["name"] for variable in container.spec.get("env", []))
            yield from (f"{name}: {variable} is set twice" for variable, times in own.items() if times > 1)
            known = set(own)
            for source in container.spec.get("envFrom", []):
                read = source.get("configMapRef", {}).get("name", "")
                known |= manifests.keys_of("ConfigMap", read, pod.namespace) or set()
            words = [*container.spec.get("command", []), *container.spec.get("args", [])]
            asked = {variable for word in words for variable in EXPANSION.findall(word)}
            yield from (
                f"{name}: its command asks for {variable}, which is not set" for variable in sorted(asked - known)
            )


def _restricted(manifests: Manifests) -> Iterator[str]:
    """The Pod Security Standard `restricted`, and what our house adds: a read-only root, no token of the cluster's."""
    for pod in manifests.pods():
        spec, own = pod.spec, pod.spec.get("securityContext", {})
        told = {
            "has a token of the cluster's": spec.get("automountServiceAccountToken") is not False,
            "may run as root": own.get("runAsNonRoot") is not True or own.get("runAsUser", 0) == 0,
            "has no seccomp profile": own.get("seccompProfile", {}).get("type") != "RuntimeDefault",
            "shares the host's namespaces": any(spec.get(f"host{what}") for what in ("Network", "PID", "IPC")),
            "mounts the host's files": any("hostPath" in volume for volume in spec.get("volumes", [])),
        }
        yield from (f"{pod.owner}: {fault}" for fault, is_so in told.items() if is_so)
        for container in pod.containers():
            context = container.spec.get("securityContext", {})
            image = container.spec["image"]
            told = {
                "may gain privileges": context.get("allowPrivilegeEscalation") is not False,
                "keeps capabilities": context.get("capabilities", {}) != {"drop": ["ALL"]},
                "may write to its root": context.get("readOnlyRootFilesystem") is not True,
                "differs from its pod": bool({"runAsUser", "runAsNonRoot", "seccompProfile"} & context.keys()),
                "has an image that may change under its name": not FIXED.search(image),
                f"there is no image {image}": manifests.images is not None and image not in manifests.images,
            }
            yield from (f"{pod.owner}, {container.name}: {fault}" for fault, is_so in told.items() if is_so)


CHECKS: tuple[Check, ...] = (
    _names,
    _selectors,
    _ports,
    _probes,
    _resources,
    _references,
    _mounts,
    _environment,
    _restricted,
)
