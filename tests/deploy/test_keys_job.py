"""`python -m infra.process.keys`: the job that makes what a deployment has to start with."""

import subprocess
import sys
from pathlib import Path

from infra.process.keys import load
from tests.deploy.manifests import services

FILES = {name: path for name, path in services()["keys"]["environment"].items() if name.endswith("_FILE")}


def keys(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "infra.process.keys"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_it_makes_the_files_that_it_is_told_of_and_keeps_those_that_are_there(tmp_path: Path) -> None:
    environment = {name: str(tmp_path / Path(path).name) for name, path in FILES.items()}
    assert keys(environment).returncode == 0
    made = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert {str(path) for path in made} == set(environment.values())
    assert {path.stat().st_mode & 0o777 for path in made} == {0o600}
    assert load(environment).id_key.read_bytes() == made[Path(environment["ID_KEY_FILE"])]
    assert keys(environment).returncode == 0
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == made


def test_a_folder_that_is_not_there_is_told_for_each_file(tmp_path: Path) -> None:
    told = keys({name: str(tmp_path / "nowhere" / name) for name in FILES})
    assert told.returncode == 2
    assert {line.split("=")[0] for line in told.stderr.splitlines()} == {f"keys: {name}" for name in FILES}
