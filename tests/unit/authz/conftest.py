"""Logs are read, not printed."""

from typing import Any

import pytest
import structlog
from structlog.testing import CapturingLogger


@pytest.fixture
def logged() -> CapturingLogger:
    """What was logged, a call per line."""
    return CapturingLogger()


@pytest.fixture
def log(logged: CapturingLogger) -> Any:
    return structlog.wrap_logger(
        logged, processors=[], wrapper_class=structlog.make_filtering_bound_logger(0), cache_logger_on_first_use=True
    )
