"""The commands as people type them: one line for a mistake, never a traceback."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.commands import ROOT, environment
from deploy.local.ports import claim_ports
from deploy.local.run_folder import RunFolder

WITHIN_S = 30.0


def local(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deploy.local", *words],
        cwd=ROOT,
        env=environment(variables),
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )


def test_up_on_a_taken_port_says_so_in_one_line(folder: RunFolder) -> None:
    free = claim_ports(0)
    free.close()
    with socket.socket() as other:
        other.bind(("127.0.0.1", free.api_port))
        other.listen()
        done = local("up", "--run-dir", str(folder.root), "--port", str(free.api_port))
    assert done.returncode == 1
    assert done.stderr == f"Port {free.api_port} is taken by another program; choose another: PORT=9443.\n"
    assert not folder.state.exists()


@pytest.mark.parametrize("port", ["x", "-1", "65535", "8443 ", "٣"])
def test_up_refuses_a_port_that_is(port: str, folder: RunFolder) -> None:
    done = local("up", "--run-dir", str(folder.root), PORT=port)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith(f"PORT is {port!r}")


@pytest.mark.parametrize("command", ["status", "where", "token"])
def test_without_a_stack_it_says_how_to_start_one(command: str, folder: RunFolder) -> None:
    done = local(command, RUN_DIR=str(folder.root))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"Nothing runs in {folder.root}: `make up` first.\n"


@pytest.mark.parametrize("command", ["revoke", "suspend", "resume", "plan", "revocations"])
def test_where_nothing_was_ever_kept_there_is_nothing_to_revoke(command: str, folder: RunFolder) -> None:
    done = local(command, RUN_DIR=str(folder.root / "nothing"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"Nothing is kept in {folder.root / 'nothing'}: `make up` first.\n"


def test_down_without_a_stack_is_no_mistake(folder: RunFolder) -> None:
    done = local("down", "--run-dir", str(folder.root))
    assert (done.returncode, done.stdout) == (0, f"Nothing ran in {folder.root}.\n")


def test_logs_shows_the_ends_of_the_logs_asked_for(folder: RunFolder) -> None:
    for name in ("authz-1", "authz-2", "envoy"):
        folder.log(name).write_text(f"{name} speaks\n")
    shown = local("logs", RUN_DIR=str(folder.root), S="authz").stdout
    assert "authz-1 speaks" in shown
    assert "authz-2 speaks" in shown
    assert "envoy speaks" not in shown
    assert local("logs", "nobody", RUN_DIR=str(folder.root)).stderr == (
        "No log is called nobody; there are: authz, authz-1, authz-2, envoy.\n"
    )


def test_a_run_folder_that_is_a_file_is_told_in_a_line(folder: RunFolder) -> None:
    file = folder.root / "file"
    file.touch()
    for command in ("up", "down", "status"):
        done = local(command, "--run-dir", str(file))
        assert "Traceback" not in done.stderr
        assert done.stderr.count("\n") <= 1


def test_where_and_token_are_quiet_about_the_way_they_are_made() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in ("where", "token"):
        recipe = makefile.split(f"\n{target}: ")[1].split("\n\n")[0]
        assert "\n\t@" in recipe


def test_the_run_folder_stays_out_of_the_repository() -> None:
    assert "/.run/" in Path(ROOT / ".gitignore").read_text().splitlines()
