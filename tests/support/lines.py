"""Clients that keep connections and go when they are asked to: HTTP/1.1 and HTTP/2 over TLS, as the protocols say.

An answer that asks to close ends its HTTP/1.1 connection; a GOAWAY lets an HTTP/2 connection take no new request, and
what the server says that it has not read is sent again on another one. Nothing else is ever sent twice: what breaks is
lost. Written on `h11` and `h2`, since httpx gives up what is in flight when it reads a GOAWAY.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import h2.config
import h2.connection
import h2.events
import h11

_READ_BYTES = 65_536
_GOAWAY, _FRAME_HEAD_BYTES = 7, 9


class Lost(Exception):
    """A request whose answer never came."""


class _Unread(Exception):
    """The server says that it has not read the request: it may be sent again."""


@dataclass(frozen=True)
class Sent:
    """A request."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass
class Got:
    """An answer, perhaps not yet whole."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Http1:
    """As many connections as requests are under way; the one that was used last is used first."""

    def __init__(self, port: int, tls: ssl.SSLContext) -> None:
        self._port = port
        self._tls = tls
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter, h11.Connection]] = []

    async def ask(self, sent: Sent) -> Got:
        """The answer; OSError or `Lost` when none comes."""
        reader, writer, protocol = await self._line()
        try:
            got = await self._exchange(reader, writer, protocol, sent)
        except BaseException:
            writer.close()
            raise
        if protocol.our_state is h11.DONE and protocol.their_state is h11.DONE:
            protocol.start_next_cycle()
            self._idle.append((reader, writer, protocol))
        else:
            writer.close()
        return got

    async def _line(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, h11.Connection]:
        while self._idle:
            line = self._idle.pop()
            if not line[0].at_eof():
                return line
            line[1].close()
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self._port, ssl=self._tls, server_hostname="localhost"
        )
        return reader, writer, h11.Connection(h11.CLIENT)

    async def _exchange(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, protocol: h11.Connection, sent: Sent
    ) -> Got:
        own = {"host": f"localhost:{self._port}", "content-length": str(len(sent.body)), **sent.headers}
        parts: list[h11.Event] = [h11.Request(method=sent.method, target=sent.path, headers=list(own.items()))]
        parts += [h11.Data(data=sent.body), h11.EndOfMessage()] if sent.body else [h11.EndOfMessage()]
        writer.write(b"".join(protocol.send(part) or b"" for part in parts))
        got = Got()
        while True:
            match protocol.next_event():
                case h11.NEED_DATA:
                    told = await reader.read(_READ_BYTES)
                    if not told:
                        raise Lost(f"HTTP/1.1: closed after {got.status or 'nothing'}")
                    protocol.receive_data(told)
                case h11.Response() as head:
                    got.status = head.status_code
                    got.headers = {name.decode(): value.decode() for name, value in head.headers}
                case h11.Data() as data:
                    got.body += bytes(data.data)
                case h11.EndOfMessage():
                    return got

    def close(self) -> None:
        """Close what is idle."""
        for _, writer, _ in self._idle:
            writer.close()


class Http2:
    """One connection for as many requests as it takes; another when it is full or the server asks for one."""

    def __init__(self, port: int, tls: ssl.SSLContext) -> None:
        self._port = port
        self._tls = tls
        self._lines: list[_Streams] = []
        self._opening = asyncio.Lock()

    async def ask(self, sent: Sent) -> Got:
        """The answer; OSError or `Lost` when none comes."""
        while True:
            line = await self._open()
            try:
                return await line.ask(sent)
            except _Unread:
                continue

    async def _open(self) -> "_Streams":
        async with self._opening:
            self._lines = [line for line in self._lines if not line.leaving]
            for line in self._lines:
                if line.has_room:
                    return line
            loop = asyncio.get_running_loop()
            _, line = await loop.create_connection(
                lambda: _Streams(self._port), "127.0.0.1", self._port, ssl=self._tls, server_hostname="localhost"
            )
            self._lines.append(line)
            return line

    def close(self) -> None:
        """Close all."""
        for line in self._lines:
            line.transport.close()


class _Streams(asyncio.Protocol):
    """One HTTP/2 connection."""

    def __init__(self, port: int) -> None:
        self.leaving = False
        self._authority = f"localhost:{port}"
        self._h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self._waiting: dict[int, tuple[Got, asyncio.Future[Got]]] = {}
        self._unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._h2.initiate_connection()
        self._flush()

    def _flush(self) -> None:
        self.transport.write(self._h2.data_to_send())

    @property
    def has_room(self) -> bool:
        return self._h2.open_outbound_streams < self._h2.remote_settings.max_concurrent_streams

    async def ask(self, sent: Sent) -> Got:
        if self.leaving or not self.has_room:
            raise _Unread
        number = self._h2.get_next_available_stream_id()
        pseudo = {":method": sent.method, ":path": sent.path, ":scheme": "https", ":authority": self._authority}
        self._h2.send_headers(number, [*pseudo.items(), *sent.headers.items()], end_stream=not sent.body)
        if sent.body:
            self._h2.send_data(number, sent.body, end_stream=True)
        answer: asyncio.Future[Got] = asyncio.get_running_loop().create_future()
        self._waiting[number] = Got(), answer
        self._flush()
        return await answer

    def data_received(self, data: bytes) -> None:
        # A GOAWAY is read here: h2 takes it for the end of the connection, and what is in flight with it.
        self._unread += data
        while len(self._unread) >= _FRAME_HEAD_BYTES:
            size = _FRAME_HEAD_BYTES + int.from_bytes(self._unread[:3], "big")
            if len(self._unread) < size:
                break
            frame, self._unread = self._unread[:size], self._unread[size:]
            if frame[3] == _GOAWAY:
                self._asked_to_go(int.from_bytes(frame[9:13], "big") & 0x7FFF_FFFF)
            else:
                for event in self._h2.receive_data(frame):
                    self._came(event)
        self._flush()

    def _asked_to_go(self, last: int) -> None:
        self.leaving = True
        for number in [number for number in self._waiting if number > last]:
            self._ends(number, _Unread())
        self._close_when_idle()

    def _came(self, event: Any) -> None:
        match event:
            case h2.events.ResponseReceived():
                got = self._waiting[event.stream_id][0]
                got.headers = {str(name): str(value) for name, value in event.headers}
                got.status = int(got.headers[":status"])
            case h2.events.DataReceived():
                self._waiting[event.stream_id][0].body += event.data
                self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case h2.events.StreamEnded():
                self._ends(event.stream_id)
                self._close_when_idle()
            case h2.events.StreamReset():
                code = int(event.error_code)
                refused = code == int(h2.errors.ErrorCodes.REFUSED_STREAM)
                fault = _Unread() if refused else Lost(f"HTTP/2: stream reset with {code}")
                self._ends(event.stream_id, fault)

    def _ends(self, number: int, fault: Exception | None = None) -> None:
        got, answer = self._waiting.pop(number)
        if answer.done():  # whoever asked has left
            return
        if fault is None:
            answer.set_result(got)
        else:
            answer.set_exception(fault)

    def _close_when_idle(self) -> None:
        if self.leaving and not self._waiting:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.leaving = True
        for number, (got, _) in list(self._waiting.items()):
            self._ends(number, Lost(f"HTTP/2: connection closed after {got.status or 'nothing'} ({exc})"))
