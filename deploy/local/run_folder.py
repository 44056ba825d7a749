"""Where one running stack keeps its things: the run folder, and the folder of its sockets.

Owns paths and permissions; must not know what is written in the files.
"""

import fcntl
import hashlib
import os
import re
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.user_error import UserError

# sun_path holds 108 bytes on Linux and 104 on macOS, the closing NUL included (unix(7)).
SOCKET_PATH_BYTES = 103 if sys.platform == "darwin" else 107
LONGEST_SOCKET_NAME = "transcoder-1-told.sock"
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 (where shm_open(3) keeps it)
# A path that needs no quoting in a URL, a YAML file or a shell.
PLAIN_PATH = re.compile(r"[A-Za-z0-9/._+@=-]+")


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The absolute run folder of one stack and the folder where its UNIX sockets are."""

    root: Path
    sockets: Path

    @property
    def keys(self) -> Path:
        """Returns where the secret keys are."""
        return self.root / "keys"

    @property
    def signing_keys(self) -> Path:
        """Returns where the keys that sign tokens are."""
        return self.keys / "signing"

    @property
    def tls(self) -> Path:
        """Returns where the CA, the server's certificate and its key are."""
        return self.root / "tls"

    @property
    def logs(self) -> Path:
        """Returns where each service has its log."""
        return self.root / "logs"

    @property
    def store(self) -> Path:
        """Returns where Valkey and the sandbox keep what they store."""
        return self.root / "store"

    @property
    def state(self) -> Path:
        """Returns the file in which the supervisor tells what runs."""
        return self.root / "state.json"

    @property
    def port(self) -> Path:
        """Returns the file that keeps the API's port from one start to the next."""
        return self.root / "port"

    @property
    def handover_request(self) -> Path:
        """Returns the file that asks the supervisor to let services hand over to new ones."""
        return self.root / "restart.json"

    @property
    def envoy_yaml(self) -> Path:
        """Returns Envoy's rendered configuration."""
        return self.root / "envoy.yaml"

    def log(self, name: str) -> Path:
        """Returns the log of one service, or of the supervisor."""
        return self.logs / f"{name}.log"

    def socket(self, name: str) -> str:
        """Returns the path of one service's socket."""
        return str(self.sockets / f"{name}.sock")


def locate(root: Path) -> RunFolder:
    """Returns the folders that belong to `root`, whether or not they exist yet."""
    root = Path(os.path.abspath(root))  # noqa: PTH100 (resolve() would make a short symbolic link long again)
    if _carries_sockets(root):
        return RunFolder(root, root)
    name = hashlib.sha256(os.fsencode(root)).hexdigest()[:16]
    elsewhere = Path(tempfile.gettempdir()) / f"gateway-{os.getuid()}-{name}"
    if not _carries_sockets(elsewhere):
        raise UserError(f"UNIX sockets do not fit below {root} nor below {elsewhere}: set a shorter RUN_DIR or TMPDIR.")
    return RunFolder(root, elsewhere)


def open_folder(root: Path) -> RunFolder:
    """Returns the folders of `root`, made and closed to everyone else."""
    folder = locate(root)
    for path in (folder.root, folder.keys, folder.signing_keys, folder.tls, folder.logs, folder.store):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def prepare_sockets(folder: RunFolder) -> None:
    """Make the folder of the sockets, if it is not the run folder.

    The temporary directory is everyone's: a folder that someone else made there first must not carry our sockets.
    """
    path = folder.sockets
    if path == folder.root:
        return
    path.mkdir(mode=0o700, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise UserError(f"{path} should be a folder that only you can enter; remove it, or set a shorter RUN_DIR.")


@contextmanager
def exclusive_lock(folder: RunFolder) -> Iterator[None]:
    """Hold the run folder's lock, so that two commands that start or stop a stack follow one another."""
    with (folder.root / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def remove_sockets(folder: RunFolder) -> None:
    """Remove every socket, and the folder made for them under the temporary directory."""
    for path in folder.sockets.glob("*.sock"):
        path.unlink(missing_ok=True)
    if folder.sockets != folder.root and folder.sockets.is_dir():
        folder.sockets.rmdir()


def remove_shared_memory(number: int) -> None:
    """Remove what two Envoys of that base id share: the kernel keeps it, whoever ends."""
    (SHARED_MEMORY / f"envoy_shared_memory_{10 * number}").unlink(missing_ok=True)


def _carries_sockets(path: Path) -> bool:
    longest = os.fsencode(path / LONGEST_SOCKET_NAME)
    return len(longest) <= SOCKET_PATH_BYTES and PLAIN_PATH.fullmatch(str(path)) is not None
