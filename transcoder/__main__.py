"""`python -m transcoder`: serve until told to stop."""

import asyncio
import os

import uvloop

from process.http import serve_all
from process.logs import make_logger
from process.metrics import exposing, new_registry
from process.settings import load_or_exit
from process.stopping import stop_event
from process.tracing import log_processors, tracing
from transcoder.app import built
from transcoder.settings import Settings, load


async def main(settings: Settings) -> None:
    """Build, serve, drain."""
    log = make_logger("transcoder", settings.log_level, *log_processors(settings.collector))
    registry, stop = new_registry(), stop_event()
    with tracing("transcoder", settings.collector, registry) as tracer:
        async with exposing(registry, settings.metrics_listen), built(settings, log, registry, tracer) as answering:
            await serve_all(answering, settings.listen, stop)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(load_or_exit(load, os.environ, "transcoder")))
