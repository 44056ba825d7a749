"""A service gives way to a new process while it serves; one that cannot start changes nothing. With real processes."""

import signal
from collections.abc import Callable
from dataclasses import replace

import msgspec

from deploy.local.processes import is_alive, send
from deploy.local.restart import follow
from deploy.local.run_folder import RunFolder
from deploy.local.stack_plan import HandoverKind, Service
from deploy.local.stack_state import Stage
from deploy.local.up import end_of_log
from deploy.local.user_error import UserError
from tests.local.conftest import stand_in
from tests.local.test_supervisor import process_of, row, state_of, until

Start = Callable[..., None]


def handing_over(folder: RunFolder, *arguments: str) -> Service:
    return replace(stand_in(folder, "a", "--takes-over", *arguments), hands_over=HandoverKind.BY_SOCKET)


def wish(folder: RunFolder, *services: Service) -> None:
    folder.handover_request.write_bytes(msgspec.json.encode(services))
    send(state_of(folder).supervisor, signal.SIGUSR1)


def test_a_new_process_serves_before_the_old_one_ends(folder: RunFolder, start: Start) -> None:
    start(handing_over(folder))
    old = row(folder, "a")
    wish(folder, handing_over(folder))
    follow(folder, state_of(folder).supervisor, [old])
    new = row(folder, "a")
    assert old.process is not None and not is_alive(old.process)
    assert new.process != old.process
    assert (new.stage, new.restarts, new.beside) == (Stage.READY, 0, None)
    said = folder.log("supervisor").read_text()
    assert said.index("a: a successor starts") < said.rindex("a: ready")


def test_a_new_process_that_cannot_start_changes_nothing(folder: RunFolder, start: Start) -> None:
    start(handing_over(folder))
    old = row(folder, "a")
    wish(folder, replace(handing_over(folder), command=("/bin/false",)))
    try:
        follow(folder, state_of(folder).supervisor, [old])
    except UserError as trouble:
        assert "a goes on as it was: a new one did not start (exit code 1)" in str(trouble)
    else:
        raise AssertionError("it cannot have started")
    assert process_of(folder, "a") == old.process
    assert row(folder, "a").stage is Stage.READY


def test_a_successor_is_kept_alive_like_the_first(folder: RunFolder, start: Start) -> None:
    start(handing_over(folder))
    old = row(folder, "a")
    wish(folder, handing_over(folder))
    follow(folder, state_of(folder).supervisor, [old])
    second = process_of(folder, "a")
    send(second, signal.SIGKILL)
    until(lambda: row(folder, "a").restarts == 1 and row(folder, "a").stage is Stage.READY)
    assert process_of(folder, "a") != second


def test_an_old_process_that_does_not_end_is_known_to_down(folder: RunFolder, start: Start) -> None:
    start(handing_over(folder, "--deaf"))
    old = process_of(folder, "a")
    wish(folder, handing_over(folder))
    until(lambda: row(folder, "a").beside == old)
    assert {old, process_of(folder, "a")} <= set(state_of(folder).processes())


def test_a_wish_that_cannot_be_read_is_told_and_forgotten(folder: RunFolder, start: Start) -> None:
    start(handing_over(folder))
    folder.handover_request.write_bytes(b"{")
    send(state_of(folder).supervisor, signal.SIGUSR1)
    until(lambda: not folder.handover_request.exists())
    assert "cannot restart" in folder.log("supervisor").read_text()


def test_why_a_new_process_could_not_start_is_told_though_the_old_one_goes_on_logging(folder: RunFolder) -> None:
    usual = '{"event":"request","level":"info"}\n'
    folder.log("authz-1").write_text(f"{usual}authz: LISTEN is not set\n{usual * 100}")
    assert end_of_log(folder, "authz-1").endswith("\n    authz: LISTEN is not set")
    folder.log("authz-2").write_text(usual)
    assert usual.strip() in end_of_log(folder, "authz-2"), "better that than nothing"
