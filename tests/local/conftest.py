"""Stacks of stand-ins: the runner does not know what a service does, so any process will do."""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.local.down import take_down
from deploy.local.run_folder import RunFolder, locate, open_folder, prepare_sockets
from deploy.local.stack_plan import HTTP_OK, Probe, Service, StackPlan, StopOrder, http_get
from deploy.local.up import await_ready, launch

STAND_IN = str(Path(__file__).with_name("stand_in.py"))


def stand_in(folder: RunFolder, name: str, *arguments: str, leaves: StopOrder = StopOrder.THEN) -> Service:
    """A service that becomes ready at once and stays."""
    socket = folder.socket(name)
    command = (sys.executable, "-I", "-S", STAND_IN, socket, *arguments)
    return Service(name, name, command, {}, Probe(f"unix:{socket}", http_get("/"), HTTP_OK), leaves, socket)


def plan_of(folder: RunFolder, *services: Service) -> StackPlan:
    """A plan of stand-ins; its port is only told, never opened."""
    return StackPlan(str(folder.root), str(folder.sockets), str(folder.root), 1, services)


@pytest.fixture
def folder() -> Iterator[RunFolder]:
    """A run folder with a short path; whatever a test leaves running there is ended."""
    root = Path(tempfile.mkdtemp(prefix="run-"))
    yield open_folder(root)
    take_down(locate(root))
    shutil.rmtree(root)


@pytest.fixture
def start(folder: RunFolder) -> Iterator[Callable[..., None]]:
    """Start stand-ins under a real supervisor and wait for them."""
    supervisors = []

    def started(*services: Service, folder: RunFolder = folder) -> None:
        prepare_sockets(folder)
        supervisors.append(launch(folder, plan_of(folder, *services)))
        await_ready(folder, services[0].ready, told=set())

    yield started
    take_down(folder)
    for supervisor in supervisors:
        supervisor.wait(timeout=10)
