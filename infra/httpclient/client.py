"""The client: a request in, an answer out. Owns what is put together of the other parts."""

import asyncio
from collections.abc import Callable, Mapping

from infra.httpclient.connection import Connection
from infra.httpclient.deadline_timer import DeadlineTimer
from infra.httpclient.endpoints import Endpoint, connect_to
from infra.httpclient.pool import ConnectionPool
from infra.httpclient.request_encoder import RequestEncoder
from infra.httpclient.response_parser import Reply, ResponseParser

CONNECT_TIMEOUT_S = 1.0
IDLE_TIMEOUT_S = 15.0
"""How long a connection may idle; servers close theirs after longer, mostly."""


class Client:
    """Speaks to the server at `place`; nothing is opened before the first request.

    `host` is what the server is called in requests, `fields` go with each of them. Answers are read up to
    `max_body_bytes`, and as they are: nothing is decompressed, no redirection followed, no cookie kept.
    """

    def __init__(
        self, place: Endpoint, host: str, fields: Mapping[str, str], *, limit: int, max_body_bytes: int
    ) -> None:
        self._place = place
        self._heads = RequestEncoder(host, fields)
        self._pool = ConnectionPool(self._connect, limit=limit, idle_s=IDLE_TIMEOUT_S)
        self._alarm = DeadlineTimer()
        self._max_body_bytes = max_body_bytes

    async def send(
        self, method: str, target: str, fields: Mapping[str, str], body: bytes | None, *, until_s: float
    ) -> Reply:
        """The answer to one request, which is sent once at the most.

        Raises Unreachable, Dropped or Unreadable; TimeoutError when there is none by `until_s` (loop time); ValueError
        where it cannot be sent as it is.
        """
        request = self._heads.encode(method, target, fields, body)
        connection = self._pool.acquire_idle() or await self._taken(until_s)
        try:
            reading = ResponseParser(max_body_bytes=self._max_body_bytes, to_head=method == "HEAD")
            answer = connection.send(request, reading)
            self._alarm.watch(connection, until_s)
            return await answer
        except BaseException:
            connection.abort()
            raise
        finally:
            self._alarm.cancel(connection)
            self._pool.release(connection)

    async def close(self) -> None:
        """Close all connections."""
        self._alarm.stop()
        await self._pool.close()

    async def _taken(self, until_s: float) -> Connection:
        async with asyncio.timeout_at(until_s):
            return await self._pool.acquire()

    async def _connect(self, lost: Callable[[Connection], None]) -> Connection:
        loop = asyncio.get_running_loop()
        return await connect_to(self._place, lambda: Connection(loop, lost), timeout_s=CONNECT_TIMEOUT_S)
