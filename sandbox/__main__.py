"""Run the sandbox: `python -m sandbox`, told by its environment (see settings).

`python -m sandbox prepare` only makes what is missing of its tables and demo records, and ends.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

import uvloop
from aiohttp import web
from sqlalchemy.exc import DBAPIError

from sandbox.app import build, open_database
from sandbox.directory import Directory, DirectoryError, read_directory
from sandbox.logs import LOG, set_up
from sandbox.seed import prepare
from sandbox.settings import Settings, SettingsError, UnixSocket, read_settings

DRAIN_S = 5.0
GIVES_WAY = 15
"""Niceness: as much as a transcoder's. Internal services have machines of their own; on the same one with the gateway,
this must not take the time in which others are refused and decided on.
"""


async def serve(settings: Settings, directory: Directory) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is under way."""
    os.nice(GIVES_WAY)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    runner = web.AppRunner(build(settings.database_url, directory), access_log=None, shutdown_timeout=DRAIN_S)
    await runner.setup()
    try:
        await _site(runner, settings).start()
        LOG.info("listening", extra={"fields": {"listen": str(settings.listen)}})
        await stop.wait()
    finally:
        await runner.cleanup()


def _site(runner: web.AppRunner, settings: Settings) -> web.BaseSite:
    if isinstance(settings.listen, UnixSocket):
        os.umask(0o177)  # the socket is ours alone, from the instant it is there
        Path(settings.listen.path).unlink(missing_ok=True)
        return web.UnixSite(runner, settings.listen.path)
    return web.TCPSite(runner, settings.listen.host, settings.listen.port)


async def prepare_only(settings: Settings, directory: Directory) -> None:
    """What serving begins with, and nothing more."""
    database = open_database(settings.database_url)
    try:
        await prepare(database, directory)
    finally:
        await database.close()
    LOG.info("prepared")


def main() -> int:
    """Read everything there is to read, then do it; a line per problem on stderr if that cannot be."""
    run = COMMANDS.get(" ".join(sys.argv[1:]))
    if run is None:
        sys.stderr.write("python -m sandbox takes no argument but `prepare`\n")
        return 2
    try:
        settings = read_settings(os.environ)
        directory = read_directory(settings.directory_file)
    except SettingsError as error:
        sys.stderr.write("\n".join(error.problems) + "\n")
        return 2
    except DirectoryError as error:
        found = os.environ["DIRECTORY_FILE"]
        sys.stderr.write(f"DIRECTORY_FILE: found {found!r}, expected businesses and users in JSON: {error}\n")
        return 2
    set_up(settings.log_level)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(run(settings, directory))
    except (OSError, DBAPIError) as error:  # the socket or the database is not to be had
        sys.stderr.write(f"cannot serve {settings.database_url} on {settings.listen}: {error}\n")
        return 1
    return 0


COMMANDS = {"": serve, "prepare": prepare_only}


if __name__ == "__main__":
    sys.exit(main())
