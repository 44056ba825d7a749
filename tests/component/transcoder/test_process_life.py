"""Beginning and ending: settings complete or fatal, a socket of one's own, and nobody cut off at the end."""

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from infra.process.cpu_priority import TRANSCODER_NICE
from tests.component.transcoder.liar import lying_at, said, then
from tests.component.transcoder.places import Caller, Folder, caller_at
from tests.support.processes import niceness, niceness_beyond_ours
from tests.support.waiting import until

EMPTY_PAGE = b'{"ok":true,"result":[],"paging":{"has_more":false,"next_key":null}}'


def is_closed(path: Path) -> bool:
    """Whether nobody listens there any more."""
    with socket.socket(socket.AF_UNIX) as door:
        try:
            door.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return True
    return False


def test_missing_settings_are_told_all_at_once_and_nothing_starts() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "transcoder"],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert ended.returncode == 2
    names = [line.split(" ")[1] for line in ended.stderr.splitlines()]
    assert names == [
        "LISTEN",
        "INTERNAL_URL",
        "OAUTH_INTERNAL_URL",
        "VALKEY_URL",
        "PUBLIC_API_URL",
        "PUBLIC_AUTH_URL",
        "ID_KEY_FILE",
        "CURSOR_KEYS_FILE",
    ]
    assert all("is not set; expected " in line for line in ended.stderr.splitlines())


async def probed(caller: Caller, path: str) -> tuple[int, dict[str, Any]]:
    """The status and the body of a probe's answer."""
    async with caller.session.get(f"http://transcoder{path}", headers={"X-Request-Id": "a-trace"}) as response:
        return response.status, await response.json(content_type=None)


async def ready(caller: Caller) -> None:
    """Wait until it says so."""
    async with asyncio.timeout(20):
        while (await probed(caller, "/readyz"))[0] != 200:  # noqa: ASYNC110 (another process)
            await asyncio.sleep(0.02)


async def test_it_says_that_it_is_there_and_only_its_owner_may_ask(caller: Caller, crm: Folder) -> None:
    await ready(caller)
    assert (await probed(caller, "/healthz"))[0] == 200
    assert crm.socket("one").stat().st_mode & 0o777 == 0o600


async def test_it_is_not_ready_before_its_internal_service_has_accepted_a_connection_and_stays_ready_then(
    folder: Folder, valkey_url: str
) -> None:
    async with (
        folder.transcoder("early", valkey_url, internal="late") as process,
        caller_at(folder.socket("early")) as caller,
    ):
        status, problem = await probed(caller, "/readyz")
        assert (status, problem["code"], problem["trace_id"]) == (503, "upstream-unavailable", "a-trace")
        assert "instance" not in problem
        assert (await probed(caller, "/healthz"))[0] == 200, "it lives: a new process would reach it no sooner"
        async with lying_at(folder.socket("late")) as late:
            await ready(caller)
            assert late.heard == [], "it has asked for nothing"
        assert (await probed(caller, "/readyz"))[0] == 200, "there must be somebody who answers 503"
        assert process.returncode is None
    assert [line["event"] for line in folder.log_of("early")].count("internal_service_reached") == 1


async def test_it_gives_way_to_whoever_refuses_and_decides(crm: Folder, valkey_url: str) -> None:
    async with crm.transcoder("polite", valkey_url) as process:
        assert niceness(process.pid) == niceness_beyond_ours(TRANSCODER_NICE)


async def test_it_is_told_to_stop_and_finishes_what_it_has(folder: Folder, valkey_url: str) -> None:
    may_answer = asyncio.Event()

    async def waits(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        await may_answer.wait()

    async with (
        lying_at(folder.socket("gate")) as gate,
        folder.transcoder("leaving", valkey_url, "--patient", internal="gate") as process,
        caller_at(folder.socket("leaving")) as caller,
    ):
        gate.tells = [then(waits, said(EMPTY_PAGE))]
        in_flight = asyncio.ensure_future(caller.ask("list"))
        await until(lambda: len(gate.heard) == 1, "the request to be inside")
        process.terminate()
        await until(lambda: is_closed(folder.socket("leaving")), "the door to close")
        may_answer.set()
        assert (await in_flight).status == 200
        async with asyncio.timeout(5.0):
            assert await process.wait() == 0


async def test_a_socket_that_a_crash_left_behind_is_taken_over(crm: Folder, valkey_url: str) -> None:
    async with crm.transcoder("crashing", valkey_url) as process:
        process.kill()
        await process.wait()
    assert crm.socket("crashing").exists()
    async with crm.transcoder("crashing", valkey_url), caller_at(crm.socket("crashing")) as caller:
        assert (await caller.ask("list")).status == 200
