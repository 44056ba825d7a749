"""A flood: requests that leave when they are due, whatever became of those before, and what came of each.

A job comes as a line of JSON, and a line is told of each. As `load`, it must not know what is asked. HTTP/2 over TLS,
at so little cost that it is not what is measured: field lines are encoded once, and of an answer only the status is
read. Latency counts from the instant at which a request was due by its schedule; how late they left is told, too, since
a schedule that was not kept is no open loop.
"""

import asyncio
import json
import random
import ssl
import sys
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import uvloop
from hpack import Decoder

from benchmarks.load import requests_of

LOST = 0
"""The status of what was never answered."""
ANSWER_S = 20.0
STREAMS = 100
"""Of one connection, at once; the edge lets no more."""
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RESET, _SETTINGS, _PING, _GOAWAY, _WINDOW = 0, 1, 3, 4, 6, 7, 8
_END_STREAM, _END_HEADERS, _ACK = 1, 4, 1
_FOREVER = 2**31 - 1 - 65_535
_TURN_S = 0.001


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def _text(value: bytes) -> bytes:
    """A string of HPACK, as it is (RFC 7541 §5)."""
    if len(value) < 127:
        return bytes((len(value),)) + value
    rest, size = len(value) - 127, bytearray(b"\x7f")
    while rest >= 128:
        size.append(rest % 128 + 128)
        rest //= 128
    return bytes(size) + bytes((rest,)) + value


@lru_cache(maxsize=16_384)
def _line(name: bytes, value: bytes) -> bytes:
    return b"\0" + _text(name) + _text(value)


def block_of(head: bytes) -> bytes:
    """What HTTP/2 says for the head of a request of HTTP/1.1."""
    first, *lines = head.split(b"\r\n")
    method, path, _ = first.split(b" ")
    parts = [_line(b":method", method), _line(b":path", path), _line(b":scheme", b"https")]
    for line in lines:
        name, _, value = line.partition(b": ")
        parts.append(_line(b":authority" if name == b"Host" else name.lower(), value))
    return b"".join(parts)


@lru_cache(maxsize=64)
def _decoded(line: bytes) -> int:
    [(_, value)] = Decoder().decode(line)
    return int(value)


def status_of(block: bytes) -> int:
    """The status, which comes first, of a peer that may keep no table."""
    while block[0] >> 5 == 1:  # it says so again
        block = block[1:]
    return _decoded(block[:1] if block[0] & 0x80 else block[: 2 + (block[1] & 0x7F)])


