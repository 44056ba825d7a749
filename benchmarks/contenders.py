"""The contenders: our transcoder and what others would pick, each one process before the same stand-in for the CRM.

Owns how each is started, and which of them this machine cannot start. Knows nothing of load or figures.
"""

import os
import shutil
import sys
import time
from collections.abc import AsyncIterator, Container, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

import trustme

from benchmarks.recorded import ROOT
from contract.versions import LATEST_VERSION
from deploy.local.services import _envoy_binary
from infra.process.address import UnixAddress
from tests.component.transcoder.places import API_URL, ID_KEY
from tests.envoy.standing import certificate
from tests.stores.valkey_process import valkey_at
from tests.support.processes import free_ports, running

RIVALS = ROOT / "benchmarks" / "rivals"
APART = ROOT / ".venv" / "bench" / "bin" / "python"
"""Where the rivals in Python live."""
_DEPLOYED = ROOT / ".venv" / "runtime" / "bin" / "python"
AS_DEPLOYED = str(_DEPLOYED) if _DEPLOYED.exists() else sys.executable
"""What ours run in: what they have at work, and nothing that is for tests, some of which libraries import by chance."""
OURS, ENVOY, NGINX = "transcoder", "E: Envoy, plain proxy", "nginx, plain proxy"
ENVOY_TLS = "E with TLS"
FASTAPI, STARLETTE, FASTIFY = "A: FastAPI + httpx", "S: Starlette + aiohttp", "F: Fastify + undici"
HELLO = "aiohttp, hello"
PROXIES = (ENVOY, ENVOY_TLS, NGINX)
"""They pass on what they are given, so that they are given what the CRM is to be asked."""


@dataclass(frozen=True)
class Contender:
    """A running one: where it listens, and its process."""

    name: str
    pid: int
    socket: str = ""
    port: int = 0
    ca: str = ""
    started_s: float = 0.0
    """From its start until it accepted connections."""

    @property
    def at(self) -> dict[str, str | int]:
        """Where the load goes, in the words of a job."""
        return {"socket": self.socket} if self.socket else {"port": self.port, "ca": self.ca}


@asynccontextmanager
async def stand_in(folder: Path, recorded: Path) -> AsyncIterator[Path]:
    """The stand-in for the CRM."""
    socket = folder / "crm.sock"
    command = [sys.executable, str(ROOT / "benchmarks" / "crm.py"), str(socket), str(recorded)]
    async with running(command, {"PATH": os.environ["PATH"]}, ready=UnixAddress(socket), log=folder / "crm.log"):
        yield socket


@dataclass(frozen=True)
class _Way:
    """How one is started. In its settings and its `configuration`, a file, $… are this machine's facts."""

    name: str
    command: Sequence[str]
    settings: Mapping[str, str] = field(default_factory=dict)
    configuration: str = ""


@asynccontextmanager
async def contenders(folder: Path, crm: Path, but: Container[str] = ()) -> AsyncIterator[dict[str, Contender]]:
    """All that this machine can start, by name, `but` for some."""
    [port] = free_ports(1)
    certificate(trustme.CA(), folder)
    async with AsyncExitStack() as stack:
        valkey_url, _ = await stack.enter_async_context(valkey_at(folder))
        started: dict[str, Contender] = {}
        for number, way in enumerate(way for way in _ways(folder, crm, valkey_url) if way.name not in but):
            socket = folder / f"{number}.sock"
            facts = {"LISTEN": str(socket), "CRM": str(crm), "FOLDER": str(folder), "PORT": str(port)}
            if way.configuration:
                text = (RIVALS / way.configuration).read_text()
                (folder / way.configuration).write_text(Template(text).substitute(facts))
            environment = {"PATH": os.environ["PATH"], "LISTEN": str(socket), **way.settings}
            environment = {name: Template(text).substitute(facts) for name, text in environment.items()}
            began_s = time.monotonic()
            process = await stack.enter_async_context(
                running(way.command, environment, ready=UnixAddress(socket), log=folder / f"{number}.log")
            )
            started[way.name] = Contender(way.name, process.pid, str(socket), started_s=time.monotonic() - began_s)
        started[ENVOY_TLS] = Contender(ENVOY_TLS, started[ENVOY].pid, port=port, ca=str(folder / "ca.pem"))
        yield started


def _ways(folder: Path, crm: Path, valkey_url: str) -> Iterator[_Way]:
    told = {"CRM": str(crm), "VALKEY": valkey_url.removeprefix("unix://"), "ID_KEY": ID_KEY.hex()}
    told["VERSION"] = LATEST_VERSION.date
    yield _Way(OURS, [AS_DEPLOYED, "-m", "transcoder"], transcoder_settings(folder, crm, valkey_url))
    yield _Way(HELLO, [sys.executable, str(RIVALS / "aiohttp_hello.py")])
    envoy = [_envoy_binary(), "-c", str(folder / "envoy.yaml"), "--concurrency", "1", "--disable-hot-restart"]
    yield _Way(ENVOY, envoy, configuration="envoy.yaml")
    if nginx := shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin"):
        yield _Way(NGINX, [nginx, "-c", str(folder / "nginx.conf")], configuration="nginx.conf")
    if APART.exists():
        yield _Way(FASTAPI, [str(APART), str(RIVALS / "fastapi_httpx.py")], told)
        yield _Way(STARLETTE, [str(APART), str(RIVALS / "starlette_aiohttp.py")], told)
    if (node := shutil.which("node")) and (RIVALS / "node_modules").exists():
        yield _Way(FASTIFY, [node, str(RIVALS / "fastify_undici.js")], {**told, "NODE_ENV": "production"})


def transcoder_settings(folder: Path, crm: Path, valkey_url: str) -> dict[str, str]:
    """What a transcoder is told."""
    (folder / "id.key").write_text(ID_KEY.hex())
    (folder / "cursor.keys").write_text("1 " + "ab" * 32)
    return {
        "LISTEN": "unix:$LISTEN",
        "PYTHONPATH": str(ROOT),
        "INTERNAL_URL": f"unix:{crm}",
        "OAUTH_INTERNAL_URL": f"unix:{folder}/nobody.sock",
        "VALKEY_URL": valkey_url,
        "PUBLIC_API_URL": API_URL,
        "PUBLIC_AUTH_URL": "https://auth.example",
        "ID_KEY_FILE": str(folder / "id.key"),
        "CURSOR_KEYS_FILE": str(folder / "cursor.keys"),
    }
