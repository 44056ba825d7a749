"""Logs: one JSON object a line on standard output, by structlog. Never a token, a body or a key."""

import logging
import os
import select
from typing import Any, TextIO, cast

import msgspec
import structlog
from structlog.typing import FilteringBoundLogger, Processor

_encode = msgspec.json.Encoder(enc_hook=repr).encode
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

    def write(self, line: str) -> None:
        """A line with its end."""
        rest = memoryview((b"\n" if self._torn else b"") + line.encode())
        size = len(rest)
        try:
            while rest and self._poll.poll(0):
                rest = rest[os.write(self._descriptor, rest[:_AT_ONCE]) :]
        except OSError:  # no room on the disk, or nobody at the other end any more
            pass
        self.dropped += bool(rest)
        self._torn = 0 < len(rest) < size or (self._torn and bool(rest))

    def flush(self) -> None:
        """Nothing is kept back."""


OUTPUT = Output(_STANDARD_OUTPUT)
"""The process's, of which there is one."""


def _line(event: dict[str, Any], **_: Any) -> str:
    return _encode(event).decode()


def make_logger(service: str, level: int, *more: Processor) -> FilteringBoundLogger:
    """A logger that writes `{"service", "event", "level", "at", …}`; handed down, not global.

    What libraries log through `logging` at warning or above is written in the same form. `more` may add to each line.
    """
    processors: list[Processor] = [
        *more,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(serializer=_line),
    ]
    told = len(more) + 2  # what stands in a line, before what it looks like
    handler = logging.StreamHandler(OUTPUT)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=processors[:told],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *processors[told:]],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logger = structlog.wrap_logger(
        structlog.WriteLogger(cast("TextIO", OUTPUT)),
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    return cast("FilteringBoundLogger", logger.bind(service=service))
