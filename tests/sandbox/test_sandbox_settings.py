"""Settings are complete or fatal."""

import asyncio
import os
import stat
import sys
from pathlib import Path

import pytest

from sandbox.settings import SettingsError, TcpAddress, UnixSocket, read_settings
from tests.sandbox.conftest import Place
from tests.sandbox.crm import Crm


def test_what_is_told_is_what_is_read(place: Place) -> None:
    settings = read_settings(place.environment)
    assert settings.listen == UnixSocket(place.socket)
    assert settings.database_url.database == str(place.database)
    assert settings.log_level == "info"
    assert read_settings({**place.environment, "LISTEN": "tcp:[::1]:80"}).listen == TcpAddress("::1", 80)


WRONG = {
    "LISTEN": ["", "unix:relative.sock", f"unix:/{'x' * 107}", "tcp:127.0.0.1", "tcp::80", "tcp:h:0", "http://h:80"],
    "DATABASE_URL": ["", "sqlite://", "sqlite:///:memory:", "mysql://h/db", "nonsense"],
    "DIRECTORY_FILE": ["", "/nowhere.json"],
    "LOG_LEVEL": ["loud"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_wrong_value_is_named_with_what_is_expected(place: Place, name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({**place.environment, name: value})
    (problem,) = caught.value.problems
    assert problem.startswith(f"{name}: found {value!r}, expected " if value else f"{name}: found nothing, expected ")


async def refused_start(environment: dict[str, str]) -> tuple[int | None, list[str]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox", env=environment, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(20):
        _, told = await process.communicate()
    return process.returncode, told.decode().splitlines()


async def test_every_problem_is_told_at_once(place: Place) -> None:
    returncode, told = await refused_start({"PATH": os.environ["PATH"]})
    assert (returncode, [line.partition(":")[0] for line in told]) == (2, ["LISTEN", "DATABASE_URL", "DIRECTORY_FILE"])


@pytest.mark.parametrize("text", ["{", '{"businesses": [{"id": 1}]}'])
async def test_a_directory_that_cannot_be_read_is_told(place: Place, text: str) -> None:
    Path(place.environment["DIRECTORY_FILE"]).write_text(text)
    returncode, told = await refused_start(place.environment)
    assert (returncode, len(told)) == (2, 1)
    assert told[0].startswith("DIRECTORY_FILE: found ")


async def test_a_database_that_cannot_be_opened_is_told_in_one_line(place: Place) -> None:
    environment = {**place.environment, "DATABASE_URL": "sqlite+aiosqlite:////nowhere/at/all.db"}
    returncode, told = await refused_start(environment)
    assert returncode == 1
    assert told[0].startswith("cannot serve sqlite+aiosqlite:////nowhere/at/all.db")


async def test_the_socket_is_its_owners_alone_and_replaces_a_stale_one(place: Place) -> None:
    Path(place.socket).touch(0o666)
    async with place.run(), place.session() as session:
        assert stat.S_IMODE(Path(place.socket).stat().st_mode) == 0o600
        async with session.get("http://sandbox/healthz") as response:
            assert response.status == 200
        assert await Crm(session).ok("GET", "profile")