class Connection(asyncio.Protocol):
    """One connection. `answered` hears of a request when it was due, and the status."""

    transport: asyncio.Transport

    def __init__(self, answered: Callable[[float, int], None]) -> None:
        self._answered = answered
        self._seen = b""
        self._next = 1
        self._due_s: dict[int, float] = {}
        self._status: dict[int, int] = {}
        self.usable = True

    @property
    def room(self) -> int:
        """How many more may be asked."""
        return STREAMS - len(self._due_s) if self.usable else 0

    def connection_made(self, transport: Any) -> None:
        """See `asyncio.Protocol`."""
        self.transport = transport
        # No table of fields, and all the room for answers that there can be.
        settings = b"\0\1\0\0\0\0" + b"\0\4" + _FOREVER.to_bytes(4, "big")
        hello = _frame(_SETTINGS, 0, 0, settings) + _frame(_WINDOW, 0, 0, _FOREVER.to_bytes(4, "big"))
        transport.write(_PREFACE + hello)

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self.usable = False
        for stream in list(self._due_s):
            self._done(stream, LOST)

    def ask(self, request: bytes, due_s: float) -> None:
        """Send a request of HTTP/1.1 in the words of HTTP/2."""
        head, _, body = request.partition(b"\r\n\r\n")
        stream, self._next = self._next, self._next + 2
        self._due_s[stream] = due_s
        flags = _END_HEADERS if body else _END_HEADERS | _END_STREAM
        out = _frame(_HEADERS, flags, stream, block_of(head))
        self.transport.write(out + _frame(_DATA, _END_STREAM, stream, body) if body else out)

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        seen, at = self._seen + data, 0
        while len(seen) - at >= 9 and len(seen) - at >= (whole := 9 + int.from_bytes(seen[at : at + 3], "big")):
            kind, flags, stream = seen[at + 3], seen[at + 4], int.from_bytes(seen[at + 5 : at + 9], "big")
            self._frame_came(kind, flags, stream, seen[at + 9 : at + whole])
            at += whole
        self._seen = seen[at:]

    def _frame_came(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind == _HEADERS and stream in self._due_s and stream not in self._status:
            self._status[stream] = status_of(payload)
        if kind in (_HEADERS, _DATA) and flags & _END_STREAM:
            self._done(stream, self._status.get(stream, LOST))
        elif kind == _RESET:
            self._done(stream, LOST)
        elif kind in (_SETTINGS, _PING) and not flags & _ACK:
            self.transport.write(_frame(kind, _ACK, 0, payload if kind == _PING else b""))
        elif kind == _GOAWAY:
            self.usable = False

    def _done(self, stream: int, status: int) -> None:
        if (due_s := self._due_s.pop(stream, None)) is not None:
            self._status.pop(stream, None)
            self._answered(due_s, status)


class Flood:
    """Stages of a rate each, one after the other, over the same connections."""

    def __init__(self, job: dict[str, Any]) -> None:
        self._job = job
        self._requests = requests_of(job)
        self._under_way = 0
        self._began_s = 0.0
        self._answers: list[tuple[float, float, int]] = []
        self._late_s: list[float] = []

    async def run(self) -> dict[str, Any]:
        """All of it, and when it began (`time.perf_counter`); of each answer when it was due, how long it took, its
        status.
        """
        secure, loop = ssl.create_default_context(cafile=self._job["ca"]), asyncio.get_running_loop()
        secure.set_alpn_protocols(["h2"])
        made, port = lambda: Connection(self._answered), self._job["port"]
        connections = [
            (await loop.create_connection(made, "localhost", port, ssl=secure))[1]
            for _ in range(self._job["connections"])
        ]
        await self._asked(connections)
        for connection in connections:
            connection.transport.abort()
        self._late_s.sort()
        late = {str(part): self._late_s[int(part * (len(self._late_s) - 1))] for part in (0.5, 0.99, 1.0)}
        return {"began_s": self._began_s, "answers": self._answers, "late_s": late}

    async def _asked(self, connections: list[Connection]) -> None:
        chance, clock = random.Random(1), time.perf_counter  # noqa: S311
        self._began_s = at_s = clock()
        for rate, seconds in self._job["stages"]:
            ends_s = at_s + seconds
            while at_s < ends_s:
                while at_s > (now_s := clock()):  # noqa: ASYNC110 (it is the clock that is waited for)
                    await asyncio.sleep(_TURN_S)
                connection = max(connections, key=lambda each: each.room)
                if connection.room:
                    self._late_s.append(now_s - at_s)
                    self._under_way += 1
                    connection.ask(next(self._requests), at_s)
                    at_s += chance.expovariate(rate)
                elif any(each.usable for each in connections):  # too late, and told as that
                    await asyncio.sleep(_TURN_S)
                else:
                    raise RuntimeError("all connections were lost")
        ends_s = clock() + ANSWER_S
        while self._under_way and clock() < ends_s:  # noqa: ASYNC110
            await asyncio.sleep(_TURN_S)

    def _answered(self, due_s: float, status: int) -> None:
        self._under_way -= 1
        self._answers.append((due_s - self._began_s, time.perf_counter() - due_s, status))


def main() -> None:
    """Do each job."""
    # Where PYTHONUNBUFFERED is set, what a pipe does not take at once of a long line is lost, without a word.
    with open(sys.stdout.fileno(), "w", closefd=False) as out:
        for line in sys.stdin:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                told = runner.run(Flood(json.loads(line)).run())
            out.write(json.dumps(told) + "\n")
            out.flush()


if __name__ == "__main__":
    main()
