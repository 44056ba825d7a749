"""Logs: one JSON object a line on standard output, by structlog. Never a token, a body or a key."""

import logging
import sys
from typing import Any, cast

import msgspec
import structlog
from structlog.typing import FilteringBoundLogger, Processor

_encode = msgspec.json.Encoder(enc_hook=repr).encode


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
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=processors[:told],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *processors[told:]],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logger = structlog.wrap_logger(
        structlog.WriteLogger(sys.stdout),
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    return cast("FilteringBoundLogger", logger.bind(service=service))
