"""Logs: one JSON object a line on standard output, by structlog. Never a token, a body or a key."""

import asyncio
import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TextIO, cast

import msgspec
import structlog
from structlog.typing import FilteringBoundLogger, Processor

_encode = msgspec.json.Encoder(enc_hook=repr).encode


def _line(event: dict[str, Any], **_: Any) -> str:
    return _encode(event).decode()


TOGETHER_S = 0.1
"""How long a line that is said `soon` may wait for others. An end that nobody sees coming loses as much."""
_MOST_WAITING = 1_000


Say = Callable[..., Any]
"""Tells of an event and, by name, what there is to it: as a logger's methods do."""


class Lines:
    """A stream of lines, in the order in which they came, whether they are written at once or a little later."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._waiting: list[str] = []
        self._due: asyncio.TimerHandle | None = None

    def write(self, text: str) -> None:
        """Before the next `flush`, or with it."""
        self._waiting.append(text)

    def flush(self) -> None:
        """Write all that has come."""
        if self._waiting:
            self._stream.write("".join(self._waiting))
            self._waiting.clear()
            self._stream.flush()

    def soon(self, text: str) -> None:
        """Within `TOGETHER_S`, in one write with all that came in between."""
        self._waiting.append(text)
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(TOGETHER_S, self._write_late)
        elif len(self._waiting) >= _MOST_WAITING:
            self.flush()

    def _write_late(self) -> None:
        self._due = None
        self.flush()


def make_logger(service: str, level: int, *more: Processor, lines: Lines | None = None) -> FilteringBoundLogger:
    """A logger that writes `{"service", "event", "level", "at", …}`; handed down, not global.

    What libraries log through `logging` at warning or above is written in the same form. `more` may add to each line.
    """
    stream = cast("TextIO", lines or sys.stdout)
    processors: list[Processor] = [
        *more,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(serializer=_line),
    ]
    told = len(more) + 2  # what stands in a line, before what it looks like
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=processors[:told],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *processors[told:]],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logger = structlog.wrap_logger(
        structlog.WriteLogger(stream),
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    return cast("FilteringBoundLogger", logger.bind(service=service))


def say_soon(service: str, level: int, lines: Lines) -> Say:
    """Says what a logger would at `info`, in the same form, for a fraction of the cost; lines are written together."""

    def say(event: str, /, **told: Any) -> None:
        line = {"service": service, **told, "event": event, "level": "info", "at": datetime.now(UTC)}
        lines.soon(_line(line) + "\n")

    def say_nothing(event: str, /, **_: Any) -> None:
        pass

    return say if level <= logging.INFO else say_nothing
