"""Logs: one JSON object a line on standard output, by structlog. Never a token, a body or a key."""

import logging
import sys
from typing import cast

import structlog
from structlog.typing import FilteringBoundLogger


def make_logger(service: str, level: int) -> FilteringBoundLogger:
    """A logger that writes `{"service", "event", "level", "at", …}`; handed down, not global.

    What libraries log through `logging` at warning or above is written in the same form.
    """
    processors: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=processors[:2],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *processors[2:]],
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
