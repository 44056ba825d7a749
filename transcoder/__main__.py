"""`python -m transcoder`: serve until told to stop."""

import asyncio
import os

import uvloop

from infra.process.cpu_priority import TRANSCODER_NICE
from infra.process.garbage_collection import freeze_garbage_collector
from infra.process.logs import OUTPUT, LineBuffer, LogLine, deferred_logger, make_logger
from infra.process.metrics import new_registry, serve_metrics
from infra.process.settings import load_or_exit
from infra.process.shutdown import stop_event
from infra.process.tracing import log_processors, tracing
from transcoder.app import build
from transcoder.http.server import serve
from transcoder.settings import Settings, load
from transcoder.validation.declarations import DeclarationError


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
                await serve(answer, settings.listen, stop)
    finally:
        lines.flush()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(main(load_or_exit(load, os.environ, "transcoder")))
        except DeclarationError as fault:
            raise SystemExit(f"transcoder: {fault}") from None
