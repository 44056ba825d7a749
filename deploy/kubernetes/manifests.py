"""Rendered manifests as the checks see them: pods and their containers, and who selects whom.

Must not know what a fault is.
"""

from dataclasses import dataclass
from typing import Any

Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Container:
    """A container, and how it runs beside the others of its pod."""

    spec: Manifest
    runs_once: bool

    @property
    def name(self) -> str:
        return str(self.spec["name"])

    @property
    def ports(self) -> list[Manifest]:
        return list(self.spec.get("ports", []))

    def has_port(self, wanted: str | int) -> bool:
        """By its name or its number."""
        return any(wanted in (port.get("name"), port["containerPort"]) for port in self.ports)


@dataclass(frozen=True, slots=True)
class Pod:
    """The template of a Deployment, or of a Job, which runs once."""

    kind: str
    name: str
    namespace: str
    labels: dict[str, str]
    spec: Manifest

    @property
    def owner(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def runs_once(self) -> bool:
        return self.kind == "Job"

    def containers(self) -> list[Container]:
        """All of them: those that run once before the others, the sidecars, and the main ones."""
        before = [
            Container(spec, spec.get("restartPolicy") != "Always") for spec in self.spec.get("initContainers", [])
        ]
        return before + [Container(spec, self.runs_once) for spec in self.spec["containers"]]

    def has_port(self, wanted: str | int) -> bool:
        """Whether any of its containers has it."""
        return any(container.has_port(wanted) for container in self.containers())


@dataclass(frozen=True, slots=True)
class Manifests:
    """One rendered kustomization; what is made or known elsewhere is known by name."""

    all: list[Manifest]
    made_by_hand: frozenset[str] = frozenset()
    """Secrets."""
    paths: frozenset[str] | None = None
    """Where services answer probes; None: unknown."""
    images: frozenset[str] | None = None
    """Those that there are; None: unknown."""

    def of(self, kind: str) -> list[Manifest]:
        return [manifest for manifest in self.all if manifest["kind"] == kind]

    def pods(self) -> list[Pod]:
        return [pod_of(manifest) for manifest in self.all if manifest["kind"] in ("Deployment", "Job")]

    def selected(self, selector: Manifest, namespace: str) -> list[Pod]:
        """The pods of a namespace that a label selector, or a plain map of labels, selects."""
        return [pod for pod in self.pods() if pod.namespace == namespace and selects(selector, pod.labels)]

    def keys_of(self, kind: str, name: str, namespace: str) -> set[str] | None:
        """The keys of a ConfigMap or Secret; None if there is none of that name."""
        for manifest in self.of(kind):
            if (manifest["metadata"]["name"], namespace_of(manifest)) == (name, namespace):
                return set(manifest.get("data", {})) | set(manifest.get("stringData", {}))
        return None


def selects(selector: Manifest, labels: dict[str, str]) -> bool:
    """Whether a label selector, or a plain map of labels, selects what has these."""
    plain = selector if not {"matchLabels", "matchExpressions"} & selector.keys() else selector.get("matchLabels", {})
    rules = selector.get("matchExpressions", [])
    return plain.items() <= labels.items() and all(_holds(rule, labels) for rule in rules)


def _holds(rule: Manifest, labels: dict[str, str]) -> bool:
    value = labels.get(rule["key"])
    match rule["operator"]:
        case "In":
            return value in rule["values"]
        case "NotIn":
            return value not in rule["values"]
        case "Exists":
            return value is not None
        case _:
            return value is None


def name_of(manifest: Manifest) -> str:
    """Its kind and name, as faults call it."""
    return f"{manifest['kind']} {manifest['metadata']['name']}"


def namespace_of(manifest: Manifest) -> str:
    """Its namespace; empty where it names none."""
    return str(manifest["metadata"].get("namespace", ""))


def pod_of(manifest: Manifest) -> Pod:
    """The template of a Deployment or a Job."""
    template = manifest["spec"]["template"]
    labels = template["metadata"].get("labels", {})
    return Pod(manifest["kind"], manifest["metadata"]["name"], namespace_of(manifest), labels, template["spec"])
