"""Reading what a process shows: `GET /metrics` over a UNIX socket, and the samples in the text."""

from collections.abc import Iterator
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from infra.process.metrics_server import PATH
from tests.support.stack import Stack

OURS = ("oauth", "authz-1", "authz-2", "transcoder-1", "transcoder-2")


def scrape(folder: Path, name: str) -> list[Sample]:
    """What a service of a stack tells."""
    return samples(told_by(folder, name))


def told_by(folder: Path, name: str) -> str:
    """The same as text."""
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(folder / f"{name}-told.sock"))) as client:
        return client.get(f"http://metrics{PATH}").raise_for_status().text


def scrape_envoy(folder: Path) -> str:
    """What Envoy tells, at its watch port elsewhere; as text, since the parser renames counters without `_total`."""
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(folder / "envoy-admin.sock"))) as client:
        return client.get("http://envoy/stats/prometheus").raise_for_status().text


def samples(text: str) -> list[Sample]:
    """Every sample of an exposition."""
    return [sample for family in text_string_to_metric_families(text) for sample in family.samples]


def total(stack: Stack, kind: str, name: str, **labels: str) -> float:
    """The sum of a metric over all processes of a kind, where the labels say so."""
    return sum(
        sample.value for sample in _of_kind(stack.own_folder, kind) if sample.name == name and _has(sample, labels)
    )


def _of_kind(folder: Path, kind: str) -> Iterator[Sample]:
    for name in OURS:
        if name.startswith(kind):
            yield from scrape(folder, name)


def _has(sample: Sample, labels: dict[str, str]) -> bool:
    return labels.items() <= sample.labels.items()
