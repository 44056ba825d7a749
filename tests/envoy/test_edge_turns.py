"""Turns of Envoy's loop: what one connection brings at once does not all go before what another has asked for."""

import asyncio
import json
import signal
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from h2.connection import H2Connection
from h2.events import DataReceived, StreamEnded

from tests.envoy.standing import Edge, standing_edge, until

STREAMS = 60
"""Fewer than a connection may have, and than the burst of any plan."""
DECIDES = "authz-1"
"""One, so that there is one order."""
CROWD, ALONE = "/v1/contacts", "/v1/companies"
OPERATION_ALONE = "companies.list"
ANSWERED_WITHIN_S = 20.0
_READ_BYTES = 65_536


class Line:
    """A connection of HTTP/2 whose requests leave together."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.speech = H2Connection()
        self._reader = reader
        self._writer = writer
        self._ended = 0

    def send(self) -> None:
        """What was said, in one piece."""
        self._writer.write(self.speech.data_to_send())

    async def hear(self) -> None:
        """What comes next."""
        for event in self.speech.receive_data(await self._reader.read(_READ_BYTES)):
            match event:
                case DataReceived():
                    self.speech.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                case StreamEnded():
                    self._ended += 1
        self.send()

    async def has_answers(self, count: int) -> None:
        async with asyncio.timeout(ANSWERED_WITHIN_S):
            while self._ended < count:
                await self.hear()


@asynccontextmanager
async def lines(edge: Edge, count: int) -> AsyncIterator[list[Line]]:
    """Connections that have agreed on everything, and ask nothing yet."""
    secure = ssl.create_default_context(cadata=b"".join(edge.tls.get_ca_certs(binary_form=True)))
    secure.set_alpn_protocols(["h2"])
    address: dict[str, Any] = {"host": "127.0.0.1", "port": edge.api_port, "server_hostname": "localhost"}
    pairs = [await asyncio.open_connection(**address, ssl=secure) for _ in range(count)]
    try:
        made = [Line(*pair) for pair in pairs]
        for line in made:
            line.speech.initiate_connection()
            line.send()
            await line.hear()
        yield made
    finally:
        for _, writer in pairs:
            writer.close()


def ask(line: Line, edge: Edge, path: str, times: int) -> None:
    """So many requests of one token, at once."""
    head = [(":method", "GET"), (":scheme", "https"), (":authority", f"localhost:{edge.api_port}"), (":path", path)]
    head += [("authorization", f"Bearer {edge.token()}"), ("version", "2026-11-24")]
    for _ in range(times):
        line.speech.send_headers(line.speech.get_next_available_stream_id(), head, end_stream=True)
    line.send()


def decided(edge: Edge) -> list[str]:
    """The operations that were decided upon, in that order, by authz's log."""
    found = [json.loads(text) for text in (edge.folder / f"{DECIDES}.log").read_text().splitlines()]
    return [line["operation"] for line in found if "operation" in line]


async def test_who_asks_once_does_not_wait_for_all_that_another_connection_asks_at_once() -> None:
    async with standing_edge(neighbours=("oauth", DECIDES)) as edge, lines(edge, 2) as (crowd, alone):
        edge.processes["envoy"].send_signal(signal.SIGSTOP)  # so that it finds both at once
        try:
            ask(crowd, edge, CROWD, STREAMS)
            ask(alone, edge, ALONE, 1)
        finally:
            edge.processes["envoy"].send_signal(signal.SIGCONT)
        await alone.has_answers(1)
        await crowd.has_answers(STREAMS)

        async def all_told() -> bool:
            return len(decided(edge)) == STREAMS + 1

        await until(all_told, "authz's log")
        assert decided(edge)[-1] != OPERATION_ALONE
