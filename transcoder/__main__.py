"""`python -m transcoder`: serve until told to stop."""

import asyncio
import os

import uvloop

from process.http import serve
from process.logs import make_logger
from process.metrics import exposing, new_registry
from process.settings import load_or_exit
from process.stopping import stop_event
from process.tracing import log_processors, tracing
from transcoder.app import build
from transcoder.settings import Settings, load

GIVES_WAY = 8
"""When all are short of time, those go first who refuse and decide: what has to wait then is what was let in, and a
refusal comes in a millisecond instead of in a hundred."""


async def main(settings: Settings) -> None:
    """Build, serve, drain."""
    os.nice(GIVES_WAY)
    log = make_logger("transcoder", settings.log_level, *log_processors(settings.collector))
    registry, stop = new_registry(), stop_event()
    with tracing("transcoder", settings.collector, registry) as tracer:
        async with exposing(registry, settings.metrics_listen):
            await serve(build(settings, log, registry, tracer), settings.listen, stop)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(load_or_exit(load, os.environ, "transcoder")))
