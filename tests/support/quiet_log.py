"""A logger for what is built in a test's own process: it says nothing, and leaves the logging of the process alone."""

import logging

import structlog
from structlog.typing import FilteringBoundLogger

QUIET: FilteringBoundLogger = structlog.wrap_logger(
    structlog.ReturnLogger(), processors=[], wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL)
)
