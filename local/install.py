"""Makes `.venv` and installs the pinned requirements into it: `python3 -I local/install.py runtime [dev]`.

Owns `.venv` and the copies in it that say what was installed. It runs before anything is
installed, so it must not import anything but the standard library.
"""

import filecmp
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"


def trouble_with_this_python() -> str:
    """Returns what keeps this Python from making the environment, or nothing."""
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        found = "{}.{}".format(*sys.version_info[:2])
        return (
            f"{sys.executable} has no venv with pip. Debian and Ubuntu keep it in a package of its own: "
            f"sudo apt install python{found}-venv"
        )
    return ""


def works(python: Path) -> bool:
    """Whether the environment's Python still runs: the one it links to may have been upgraded away."""
    question = (str(python), "-I", "-c", "import sys; sys.exit(sys.version_info < (3, 11))")
    try:
        return subprocess.run(question, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def make_venv() -> str:
    """Make `.venv` unless it works; returns what went wrong, or nothing."""
    if works(VENV_PYTHON):
        return ""
    trouble = trouble_with_this_python()
    if trouble:
        return trouble
    tell(f"Making .venv with {sys.executable}")
    if subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=False).returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        return "The virtual environment could not be made; the lines above say why."
    return ""


def install(group: str) -> str:
    """Install one group unless exactly this list was installed; returns what went wrong, or nothing."""
    wanted, installed = ROOT / "requirements" / f"{group}.txt", VENV / f"installed-{group}.txt"
    if installed.exists() and filecmp.cmp(wanted, installed, shallow=False):
        return ""
    tell(f"Installing requirements/{group}.txt into .venv (once; it may take a minute)")
    quiet = () if sys.stderr.isatty() else ("--quiet",)
    pip = (str(VENV_PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", *quiet)
    if subprocess.run([*pip, "--require-hashes", "-r", str(wanted)], stdout=sys.stderr, check=False).returncode:
        return f"requirements/{group}.txt could not be installed; the lines above say why. Is the network there?"
    shutil.copyfile(str(wanted), str(installed))
    return ""


def tell(line: str) -> None:
    """Show progress; stdout belongs to the command that follows."""
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    """Make the environment, then install each group that was named."""
    trouble = make_venv()
    for group in sys.argv[1:]:
        trouble = trouble or install(group)
    if trouble:
        tell(trouble)
    return 1 if trouble else 0


if __name__ == "__main__":
    raise SystemExit(main())
