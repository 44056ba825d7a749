"""The whole stack, started for tests by the runner's own commands on free ports, beside whatever else runs here.

Or one that runs already, such as in containers: then STACK_API_URL, STACK_CA_FILE and so on tell of it.
"""

import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import jwt

from contract.ids import IdCodec
from contract.vocabulary import TenantId
from deploy.local.run_folder import locate
from tests.spec.operations import CURRENT, SCOPES
from tests.support.agreement import disagreements, told
from tests.support.hushed import hush, hush_answer, tellers

ROOT = Path(__file__).resolve().parents[2]
START_S = 90
GIVEN = ("API_URL", "AUTH_URL", "CA_FILE", "ISSUER", "AUDIENCE", "SIGNING_KEY_FILE", "SIGNING_KID", "ID_KEY_FILE")
"""What has to be told of a stack that runs already, each as STACK_…"""
ALL_SCOPES = " ".join(SCOPES)
ADMINS = {1: 11, 2: 21}
"""The seeded admin of each business."""
DEAREST = 10
"""The highest cost of an operation."""
ASKED_AGAIN = 10
LIMITS_TIMEOUT_MS = "200"
"""A machine that runs tests is busy: what is counted is to be exact all the same."""


class Purse(httpx.Auth):
    """Pays with a new token, of a family of its own, whenever the budget of the one in use runs low."""

    def __init__(self, mint: Callable[[], str]) -> None:
        self._mint = mint
        self._token = ""
        self._left = 0

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        if self._left < DEAREST:
            self._token = self._mint()
        request.headers["Authorization"] = f"Bearer {self._token}"
        answer = yield request
        self._left = int(answer.headers.get("x-ratelimit-remaining", "0"))


class Patient(httpx.HTTPTransport):
    """Asks again where nothing was decided for lack of time: the machine may be busy with other things."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        for _ in range(ASKED_AGAIN):
            answer = super().handle_request(request)
            if answer.status_code != 503:
                return answer
            answer.read()
            if answer.json()["code"] != "overloaded":
                return answer
        return super().handle_request(request)


@dataclass(frozen=True)
class Stack:
    """A running stack, as `make where` tells of it; with a run folder if it was started here."""

    facts: Mapping[str, str]
    folder: Path | None = None

    @property
    def api_url(self) -> str:
        return self.facts["API_URL"]

    @cached_property
    def codec(self) -> IdCodec:
        return IdCodec(bytes.fromhex(Path(self.facts["ID_KEY_FILE"]).read_text().strip()))

    @cached_property
    def signing_key(self) -> str:
        return Path(self.facts["SIGNING_KEY_FILE"]).read_text()

    def claims(
        self, *, tenant: int = 1, user: int | None = None, role: str = "admin", **changes: Any
    ) -> dict[str, Any]:
        """The claims of a good token; a change to None takes the claim away."""
        number = TenantId(tenant)
        claims = {
            "iss": self.facts["ISSUER"],
            "aud": self.facts["AUDIENCE"],
            "sub": self.codec.seal("usr", number, user if user is not None else ADMINS.get(tenant, 1)),
            "business_id": self.codec.seal("biz", number, tenant),
            "role": role,
            "scope": ALL_SCOPES,
            "plan": "scale",
            "client_id": "pat",
            "token_kind": "pat",
            "rate_key": f"test_{uuid.uuid4().hex}",
            "jti": f"pat_{uuid.uuid4().hex}",
            "iat": 1_700_000_000,
            "exp": 4_000_000_000,
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def sign(self, claims: Mapping[str, Any], **header: Any) -> str:
        """A token of this stack's key over any claims, under any header."""
        headers = {"typ": "at+jwt", "kid": self.facts["SIGNING_KID"], **header}
        token = jwt.encode(dict(claims), self.signing_key, algorithm="ES256", headers=headers)
        hush(token)
        return token

    def token(self, **changes: Any) -> str:
        """A good token with a budget of its own, but for the changes to its claims."""
        return self.sign(self.claims(**changes))

    def client(
        self, token: str | None = None, *, http2: bool = False, version: str | None = CURRENT, patient: bool = False
    ) -> httpx.Client:
        """A client of the API host that trusts the stack's CA."""
        sent = {"Version": version} if version else {}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        context = ssl.create_default_context(cafile=self.facts["CA_FILE"])
        transport = (Patient if patient else httpx.HTTPTransport)(verify=context, http2=http2)
        hooks = {"response": [hush_answer]}
        return httpx.Client(base_url=self.api_url, transport=transport, headers=sent, timeout=30, event_hooks=hooks)

    @property
    def own_folder(self) -> Path:
        assert self.folder, "processes and logs are at hand only of a stack that was started here"
        return self.folder

    def caller(self, *, http2: bool = False, version: str | None = CURRENT, **claims: Any) -> httpx.Client:
        """A client with a good token, but for the changes to its claims, and a budget without end."""
        client = self.client(http2=http2, version=version, patient=True)
        client.auth = Purse(lambda: self.token(**claims))
        return client

    def pids(self, kind: str) -> list[int]:
        """The processes of one kind, as they are now."""
        rows = json.loads((self.own_folder / "state.json").read_text())["services"]
        return [row["process"]["pid"] for row in rows if row["kind"] == kind and row["process"]]

    def local(self, *words: str, **settings: str) -> str:
        """What one of the runner's commands says, under settings of the environment."""
        return _local(self.own_folder, *words, settings=settings)

    def restart(self) -> None:
        """Everything ends, and begins again at the same addresses with what it kept."""
        self.local("down")
        self.local("up", "--port", self.api_url.rpartition(":")[2])

    def kill(self, kind: str, which: int = 0) -> None:
        """SIGKILL to one process of a kind."""
        os.kill(self.pids(kind)[which], signal.SIGKILL)

    def envoy(self) -> httpx.Client:
        """A client of Envoy's own pages."""
        transport = httpx.HTTPTransport(uds=locate(self.own_folder).socket("envoy-admin"))
        return httpx.Client(transport=transport, base_url="http://envoy", timeout=5)

    def log(self, name: str) -> str:
        """The log of one service so far."""
        return (self.own_folder / "logs" / f"{name}.log").read_text(errors="replace")


