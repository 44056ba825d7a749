"""How many calls were made inside for a request, by the stand-in CRM's own log."""

import json
from collections import Counter

import httpx

from tests.support.stack import Stack


class Inside:
    """Reads on where it stopped; of a stack that was not started here it knows nothing, and says that all are alike."""

    def __init__(self, stack: Stack) -> None:
        self._log = stack.folder and stack.folder / "logs" / "sandbox.log"
        self._read = 0
        self._calls: Counter[str] = Counter()

    def calls(self, answer: httpx.Response) -> int:
        """The calls that its request has led to. They were told of before it was answered."""
        if self._log is None:
            return 0
        with self._log.open("rb") as log:
            log.seek(self._read)
            for line in log:
                if not line.endswith(b"\n"):
                    break
                self._read += len(line)
                self._calls[json.loads(line).get("trace_id", "")] += 1
        return self._calls[answer.headers["x-request-id"]]
