"""Logs: one JSON object a line on standard output, by structlog. Never a token, a body or a key."""

import asyncio
import logging
import os
import select
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Protocol, TextIO, cast

import msgspec
import structlog
from structlog.typing import FilteringBoundLogger, Processor

_encode = msgspec.json.Encoder(enc_hook=repr).encode


class Sink(Protocol):
    """What takes lines, as a stream does."""

    def write(self, text: str, /) -> object:
        """Lines with their ends."""
        ...

    def flush(self) -> None:
        """Write what was kept back."""
        ...


_STANDARD_OUTPUT = 1
_AT_ONCE = 4096
"""What a pipe that says that it has room takes at once (PIPE_BUF, pipe(7)); longer lines go in such pieces."""


class Output:
    """Takes lines, and waits for nobody: no caller is kept waiting, or refused, for a line that cannot be written since
    the disk is full or nobody reads the pipe. Such a line is dropped, or its end, and counted.
    """

    def __init__(self, descriptor: int) -> None:
        self.dropped = 0
        self._descriptor = descriptor
        self._torn = False
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLOUT)

    def write(self, lines: str) -> None:
        """Lines with their ends."""
        rest = memoryview((b"\n" if self._torn else b"") + lines.encode())
        size = len(rest)
        try:
            while rest and self._poll.poll(0):
                rest = rest[os.write(self._descriptor, rest[:_AT_ONCE]) :]
        except OSError:  # no room on the disk, or nobody at the other end any more
            pass
        whole = len(rest) == size
        self.dropped += bytes(rest).count(b"\n") - (whole and self._torn)
        self._torn = 0 < len(rest) < size or (self._torn and bool(rest))

    def flush(self) -> None:
        """Nothing is kept back."""


OUTPUT = Output(_STANDARD_OUTPUT)
"""The process's, of which there is one."""


def _line(event: dict[str, Any], **_: Any) -> str:
    return _encode(event).decode()


COLLECT_S = 0.1
"""How long a line that is said `soon` may wait for others. An end that nobody sees coming loses as much."""
_MOST_WAITING = 1_000


LogLine = Callable[..., Any]
"""Tells of an event and, by name, what there is to it: as a logger's methods do."""


class LineBuffer:
    """Lines in the order in which they came, whether they are written at once or a little later."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._waiting: list[str] = []
        self._due: asyncio.TimerHandle | None = None

    def write(self, text: str) -> None:
        """Before the next `flush`, or with it."""
        self._waiting.append(text)

    def flush(self) -> None:
        """Write all that has come."""
        if self._waiting:
            self._sink.write("".join(self._waiting))
            self._waiting.clear()
            self._sink.flush()

    def write_soon(self, text: str) -> None:
        """Within `COLLECT_S`, in one write with all that came in between."""
        self._waiting.append(text)
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(COLLECT_S, self._write_late)
        elif len(self._waiting) >= _MOST_WAITING:
            self.flush()

    def _write_late(self) -> None:
        self._due = None
        self.flush()


def make_logger(service: str, level: int, *more: Processor, lines: LineBuffer | None = None) -> FilteringBoundLogger:
    """A logger that writes `{"service", "event", "level", "at", …}`; handed down, not global.

    What libraries log through `logging` at warning or above is written in the same form. `more` may add to each line.
    """
    stream = cast("TextIO", lines or OUTPUT)
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


def deferred_logger(service: str, level: int, lines: LineBuffer) -> LogLine:
    """Says what a logger would at `info`, in the same form, for a fraction of the cost; lines are written together."""

    def say(event: str, /, **told: Any) -> None:
        line = {"service": service, **told, "event": event, "level": "info", "at": datetime.now(UTC)}
        lines.write_soon(_line(line) + "\n")

    def say_nothing(event: str, /, **_: Any) -> None:
        pass

    return say if level <= logging.INFO else say_nothing
