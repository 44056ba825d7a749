"""A stand-in for the CRM that costs next to nothing: answers that the sandbox once gave, given again.

`python benchmarks/crm.py SOCKET FILE`: FILE holds, as JSON, what `recorded` has written down, what was asked → the
answer. Records come under ten thousand ids in turn, so that nobody's cache of ids makes them cheaper than they are. It
imports nothing of ours.
"""

import asyncio
import itertools
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvloop

_ASKED = re.compile(rb"([A-Z]+) /internal/v2/businesses/[0-9]+/(?:dry_run/)?([a-z_]+)(/[a-z_]+)?(/[0-9]+)?[ ?]")
_PAGE = re.compile(rb'"limit":\s*([0-9]+)')
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_ID = re.compile(r'"id":[0-9]+,')
_END = b"\r\n\r\n"
IDS = 10_000


def name_of(request: bytes) -> str:
    """What a request asks for, by the name that recordings have: its number does not matter, but for notes."""
    asked = _ASKED.match(request)
    if asked is None:
        return ""
    method, resource, word, number = (part.decode() if part else "" for part in asked.groups())
    page = _PAGE.search(request) if word == "/query" else None
    number = number if resource == "notes" else "/" if number else ""
    return f"{method} {resource}{word}{number}" + (f" {int(page[1])}" if page else "")


class Answering(asyncio.Protocol):
    """One connection; answers by the name of what is asked, in the order of the requests."""

    transport: asyncio.Transport

    def __init__(self, answers: dict[str, Iterator[bytes]]) -> None:
        self._answers = answers
        self._seen = b""

    def connection_made(self, transport: Any) -> None:
        """See `asyncio.Protocol`."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        self._seen += data
        while (end := self._seen.find(_END)) >= 0:
            length = _LENGTH.search(self._seen, 0, end + 2)
            whole = end + len(_END) + (int(length[1]) if length else 0)
            if len(self._seen) < whole:
                return
            self.transport.write(next(self._answers.get(name_of(self._seen[:whole]), _UNKNOWN)))
            self._seen = self._seen[whole:]


def _answer(body: str) -> bytes:
    raw = body.encode()
    return f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(raw)}\r\n\r\n".encode() + raw


def in_turn(body: str) -> Iterator[bytes]:
    """The answer again and again, its records under other ids each time, until all ids have come."""
    parts, numbers = _ID.split(body), itertools.count(1_000)
    made: list[bytes] = []
    for _ in range(max(1, IDS // (len(parts) - 1)) if len(parts) > 1 else 1):
        ids = (f'"id":{next(numbers)},' for _ in parts[1:])
        made.append(_answer(parts[0] + "".join(itertools.chain.from_iterable(zip(ids, parts[1:], strict=True)))))
    return itertools.cycle(made)


_UNKNOWN = itertools.repeat(_answer('{"ok":false,"error_code":"E_NOT_RECORDED","message":"nobody has asked this"}'))


async def main(socket: str, recorded: dict[str, str]) -> None:
    """Answer until the end."""
    answers = {name: in_turn(body) for name, body in recorded.items()}
    server = await asyncio.get_running_loop().create_unix_server(lambda: Answering(answers), socket)
    await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(sys.argv[1], json.loads(Path(sys.argv[2]).read_text())))
