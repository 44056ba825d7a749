"""Makes `.venv` and installs the pinned requirements into it: `python3 -I deploy/local/install.py runtime [dev]`.

What does not go with the rest gets an environment of its own, within: `python3 -I deploy/local/install.py --apart
policy`. Owns `.venv` and the copies in it that say what was installed. It runs before anything is
installed, so it must not import anything but the standard library.
"""

import filecmp
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
APART = "--apart"


def python_problem() -> str:
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


def python_of(venv: Path) -> Path:
    """Returns an environment's own Python."""
    return venv / "bin" / "python"


def make_venv(venv: Path) -> str:
    """Make the environment unless it works; returns what went wrong, or nothing."""
    if works(python_of(venv)):
        return ""
    trouble = python_problem()
    if trouble:
        return trouble
    show_progress(f"Making {venv.relative_to(ROOT)} with {sys.executable}")
    if subprocess.run([sys.executable, "-m", "venv", "--clear", str(venv)], check=False).returncode:
        shutil.rmtree(venv, ignore_errors=True)
        return "The virtual environment could not be made; the lines above say why."
    return ""


def install(group: str, venv: Path) -> str:
    """Install one group unless exactly this list was installed; returns what went wrong, or nothing."""
    wanted, installed = ROOT / "requirements" / f"{group}.txt", venv / f"installed-{group}.txt"
    if installed.exists() and filecmp.cmp(wanted, installed, shallow=False):
        return ""
    show_progress(f"Installing requirements/{group}.txt into {venv.relative_to(ROOT)} (once; it may take a minute)")
    quiet = () if sys.stderr.isatty() else ("--quiet",)
    pip = (str(python_of(venv)), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", *quiet)
    if subprocess.run([*pip, "--require-hashes", "-r", str(wanted)], stdout=sys.stderr, check=False).returncode:
        return f"requirements/{group}.txt could not be installed; the lines above say why. Is the network there?"
    shutil.copyfile(str(wanted), str(installed))
    return ""


def show_progress(line: str) -> None:
    """Show progress; stdout belongs to the command that follows."""
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    """Make the environments that are needed, then install each group that was named."""
    groups = [word for word in sys.argv[1:] if word != APART]
    trouble = ""
    for group in groups:
        venv = VENV / group if APART in sys.argv else VENV
        trouble = trouble or make_venv(venv) or install(group, venv)
    if trouble:
        show_progress(trouble)
    return 1 if trouble else 0


if __name__ == "__main__":
    raise SystemExit(main())
