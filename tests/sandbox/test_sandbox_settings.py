"""Settings are complete or fatal."""

import asyncio
import os
import stat
import sys
from pathlib import Path

import pytest

from sandbox.demo import CONTACTS_EACH
from sandbox.settings import SettingsError, TcpAddress, UnixSocket, read_settings
from tests.sandbox.conftest import Place
from tests.sandbox.crm import Crm


def test_what_is_told_is_what_is_read(file_place: Place) -> None:
    settings = read_settings(file_place.environment)
    assert settings.listen == UnixSocket(file_place.socket)
    assert settings.database_url.render_as_string() == file_place.database_url
    assert settings.log_level == "info"
    assert read_settings({**file_place.environment, "LISTEN": "tcp:[::1]:80"}).listen == TcpAddress("::1", 80)


WRONG = {
    "LISTEN": ["", "unix:relative.sock", f"unix:/{'x' * 107}", "tcp:127.0.0.1", "tcp::80", "tcp:h:0", "http://h:80"],
    "DATABASE_URL": ["", "sqlite://", "sqlite:///:memory:", "mysql://h/db", "postgresql://h/", "nonsense"],
    "DIRECTORY_FILE": ["", "/nowhere.json"],
    "LOG_LEVEL": ["loud"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_wrong_value_is_named_with_what_is_expected(file_place: Place, name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({**file_place.environment, name: value})
    (problem,) = caught.value.problems
    assert problem.startswith(f"{name}: found {value!r}, expected " if value else f"{name}: found nothing, expected ")


async def refused_start(environment: dict[str, str], *arguments: str) -> tuple[int | None, list[str]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox", *arguments, env=environment, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(20):
        _, told = await process.communicate()
    return process.returncode, told.decode().splitlines()


async def test_every_problem_is_told_at_once(file_place: Place) -> None:
    returncode, told = await refused_start({"PATH": os.environ["PATH"]})
    assert (returncode, [line.partition(":")[0] for line in told]) == (2, ["LISTEN", "DATABASE_URL", "DIRECTORY_FILE"])


def test_a_wrong_database_is_named_without_its_password(file_place: Place) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({**file_place.environment, "DATABASE_URL": "mysql://crm:s3cret@h/db"})
    assert "found 'mysql://crm:***@h/db', expected " in str(caught.value)


async def test_another_argument_than_prepare_is_refused(file_place: Place) -> None:
    returncode, told = await refused_start(file_place.environment, "seed")
    assert (returncode, told) == (2, ["python -m sandbox takes no argument but `prepare`"])


@pytest.mark.parametrize("text", ["{", '{"businesses": [{"id": 1}]}'])
async def test_a_directory_that_cannot_be_read_is_told(file_place: Place, text: str) -> None:
    Path(file_place.environment["DIRECTORY_FILE"]).write_text(text)
    returncode, told = await refused_start(file_place.environment)
    assert (returncode, len(told)) == (2, 1)
    assert told[0].startswith("DIRECTORY_FILE: found ")


async def test_a_database_that_cannot_be_opened_is_told_in_one_line(file_place: Place) -> None:
    environment = {**file_place.environment, "DATABASE_URL": "sqlite+aiosqlite:////nowhere/at/all.db"}
    returncode, told = await refused_start(environment)
    assert returncode == 1
    assert told[0].startswith("cannot serve sqlite+aiosqlite:////nowhere/at/all.db")


async def test_a_server_that_is_not_there_is_told_in_one_line_without_the_password(file_place: Place) -> None:
    url = f"postgresql+asyncpg://crm:s3cret@/db?host={file_place.folder}"
    returncode, told = await refused_start({**file_place.environment, "DATABASE_URL": url})
    assert (returncode, len(told)) == (1, 1)
    assert told[0].startswith("cannot serve postgresql+asyncpg://crm:***@/db")


async def test_tables_and_demo_records_are_made_once_by_however_many(place: Place) -> None:
    assert await asyncio.gather(*(refused_start(place.environment, "prepare") for _ in range(3))) == [(0, [])] * 3
    async with place.run(), place.session() as session:
        assert len(await Crm(session).ids(None)) == CONTACTS_EACH


async def test_the_socket_is_its_owners_alone_and_replaces_a_stale_one(file_place: Place) -> None:
    Path(file_place.socket).touch(0o666)
    async with file_place.run(), file_place.session() as session:
        assert stat.S_IMODE(Path(file_place.socket).stat().st_mode) == 0o600
        async with session.get("http://sandbox/healthz") as response:
            assert response.status == 200
        assert await Crm(session).ok("GET", "profile")