def _local(
    folder: Path,
    *words: str,
    root: Path = ROOT,
    settings: Mapping[str, str] = MappingProxyType({}),
    python: str = sys.executable,
) -> str:
    command = [python, "-m", "deploy.local", *words, "--run-dir", str(folder)]
    environment = {**os.environ, "LIMITS_TIMEOUT_MS": LIMITS_TIMEOUT_MS, "LOG_ALLOWED_SHARE": "1", **settings}
    done = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, timeout=START_S, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def where(folder: Path) -> dict[str, str]:
    """What `make where` says."""
    return dict(line.split("=", 1) for line in _local(folder, "where").splitlines() if "=" in line)


def _as_it_is(_: Path) -> None:
    """An empty run folder."""


@contextmanager
def running_stack(
    root: Path = ROOT,
    *,
    furnish: Callable[[Path], None] = _as_it_is,
    settings: Mapping[str, str] = MappingProxyType({}),
    python: str = sys.executable,
) -> Iterator[Stack]:
    """A stack of its own, of the project at `root`; ended and removed afterwards, and its logs have told no secret
    and agree with each other.

    `furnish` fills its folder first; `settings` are of its environment, and of no other stack's; `python` runs it.
    """
    folder = Path(tempfile.mkdtemp(prefix="stack-"))
    try:
        furnish(folder)
        _local(folder, "up", "--port", "0", root=root, settings=settings, python=python)
        yield Stack({**where(folder), "ID_KEY_FILE": str(folder / "keys" / "id.key")}, folder)
    finally:
        _local(folder, "down", root=root)
        secrets, faults = tellers(folder), disagreements(folder / "logs")
        shutil.rmtree(folder)
    assert secrets == [], "a log tells what was said in confidence"
    assert faults == [], told(faults)


def given_stack(environment: Mapping[str, str]) -> Stack | None:
    """The stack that the environment tells of, if it does: all of `GIVEN`, or nothing."""
    told = {name: environment.get(f"STACK_{name}", "") for name in GIVEN}
    if not any(told.values()):
        return None
    assert all(told.values()), f"of a stack that runs already, all of {GIVEN} have to be told, each as STACK_…"
    return Stack(told)
