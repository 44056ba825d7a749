"""Calls to an internal service over HTTP/1.1: each ended by its deadline, and what a failed one says to callers.

Knows no dialect, and of clients only what they have in common.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Protocol

from contract.failure_modes import SERVICE_UNAVAILABLE
from contract.problems import UPSTREAM_INVALID, UPSTREAM_TIMEOUT
from contract.size_and_time_limits import INTERNAL_TIMEOUT_S, JSON_MEDIA_TYPE
from infra.httpclient.client import CONNECT_TIMEOUT_S
from infra.httpclient.errors import ConnectionDropped, NoResponse, Unreachable
from infra.httpclient.response_parser import Reply as Reply  # dialects take it from here
from infra.process.address import TcpAddress, UnixAddress
from transcoder.backend.credentials import CurrentCredentials
from transcoder.backend.http_client import HttpClient, MakeClient, address_of, pooled_client
from transcoder.backend.outage import Outage
from transcoder.fairness.large_answers import LargeAnswerQueue
from transcoder.metrics import CANCELLED, TranscoderMetrics, status_class
from transcoder.presentation.errors import ApiError

_TENTHS = 10
_MOST_SPARE_TENTHS = 10 * _TENTHS


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

        Raises ApiError: unavailable when it never left us or the connection ended before an answer began, timeout or
        invalid after that; `writes` says whether the outcome is unknown once it left us. The milliseconds that are left
        travel in `deadline_header`.
        """


class Stopwatch:
    """How long one of several calls at least was under way; they may overlap."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.ms: int | None = None
        self._clock = clock
        self._under_way = 0
        self._since_s = 0.0

    def begin(self) -> float:
        """One more is under way, since the instant that is returned (s)."""
        now_s = self._clock()
        if not self._under_way:
            self._since_s = now_s
        self._under_way += 1
        return now_s

    def end(self) -> float:
        """One has ended, at the instant that is returned (s)."""
        now_s = self._clock()
        self._under_way -= 1
        if not self._under_way:
            self.ms = (self.ms or 0) + round((now_s - self._since_s) * 1000)
        return now_s


_watch: ContextVar[Stopwatch | None] = ContextVar("calls of this request", default=None)


def start_timing() -> None:
    """From here on, and in every task that is begun from here, calls are timed together."""
    _watch.set(Stopwatch())


def upstream_ms() -> int | None:
    """How long the request has waited for internal services; None: it has asked none."""
    watch = _watch.get()
    return None if watch is None else watch.ms


class RetryBudget:
    """How often a call may be sent again: once for every ten that were sent, ten saved up at most."""

    def __init__(self) -> None:
        self._tenths = _MOST_SPARE_TENTHS

    def note_sent(self) -> None:
        """A call was sent."""
        self._tenths = min(_MOST_SPARE_TENTHS, self._tenths + 1)

    def try_spend(self) -> bool:
        """Whether one may be sent again."""
        if self._tenths < _TENTHS:
            return False
        self._tenths -= _TENTHS
        return True


class HttpUpstream:
    """`Upstream` on a client, which sends a request once at the most."""

    def __init__(self, client: HttpClient, shown: CurrentCredentials, tally: TranscoderMetrics) -> None:
        self._client = client
        self._shown = shown
        self._tally = tally
        self._spare = RetryBudget()
        self._turns = LargeAnswerQueue()
        self._outage = Outage()
        self._is_closed = False

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
        """See `Upstream.send`. A read whose connection breaks before an answer is sent once more; a call for which no
        connection can be made has not left, and waits for the service within the bounds of `Outage`.
        """
        watch, outcome = _watch.get() or Stopwatch(), CANCELLED
        began_s = watch.begin()
        try:
            reply = await self._send(method, path, headers, body, deadline_s, deadline_header, writes=writes)
            outcome = status_class(reply.status)
        except ApiError as error:
            outcome = error.problem.code
            raise
        finally:
            self._tally.record_call(outcome, watch.end() - began_s)
        await self._turns.wait_turn(len(reply.body))
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
        sent = {**self._shown.headers(), **headers, deadline_header: str(int((until_s - now_s) * 1000))}
        if body is not None:
            sent["Content-Type"] = JSON_MEDIA_TYPE
        unknown = "unknown" if writes else "not-applied"
        self._spare.note_sent()
        try:
            try:
                return await self._send_once(method, path, sent, body, until_s=until_s)
            except ConnectionDropped:
                # Most often a kept connection of a service that has restarted.
                if writes or not self._spare.try_spend():
                    raise
                return await self._send_once(method, path, sent, body, until_s=until_s)
        except Unreachable as error:
            raise ApiError(SERVICE_UNAVAILABLE.problem, cause=str(error)) from None
        except ConnectionDropped as error:  # it died, most likely: there is no answer that could be wrong
            raise ApiError(SERVICE_UNAVAILABLE.problem, outcome=unknown, cause=str(error)) from None
        except TimeoutError:
            raise ApiError(UPSTREAM_TIMEOUT, outcome=unknown, cause="no answer in time") from None
        except NoResponse as error:
            raise ApiError(UPSTREAM_INVALID, outcome=unknown, cause=str(error)) from None

    async def _send_once(
        self, method: str, path: str, fields: Mapping[str, str], body: bytes | None, *, until_s: float
    ) -> Reply:
        """Ask once a connection can be made; raises what `Client.ask` raises."""
        clock, tries = asyncio.get_running_loop().time, 0
        while True:
            try:
                reply = await self._client.send(method, path, fields, body, until_s=until_s)
            except Unreachable:
                tries += 1
                # A try that could outlast the deadline would end as a time-out, and its outcome as unknown.
                pause_s = self._outage.note_failure(tries, now_s=clock(), until_s=until_s - CONNECT_TIMEOUT_S)
                if pause_s is None:
                    raise
                await asyncio.sleep(pause_s)
                if self._is_closed:
                    raise
            except NoResponse:
                self._outage.note_connected()
                raise
            else:
                self._outage.note_connected()
                return reply

    async def close(self) -> None:
        """Close the pool."""
        self._is_closed = True
        await self._client.close()


def http_upstream(
    base: str,
    shown: CurrentCredentials,
    tally: TranscoderMetrics | None = None,
    make: MakeClient = pooled_client,
) -> HttpUpstream:
    """A client for `unix:/path`, `http://host:port` or `https://host:port`; its owner closes it."""
    return HttpUpstream(make(base, shown), shown, tally or TranscoderMetrics())


async def connect_once(base: str, shown: CurrentCredentials) -> None:
    """Connect to the service at `base`, by TLS where it is https, and close. Raises OSError, which TimeoutError is."""
    async with asyncio.timeout(CONNECT_TIMEOUT_S):
        match address_of(base):
            case UnixAddress(path):
                _, writer = await asyncio.open_unix_connection(path)
            case TcpAddress(host, port):
                tls = shown.tls() if shown.tls is not None and base.startswith("https:") else None
                _, writer = await asyncio.open_connection(host, port, ssl=tls)
    writer.transport.abort()
