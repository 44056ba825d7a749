"""python -m authz: answers Envoy's Checks until SIGTERM."""

import asyncio
import os

import uvloop

from authz import app
from authz.settings import Settings, load
from infra.process.cpu_priority import AUTHZ_NICE
from infra.process.logs import make_logger
from infra.process.settings import load_or_exit
from infra.process.shutdown import stop_event
from infra.process.tracing import log_processors


async def _main(settings: Settings) -> None:
    os.nice(AUTHZ_NICE)
    log = make_logger("authz", settings.log_level, *log_processors(settings.collector))
    await app.run(settings, log, stop_event())


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_main(load_or_exit(load, os.environ, "authz")))
