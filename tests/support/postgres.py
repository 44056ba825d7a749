"""A PostgreSQL server of the tests' own, out of the packages of the machine; its address is a folder."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

START_S = 30.0
UNPRIVILEGED = "postgres"
"""Who runs it where the tests run as root, which a server refuses to be."""


@dataclass(frozen=True)
class Server:
    """A running server."""

    programs: Path
    folder: Path

    def new_database(self) -> str:
        """The URL of an empty database."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        self._run("createdb", "--template=template0", name)
        return f"postgresql+asyncpg://tests@/{name}?host={self.folder}"

    def accepts(self) -> bool:
        return subprocess.run(self._command("pg_isready"), capture_output=True, check=False).returncode == 0

    def _command(self, program: str, *words: str) -> list[str]:
        return [str(self.programs / program), "-h", str(self.folder), "-U", "tests", *words]

    def _run(self, program: str, *words: str) -> None:
        subprocess.run(self._command(program, *words), capture_output=True, check=True)


def missing() -> str:
    """Why there can be no server here; empty if there can."""
    if _programs() is None:
        return "PostgreSQL is not installed (Debian: apt install postgresql)"
    if os.getuid() == 0:
        try:
            pwd.getpwnam(UNPRIVILEGED)
        except KeyError:
            return f"PostgreSQL does not run as root, and there is no user {UNPRIVILEGED}"
    return ""


@contextlib.contextmanager
def running_server() -> Iterator[Server]:
    """A server, while the block lasts; nothing of it is left."""
    programs = _programs()
    assert programs is not None
    owner = {"user": UNPRIVILEGED, "group": UNPRIVILEGED, "extra_groups": []} if os.getuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # pytest's own folders are too long for a socket
    if owner:
        shutil.chown(folder, UNPRIVILEGED, UNPRIVILEGED)
    records = folder / "records"
    try:
        made = [
            programs / "initdb",
            "--auth=trust",
            "--no-sync",
            "--username=tests",
            "--encoding=UTF8",
            "-D",
            records,
        ]
        subprocess.run(made, **owner, cwd=folder, capture_output=True, check=True)
        settings = ("listen_addresses=", "fsync=off", f"unix_socket_directories={folder}", "max_connections=50")
        told = [word for setting in settings for word in ("-c", setting)]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [programs / "postgres", "-D", records, *told],
                **owner,
                cwd=folder,
                stdout=log,
                stderr=log,
            )
        try:
            yield _accepting(Server(programs, folder), server)
        finally:
            server.send_signal(signal.SIGINT)  # ends sessions, and stops
            server.wait(START_S)
    finally:
        shutil.rmtree(folder)


def _accepting(server: Server, process: subprocess.Popen[bytes]) -> Server:
    give_up_s = time.monotonic() + START_S
    while not server.accepts():
        assert process.poll() is None and time.monotonic() < give_up_s, (server.folder / "log").read_text()
    return server


def _programs() -> Path | None:
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    on_path = shutil.which("initdb")
    newest = sorted(found, key=lambda path: int(path.parent.name))[-1:]
    return newest[0] if newest else Path(on_path).parent if on_path else None
