"""What the supervisor shows of its services: `state.json` at every change, and a line in its log.

Owns both; must not know why anything happens.
"""

import os
import time

from deploy.local.processes import identify
from deploy.local.run_folder import RunFolder
from deploy.local.stack_plan import Service, StackPlan
from deploy.local.stack_state import ServiceState, StackState, Stage, write_state


class StatusFile:
    """The state of all services, written to the run folder at every change."""

    def __init__(self, folder: RunFolder, plan: StackPlan) -> None:
        me = identify(os.getpid())
        if me is None:
            raise RuntimeError("this process cannot see itself: is /proc mounted?")
        self._folder = folder
        self._state = StackState(
            me, plan.api_port, [ServiceState(service.name, service.kind) for service in plan.services]
        )
        self._rows = {row.name: row for row in self._state.services}

    def started(self, service: Service, pid: int) -> None:
        """A new process of `service` runs."""
        self._rows[service.name].process = identify(pid)
        self._move(service, Stage.STARTING)

    def ready(self, service: Service) -> None:
        """It answered its probe."""
        self._rows[service.name].failed_starts = 0
        self._move(service, Stage.READY)

    def died(self, service: Service, end: str) -> None:
        """It ended without having been asked to."""
        row = self._rows[service.name]
        row.failed_starts += row.stage is Stage.STARTING
        row.restarts += 1
        row.process, row.last_end = None, end
        self._move(service, Stage.PAUSED)

    def handing_over(self, service: Service, pid: int) -> None:
        """A second process of `service` starts, to take over from the first."""
        self._rows[service.name].beside = identify(pid)
        log_line(f"{service.name}: a successor starts")
        self.write()

    def taken_over(self, service: Service, pid: int, *, leaving: int) -> None:
        """The second is the one that counts from now on; the first finishes what it has."""
        row = self._rows[service.name]
        row.process, row.beside = identify(pid), identify(leaving)
        self.ready(service)

    def handover_failed(self, service: Service, end: str = "") -> None:
        """One process again; `end` tells how a successor failed."""
        row = self._rows[service.name]
        row.beside = None
        if end:
            row.last_end = end
            log_line(f"{service.name}: no successor ({end})")
        self.write()

    def stopped(self, service: Service) -> None:
        """It was asked to end and has."""
        self._rows[service.name].process = None
        self._move(service, Stage.STOPPED)

    def _move(self, service: Service, stage: Stage) -> None:
        row = self._rows[service.name]
        row.stage, row.since_s = stage, time.time()
        log_line(f"{service.name}: {stage}{f' ({row.last_end})' if stage is Stage.PAUSED else ''}")
        self.write()

    def write(self) -> None:
        """A full disk must not take the services down: the state is then old, and the log says so."""
        try:
            write_state(self._folder, self._state)
        except OSError as error:
            log_line(f"cannot write {self._folder.state}: {error.strerror}")


def log_line(line: str) -> None:
    """Write one line to the supervisor's own log, which is its stdout."""
    print(f"{time.strftime('%Y-%m-%dT%H:%M:%S')} {line}", flush=True)
