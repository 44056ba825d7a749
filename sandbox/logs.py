"""One JSON object a line on stdout. Owns the form of a line; it must not know what is worth one."""

import json
import logging
import sys
import time
from datetime import UTC, datetime

LOG = logging.getLogger("sandbox")


class JsonLines(logging.Formatter):
    """A record's message, its `fields` and, if there is one, its traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "service": "sandbox",
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def set_up(level: str) -> None:
    """Send all logging of this process to stdout as lines of JSON."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for noisy in ("aiosqlite", "asyncio", "sqlalchemy"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def since_ms(started_s: float) -> float:
    """Milliseconds since a reading of `time.perf_counter()`."""
    return round((time.perf_counter() - started_s) * 1000, 1)
