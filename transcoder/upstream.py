"""Calls to an internal service over HTTP/1.1: pooled, bounded, each ended by its deadline. Knows no dialect."""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import aiohttp
from yarl import URL

from contract.bounds import INTERNAL_TIMEOUT_S, JSON_MEDIA_TYPE
from contract.failures import SERVICE_LOST
from contract.problems import UPSTREAM_INVALID, UPSTREAM_TIMEOUT
from process.address import Address, TcpAddress, UnixAddress
from transcoder.credentials import Shown
from transcoder.errors import ApiError
from transcoder.metrics import CANCELLED, Tally, status_class

MAX_ANSWER_BYTES = 16 * 1024 * 1024
_CONNECT_TIMEOUT_S = 1.0
_POOL_SIZE = 128
_CHUNK_BYTES = 256 * 1024
_TENTHS = 10
_MOST_SPARE_TENTHS = 10 * _TENTHS


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer in whole."""

    status: int
    body: bytes


class Upstream(Protocol):
    """Something that a dialect can send a call to."""

    async def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | None,
        *,
        deadline_s: float,
        deadline_header: str,
        writes: bool,
    ) -> Reply:
        """Send one request and read its answer before `deadline_s` (loop time).

        Raises ApiError: unavailable when it never left us, timeout or invalid when it did; `writes` says whether the
        outcome is then unknown. The milliseconds that are left travel in `deadline_header`.
        """


class Stopwatch:
    """How long one of several calls at least was under way; they may overlap."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.ms: int | None = None
        self._clock = clock
        self._under_way = 0
        self._since_s = 0.0

    def __enter__(self) -> None:
        if not self._under_way:
            self._since_s = self._clock()
        self._under_way += 1

    def __exit__(self, *_: object) -> None:
        self._under_way -= 1
        if not self._under_way:
            self.ms = (self.ms or 0) + round((self._clock() - self._since_s) * 1000)


_watch: ContextVar[Stopwatch] = ContextVar("calls of this request")


def begin_request() -> None:
    """From here on, and in every task that is begun from here, calls are timed together."""
    _watch.set(Stopwatch())


def spent_ms() -> int | None:
    """How long the request has waited for internal services; None: it has asked none."""
    return _watch.get(Stopwatch()).ms


class Spare:
    """How often a call may be sent again: once for every ten that were sent, ten saved up at most."""

    def __init__(self) -> None:
        self._tenths = _MOST_SPARE_TENTHS

    def earn(self) -> None:
        """A call was sent."""
        self._tenths = min(_MOST_SPARE_TENTHS, self._tenths + 1)

    def take(self) -> bool:
        """Whether one may be sent again."""
        if self._tenths < _TENTHS:
            return False
        self._tenths -= _TENTHS
        return True


class HttpUpstream:
    """`Upstream` on aiohttp's client, over a UNIX socket or TCP."""

    def __init__(self, session: aiohttp.ClientSession, base: URL, shown: Shown, tally: Tally) -> None:
        self._session = session
        self._base = base
        self._shown = shown
        self._tally = tally
        self._spare = Spare()

    async def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | None,
        *,
        deadline_s: float,
        deadline_header: str,
        writes: bool,
    ) -> Reply:
        """See `Upstream.send`. A read whose connection breaks before an answer is sent once more."""
        began_s, outcome = time.monotonic(), CANCELLED
        try:
            reply = await self._send(method, path, headers, body, deadline_s, deadline_header, writes=writes)
            outcome = status_class(reply.status)
        except ApiError as error:
            outcome = error.problem.code
            raise
        finally:
            self._tally.called(outcome, time.monotonic() - began_s)
        return reply

    async def _send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | None,
        deadline_s: float,
        deadline_header: str,
        *,
        writes: bool,
    ) -> Reply:
        now_s = asyncio.get_running_loop().time()
        until_s = min(deadline_s, now_s + INTERNAL_TIMEOUT_S)
        if until_s <= now_s:
            raise ApiError(UPSTREAM_TIMEOUT, outcome="not-applied", cause="no time was left to ask")
        sent = self._shown.headers() | dict(headers) | {deadline_header: str(int((until_s - now_s) * 1000))}
        if body is not None:
            sent["Content-Type"] = JSON_MEDIA_TYPE
        unknown = "unknown" if writes else "not-applied"
        self._spare.earn()
        try:
            async with asyncio.timeout_at(until_s):
                try:
                    return await self._ask(method, path, sent, body)
                except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
                    # Most often a kept connection of a service that has restarted.
                    if writes or isinstance(error, aiohttp.ClientConnectorError) or not self._spare.take():
                        raise
                    return await self._ask(method, path, sent, body)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise ApiError(SERVICE_LOST.answer, cause=repr(error)) from None
        except TimeoutError:
            raise ApiError(UPSTREAM_TIMEOUT, outcome=unknown, cause="no answer in time") from None
        except aiohttp.ClientError as error:
            raise ApiError(UPSTREAM_INVALID, outcome=unknown, cause=repr(error)) from None

    async def _ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        url = URL(f"{self._base}{path}", encoded=True)
        with _watch.get(Stopwatch()):
            async with self._session.request(method, url, headers=headers, data=body, allow_redirects=False) as reply:
                return Reply(reply.status, await _whole_body(reply))

    async def close(self) -> None:
        """Close the pool."""
        await self._session.close()


async def _whole_body(reply: aiohttp.ClientResponse) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in reply.content.iter_chunked(_CHUNK_BYTES):
        size += len(part)
        if size > MAX_ANSWER_BYTES:
            reply.close()
            raise aiohttp.ClientPayloadError(f"the answer is over {MAX_ANSWER_BYTES} bytes")
        parts.append(part)
    return b"".join(parts)


def http_upstream(base: str, shown: Shown, tally: Tally | None = None) -> HttpUpstream:
    """A client for `unix:/path`, `http://host:port` or `https://host:port`; its owner closes it."""
    # The deadline is ours (`asyncio.timeout_at`); aiohttp's own total timeout costs a timer more for each call.
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_TIMEOUT_S)
    connector: aiohttp.BaseConnector
    if base.startswith("unix:"):
        connector, url = (
            aiohttp.UnixConnector(path=base.removeprefix("unix:"), limit=_POOL_SIZE),
            URL("http://internal"),
        )
    else:
        connector, url = aiohttp.TCPConnector(limit=_POOL_SIZE, ssl=shown.tls), URL(base)
    session = aiohttp.ClientSession(
        connector=connector,
        timeout=timeout,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        headers={"Accept-Encoding": "identity"},
    )
    # Left to itself aiohttp sends a PUT or DELETE again when a kept connection breaks, though the first may have been
    # carried out: the caller would be told of the second. There is no public switch.
    session._retry_connection = False
    return HttpUpstream(session, url.origin(), shown, tally or Tally())


def internal_url(text: str) -> str:
    """Check the form of an internal service's address; ValueError says what is wrong."""
    if text.startswith("unix:/"):
        return text
    url = URL(text)
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError("neither a UNIX socket nor an http URL")
    return text


def address_of(base: str) -> Address:
    """Where a checked address of an internal service leads."""
    if base.startswith("unix:"):
        return UnixAddress(Path(base.removeprefix("unix:")))
    url = URL(base)
    return TcpAddress(url.host or "", url.port or 0)
