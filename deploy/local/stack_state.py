"""What runs now, as the supervisor last wrote it and every command reads it.

Owns `state.json`; must not decide anything from it.
"""

from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from deploy.local.processes import ProcessIdentity
from deploy.local.run_folder import RunFolder


class Stage(StrEnum):
    """How far a service has come in its present life."""

    STARTING = "starting"
    READY = "ready"
    PAUSED = "waiting to restart"
    STOPPED = "stopped"


@dataclass(slots=True)
class ServiceState:
    """One service as its supervisor sees it."""

    name: str
    kind: str
    stage: Stage = Stage.STARTING
    process: ProcessIdentity | None = None
    beside: ProcessIdentity | None = None
    """A second process, while one hands over to the other."""
    restarts: int = 0
    failed_starts: int = 0
    """Deaths in a row before it was ever ready."""
    last_end: str = ""
    since_s: float = 0.0
    """When it came to this stage, in seconds since the epoch."""


@dataclass(slots=True)
class StackState:
    """One stack: who supervises it, its port, and its services."""

    supervisor: ProcessIdentity
    api_port: int
    services: list[ServiceState] = field(default_factory=list)

    def processes(self) -> list[ProcessIdentity]:
        """Returns the processes of all services."""
        return [one for service in self.services for one in (service.process, service.beside) if one]


def read_state(folder: RunFolder) -> StackState | None:
    """Returns what was last written, alive or not; None when there is nothing, or nothing readable."""
    try:
        return msgspec.json.decode(folder.state.read_bytes(), type=StackState)
    except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError):
        return None


def write_state(folder: RunFolder, state: StackState) -> None:
    """Replace the file in one step: readers see the old state or the new one."""
    draft = folder.state.with_suffix(".draft")
    draft.write_bytes(msgspec.json.encode(state))
    draft.replace(folder.state)
