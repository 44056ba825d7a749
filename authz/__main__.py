"""python -m authz: answers Envoy's Checks until SIGTERM."""

import asyncio
import os

import uvloop

from authz import app
from authz.settings import Settings, load
from process.logs import make_logger
from process.priority import AUTHZ_NICE
from process.settings import load_or_exit
from process.stopping import stop_event
from process.tracing import log_processors


async def _main(settings: Settings) -> None:
    os.nice(AUTHZ_NICE)
    log = make_logger("authz", settings.log_level, *log_processors(settings.collector))
    await app.run(settings, log, stop_event())


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_main(load_or_exit(load, os.environ, "authz")))
