"""The environment is made by whatever Python there is, and only what has changed is installed."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.commands import ROOT

WITHIN_S = 60.0
WITHOUT_ENSUREPIP = (
    "import sys, runpy; sys.modules['ensurepip'] = None; runpy.run_path(sys.argv.pop(1), run_name='__main__')"
)


def a_checkout(at: Path) -> Path:
    """A checkout that needs nothing."""
    for folder in ("deploy/local", "requirements"):
        (at / folder).mkdir(parents=True)
    shutil.copy(ROOT / "deploy" / "local" / "install.py", at / "deploy" / "local")
    (at / "requirements" / "runtime.txt").write_text("# nothing\n")
    return at


def install(checkout: Path, *before: str, python: str = sys.executable) -> subprocess.CompletedProcess[str]:
    command = [python, "-I", *before, str(checkout / "deploy" / "local" / "install.py"), "runtime"]
    return subprocess.run(command, capture_output=True, text=True, timeout=WITHIN_S, check=False)


def test_a_python_without_ensurepip_is_told_which_package_has_it(tmp_path: Path) -> None:
    checkout = a_checkout(tmp_path)
    done = install(checkout, "-c", WITHOUT_ENSUREPIP)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"apt install python3.{sys.version_info.minor}-venv" in done.stderr
    assert not (checkout / ".venv").exists()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A checkout with its environment, and what was said while that was made: it takes its time, so once."""
    folder = a_checkout(tmp_path_factory.mktemp("made"))
    return folder, install(folder)


@pytest.fixture
def current(made: tuple[Path, subprocess.CompletedProcess[str]]) -> Path:
    """The same, with nothing left to install."""
    folder, _ = made
    (folder / "requirements" / "runtime.txt").write_text("# nothing\n")
    assert install(folder).returncode == 0
    return folder


def test_an_environment_is_made_where_there_is_none(made: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    _, first = made
    assert (first.returncode, first.stdout) == (0, "")
    assert "Making .venv" in first.stderr
    assert "Installing requirements/runtime.txt" in first.stderr


def test_a_list_is_installed_once_until_it_changes(current: Path) -> None:
    assert install(current).stderr == ""
    (current / "requirements" / "runtime.txt").write_text("# nothing more\n")
    again = install(current)
    assert again.stderr.startswith("Installing requirements/runtime.txt")


def test_what_is_kept_apart_has_an_environment_of_its_own(current: Path) -> None:
    (current / "requirements" / "policy.txt").write_text("# nothing\n")
    apart = [sys.executable, "-I", str(current / "deploy" / "local" / "install.py"), "--apart", "policy"]
    done = subprocess.run(apart, capture_output=True, text=True, timeout=WITHIN_S, check=True)
    assert "Making .venv/policy" in done.stderr
    assert "Installing requirements/policy.txt into .venv/policy" in done.stderr
    assert subprocess.run(apart, capture_output=True, text=True, timeout=WITHIN_S, check=True).stderr == ""
    assert install(current).stderr == ""


def test_an_unpinned_requirement_is_not_installed(current: Path) -> None:
    (current / "requirements" / "runtime.txt").write_text("trustme\n")
    for _ in range(2):
        done = install(current)
        assert done.returncode == 1
        assert "requirements/runtime.txt could not be installed" in done.stderr
