"""Envoy before the contenders of `decision`: our edge as rendered, but that a request is little more than its Check.

Owns what is rendered otherwise: each contender is asked by a listener of its own, a UNIX socket without TLS, and who is
let through is answered by Envoy itself. What a contender is asked, and how much of it at a time, is Envoy's own doing.
"""

import copy
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from benchmarks.works import message
from contract.versions import LATEST_VERSION
from envoy_config.bootstrap import bootstrap
from envoy_config.clusters import AUTHZ, TRANSCODER
from envoy_config.deployment import Deployment
from envoy_config.proto import Yaml
from infra.process.address import UnixAddress
from tests.envoy.standing import ENVOY
from tests.support.processes import running

HEADERS = {
    "Authorization": "Bearer @TOKEN@",
    "User-Agent": "a-client/1.2 (https://client.example; partner)",
    "Accept": "application/json",
    "Accept-Encoding": "gzip, br",
    "Version": LATEST_VERSION.date,
    "X-Request-Id": "a client's own",
}
"""What an honest client sends."""
REQUEST = message("GET", "/v1/contacts?limit=50", HEADERS)
LET_THROUGH = 200
_EDGE = "edge"


@asynccontextmanager
async def asking(folder: Path, deployment: Deployment, sockets: Mapping[str, Path]) -> AsyncIterator[dict[str, Path]]:
    """An Envoy with one worker; for each contender, by name, where those are taken whose Checks it gets."""
    listens = {name: folder / f"{number}.http" for number, name in enumerate(sockets)}
    configuration = folder / "envoy.json"
    configuration.write_text(json.dumps(_rendered(deployment, sockets, listens)))
    command = [str(ENVOY), "-c", str(configuration), "--concurrency", "1", "--disable-hot-restart"]
    ready = UnixAddress(next(iter(listens.values())))
    async with running(command, {}, ready=ready, log=folder / "envoy.log"):
        yield listens


def _rendered(deployment: Deployment, sockets: Mapping[str, Path], listens: Mapping[str, Path]) -> Yaml:
    whole = bootstrap(deployment)
    del whole["admin"]
    parts = whole["static_resources"]
    [edge], others = _parted(parts["listeners"], _EDGE)
    [authz], neighbours = _parted(parts["clusters"], AUTHZ)
    parts["listeners"] = [*(_listener(edge, name, listens[name]) for name in sockets), *others]
    parts["clusters"] = [*(_cluster(authz, name, socket) for name, socket in sockets.items()), *neighbours]
    return whole


def _parted(named: Iterable[Yaml], name: str) -> tuple[list[Yaml], list[Yaml]]:
    every = list(named)
    return [one for one in every if one["name"] == name], [one for one in every if one["name"] != name]


def _listener(edge: Yaml, name: str, listen: Path) -> Yaml:
    own = copy.deepcopy(edge)
    own.update(name=name, address={"pipe": {"path": str(listen)}})
    own.pop("additional_addresses", None)
    [chain] = own["filter_chains"]
    del chain["transport_socket"], chain["transport_socket_connect_timeout"]
    _change(chain, name)
    return own


def _change(part: Any, name: str) -> None:
    """Whoever is asked is the contender; what went to the transcoder goes nowhere."""
    if isinstance(part, list):
        for each in part:
            _change(each, name)
    elif isinstance(part, dict):
        if part.get("cluster_name") == AUTHZ:
            part["cluster_name"] = name
        if part.get("route", {}).get("cluster") == TRANSCODER:
            del part["route"]
            part["direct_response"] = {"status": LET_THROUGH}
        for each in part.values():
            _change(each, name)


def _cluster(authz: Yaml, name: str, socket: Path) -> Yaml:
    own = copy.deepcopy(authz)
    address = {"pipe": {"path": str(socket)}}
    own["name"] = name
    own["load_assignment"] = {
        "cluster_name": name,
        "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
    }
    return own
