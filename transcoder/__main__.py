"""`python -m transcoder`: serve until told to stop."""

import asyncio
import os

import uvloop

from process.logs import OUTPUT, LineBuffer, LogLine, deferred_logger, make_logger
from process.memory import freeze_garbage_collector
from process.metrics import new_registry, serve_metrics
from process.priority import TRANSCODER_NICE
from process.settings import load_or_exit
from process.stopping import stop_event
from process.tracing import log_processors, tracing
from transcoder.app import build
from transcoder.declarations import DeclarationError
from transcoder.settings import Settings, load


async def main(settings: Settings) -> None:
    """Build, serve, drain."""
    os.nice(TRANSCODER_NICE)
    lines, more = LineBuffer(OUTPUT), log_processors(settings.collector)
    log = make_logger("transcoder", settings.log_level, *more, lines=lines)
    say: LogLine = log.info if more else deferred_logger("transcoder", settings.log_level, lines)
    registry, stop = new_registry(), stop_event()
    try:
        with tracing("transcoder", settings.collector, registry) as tracer:
            async with (
                serve_metrics(registry, settings.metrics_listen),
                build(settings, log, say, registry, tracer) as answer,
            ):
                freeze_garbage_collector()
                await settings.server(answer, settings.listen, stop)
    finally:
        lines.flush()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(main(load_or_exit(load, os.environ, "transcoder")))
        except DeclarationError as fault:
            raise SystemExit(f"transcoder: {fault}") from None
