"""The stack in containers, and the tests that need one or its image: `make test-compose` runs this module.

Free ports, a project name and an image name of its own: it runs beside whatever else runs here, and leaves nothing.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.processes import free_ports
from tests.support.stack import ROOT

COPIED = {
    "CA_FILE": "envoy:/etc/gateway/tls/ca.pem",
    "SIGNING_KEY_FILE": "oauth:/etc/gateway/keys/signing/signing.pem",
    "ID_KEY_FILE": "oauth:/etc/gateway/keys/id/id.key",
}
"""What the suite signs and opens with, and where it is in the containers."""
SUITE = ["tests/conformance", "tests/deploy/test_local_overlay.py"]
"""Against the stack; and the pods of Kubernetes' overlay `local`, from the same image."""
BUILD_S, UP_S, COMMAND_S = 900, 180, 60


class Compose:
    """One project of docker-compose.yml."""

    def __init__(self) -> None:
        self.name = f"gateway-test-{uuid.uuid4().hex[:8]}"
        self.api_port, self.auth_port = free_ports(2)
        self.image = f"{self.name}:latest"
        ours = {"API_PORT": str(self.api_port), "AUTH_PORT": str(self.auth_port), "GATEWAY_IMAGE": self.image}
        self._environment = {**os.environ, **ours, "COMPOSE_PROJECT_NAME": self.name}

    def say(self, *words: str, within_s: float = COMMAND_S) -> str:
        """What `docker compose …` prints; its errors go to ours."""
        command = ["docker", "compose", "--progress", "plain", *words]
        done = subprocess.run(
            command, cwd=ROOT, env=self._environment, stdout=subprocess.PIPE, text=True, timeout=within_s, check=True
        )
        return done.stdout.strip()

    def facts(self, folder: Path) -> dict[str, str]:
        """What tests have to know of it, as `make where` tells of a local stack; key files are copied to `folder`."""
        for name, place in COPIED.items():
            self.say("cp", place, str(folder / name))
        api, auth = f"https://localhost:{self.api_port}", f"https://localhost:{self.auth_port}"
        return {
            "API_URL": api,
            "AUTH_URL": auth,
            "ISSUER": auth,
            "AUDIENCE": api,
            "SIGNING_KID": self.say("exec", "-T", "oauth", "python", "-m", "oauth", "kid"),
            **{name: str(folder / name) for name in COPIED},
        }


def missing() -> str:
    """Why there can be no containers here; empty if there can."""
    if shutil.which("docker") is None:
        return "there is no docker command"
    for command in (["docker", "compose", "version"], ["docker", "info"]):
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=COMMAND_S)
        if done.returncode:
            return f"`{' '.join(command)}` fails: {(done.stderr or done.stdout).strip()}"
    return ""


@contextmanager
def running_compose() -> Iterator[Compose]:
    """A stack in containers, ready; taken down with all that it stored, whatever happens."""
    compose = Compose()
    try:
        began_s = time.monotonic()
        compose.say("build", within_s=BUILD_S)
        built_s = time.monotonic()
        compose.say("up", "--wait", "--wait-timeout", str(UP_S), within_s=BUILD_S)
        print(f"built in {built_s - began_s:.1f} s, up in {time.monotonic() - built_s:.1f} s", flush=True)
        yield compose
    except BaseException:
        subprocess.run(["docker", "compose", "-p", compose.name, "logs", "--tail", "40"], cwd=ROOT, check=False)
        raise
    finally:
        compose.say("down", "--volumes", "--timeout", "5")
        subprocess.run(["docker", "image", "rm", compose.image], capture_output=True, check=False)


def main() -> int:
    """Run pytest with the words of the command line, by default over what needs containers."""
    why_not = missing()
    if why_not:
        print(f"\n*** SKIPPED: nothing was tested in containers, because {why_not} ***\n", flush=True)
        return 0
    with running_compose() as compose, tempfile.TemporaryDirectory() as folder:
        given = {f"STACK_{name}": value for name, value in compose.facts(Path(folder)).items()}
        suite = sys.argv[1:] or SUITE
        environment = os.environ | given | {"GATEWAY_IMAGE": compose.image}
        return subprocess.run([sys.executable, "-m", "pytest", *suite], cwd=ROOT, env=environment).returncode


if __name__ == "__main__":
    raise SystemExit(main())
