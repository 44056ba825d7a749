"""The gRPC front beside `h2`, a library that is not ours: what it takes the front takes, and it can read the front."""

import random

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings
import pytest

from infra.grpcserver.connection import Connection
from infra.grpcserver.events import CallReceived
from tests.unit.grpcserver.peer import HEAD, PATH, prefixed

RUNS = 60
REQUESTS = 40
MOST = 2**31 - 1
VALUES = ("even", "", "two words", "caf\u00e9", "odd ", " odd", "\todd", "a" * 200)
Fields = list[tuple[str, str]]


class Pair:
    """An `h2` client that validates nothing of what it sends, and the front, with a wire between them."""

    def __init__(self) -> None:
        self.front = Connection()
        self.client = h2.connection.H2Connection(
            h2.config.H2Configuration(
                client_side=True,
                header_encoding="utf-8",
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
            )
        )
        self.client.initiate_connection()
        self.called: dict[int, CallReceived] = {}
        self.heard: list[h2.events.Event] = []
        self.exchange()

    def exchange(self) -> None:
        """Carry bytes both ways until neither has any."""
        while said := self.client.data_to_send():
            for event in self.front.receive(said, 0.0):
                if isinstance(event, CallReceived):
                    self.called[event.stream_id] = event
            self.listen()

    def listen(self) -> None:
        """Have the client read what the front says; raises ProtocolError where that is no HTTP/2."""
        self.heard += self.client.receive_data(self.front.data_to_send())

    def ask(self, fields: Fields) -> int:
        """Send a call; returns its stream."""
        stream = self.client.get_next_available_stream_id()
        self.client.send_headers(stream, fields)
        self.client.send_data(stream, prefixed(b"hello"), end_stream=True)
        self.exchange()
        return stream

    def heard_of(self, kind: type, stream: int) -> list[h2.events.Event]:
        """The events of that kind on a stream."""
        return [event for event in self.heard if isinstance(event, kind) and event.stream_id == stream]


def is_taken_by_h2(fields: Fields) -> bool:
    """Whether an `h2` server takes the request, alone on a connection."""
    config = h2.config.H2Configuration(validate_outbound_headers=False, normalize_outbound_headers=False)
    client = h2.connection.H2Connection(config)
    server = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
    client.initiate_connection()
    client.send_headers(1, fields)
    try:
        events = server.receive_data(client.data_to_send())
    except h2.exceptions.ProtocolError:
        return False
    return any(isinstance(event, h2.events.RequestReceived) for event in events)


@pytest.mark.parametrize("seed", range(RUNS))
def test_what_h2_takes_the_front_takes_whatever_came_before_on_the_connection(seed: int) -> None:
    chance, pair = random.Random(seed), Pair()
    for _ in range(REQUESTS):
        own = [(f"x-{chance.choice('abc')}", chance.choice(VALUES)) for _ in range(chance.randrange(3))]
        fields = [*HEAD.items(), *own]
        stream = pair.ask(fields)
        if is_taken_by_h2(fields):
            assert pair.called[stream].path == PATH, own
            pair.front.respond(stream, b"yes")
            pair.listen()
            assert b"".join(event.data for event in pair.heard_of(h2.events.DataReceived, stream)) == prefixed(b"yes")
            assert pair.heard_of(h2.events.StreamEnded, stream)
        elif stream in pair.called:
            pair.front.respond(stream, b"yes")  # a value that nobody reads need not be looked at
        else:
            assert pair.heard_of(h2.events.StreamReset, stream)
        pair.exchange()


@pytest.mark.parametrize("seed", range(RUNS))
def test_the_front_sends_as_much_as_h2_has_room_for_after_any_settings(seed: int) -> None:
    chance, pair = random.Random(seed), Pair()
    streams = [pair.ask(list(HEAD.items())) for _ in range(chance.randrange(1, 20))]
    for _ in range(chance.randrange(1, 4)):
        window = chance.choice([0, 1, 5, 8, 100, 65_535, MOST])
        pair.client.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: window})
        pair.exchange()
    room = {stream: pair.client.remote_flow_control_window(stream) for stream in streams}
    assert set(room.values()) == {min(window, 65_535)}  # which the connection has for all
    for stream in streams:
        pair.front.respond(stream, b"a" * 20)
        pair.listen()  # which raises where more came than there is room for
        sent = b"".join(event.data for event in pair.heard_of(h2.events.DataReceived, stream))
        assert len(sent) == min(25, window)
