"""What sends calls to internal services, whichever client it is, and the bounds that all of them share."""

from collections.abc import Callable, Mapping
from typing import Protocol

from contract.size_and_time_limits import MAX_IN_FLIGHT_PER_TRANSCODER
from infra.httpclient.response_parser import Reply
from transcoder.backend.credentials import CurrentCredentials

MAX_ANSWER_BYTES = 16 * 1024 * 1024
POOL_SIZE = 2 * MAX_IN_FLIGHT_PER_TRANSCODER
"""All that a pair may have under way: whoever waits for a sick service takes no connection from anybody else."""
HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "public-api-gateway"}
UNIX = "unix:"
NAME_ON_A_SOCKET = "internal"


class HttpClient(Protocol):
    """Sends a request once at the most, and reads its answer whole."""

    async def send(
        self, method: str, target: str, fields: Mapping[str, str], body: bytes | None, *, until_s: float
    ) -> Reply:
        """The answer, by `until_s` (loop time) or TimeoutError. Raises Unreachable, Dropped or Unreadable
        (`infra.httpclient.errors`).
        """

    async def close(self) -> None:
        """Close the pool."""


MakeClient = Callable[[str, CurrentCredentials], HttpClient]
"""For `unix:/path`, `http://host:port` or `https://host:port`."""
