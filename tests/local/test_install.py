"""The environment is made by whatever Python there is, and only what has changed is installed."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local.rooms import ROOT

WITHIN_S = 60.0
WITHOUT_ENSUREPIP = (
    "import sys, runpy; sys.modules['ensurepip'] = None; runpy.run_path(sys.argv.pop(1), run_name='__main__')"
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout that needs nothing."""
    for folder in ("local", "requirements"):
        (tmp_path / folder).mkdir()
    shutil.copy(ROOT / "local" / "install.py", tmp_path / "local")
    (tmp_path / "requirements" / "runtime.txt").write_text("# nothing\n")
    return tmp_path


def install(checkout: Path, *before: str, python: str = sys.executable) -> subprocess.CompletedProcess[str]:
    command = [python, "-I", *before, str(checkout / "local" / "install.py"), "runtime"]
    return subprocess.run(command, capture_output=True, text=True, timeout=WITHIN_S, check=False)


def test_a_python_without_ensurepip_is_told_which_package_has_it(checkout: Path) -> None:
    done = install(checkout, "-c", WITHOUT_ENSUREPIP)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"apt install python3.{sys.version_info.minor}-venv" in done.stderr
    assert not (checkout / ".venv").exists()


def test_a_list_is_installed_once_until_it_changes(checkout: Path) -> None:
    first = install(checkout)
    assert (first.returncode, first.stdout) == (0, "")
    assert "Making .venv" in first.stderr
    assert "Installing requirements/runtime.txt" in first.stderr
    assert install(checkout).stderr == ""
    (checkout / "requirements" / "runtime.txt").write_text("# nothing more\n")
    again = install(checkout)
    assert again.stderr.startswith("Installing requirements/runtime.txt")


def test_what_is_kept_apart_has_an_environment_of_its_own(checkout: Path) -> None:
    (checkout / "requirements" / "policy.txt").write_text("# nothing\n")
    install(checkout)
    apart = [sys.executable, "-I", str(checkout / "local" / "install.py"), "--apart", "policy"]
    done = subprocess.run(apart, capture_output=True, text=True, timeout=WITHIN_S, check=True)
    assert "Making .venv/policy" in done.stderr
    assert "Installing requirements/policy.txt into .venv/policy" in done.stderr
    assert subprocess.run(apart, capture_output=True, text=True, timeout=WITHIN_S, check=True).stderr == ""
    assert install(checkout).stderr == ""


def test_an_unpinned_requirement_is_not_installed(checkout: Path) -> None:
    assert install(checkout).returncode == 0
    (checkout / "requirements" / "runtime.txt").write_text("trustme\n")
    for _ in range(2):
        done = install(checkout)
        assert done.returncode == 1
        assert "requirements/runtime.txt could not be installed" in done.stderr
