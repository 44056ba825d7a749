"""`python -m transcoder`: serve until told to stop."""

import asyncio
import os

import uvloop

from process.logs import OUTPUT, Lines, Say, make_logger, say_soon
from process.memory import settle
from process.metrics import exposing, new_registry
from process.priority import WORKS
from process.settings import load_or_exit
from process.stopping import stop_event
from process.tracing import log_processors, tracing
from transcoder.app import built
from transcoder.declarations import DeclarationError
from transcoder.settings import Settings, load


async def main(settings: Settings) -> None:
    """Build, serve, drain."""
    os.nice(WORKS)
    lines, more = Lines(OUTPUT), log_processors(settings.collector)
    log = make_logger("transcoder", settings.log_level, *more, lines=lines)
    say: Say = log.info if more else say_soon("transcoder", settings.log_level, lines)
    registry, stop = new_registry(), stop_event()
    try:
        with tracing("transcoder", settings.collector, registry) as tracer:
            async with (
                exposing(registry, settings.metrics_listen),
                built(settings, log, say, registry, tracer) as answer,
            ):
                settle()
                await settings.serve(answer, settings.listen, stop)
    finally:
        lines.flush()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(main(load_or_exit(load, os.environ, "transcoder")))
        except DeclarationError as fault:
            raise SystemExit(f"transcoder: {fault}") from None
