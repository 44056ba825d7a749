"""Let callers in at an `Address`: all who have connected, and at the end nobody who has not.

uvloop's own listener lets one in for each turn of the loop: when hundreds connect at once and a turn is long, the last
of them would wait for seconds, while who is connected already is served in each.
"""

import asyncio
import socket
from collections.abc import Callable

from infra.process.address import NO_MARK, Address, UnixAddress

BACKLOG = 4_096
"""How many may have connected and not been let in yet. The edge has a connection for each request under way, and a
process that gives way looks rarely: where this line is full, a request is refused after all has been paid for it."""
_TURNS_TO_LET_IN = 5
"""Of the loop: it looks at its sockets in each, and asyncio's own needs three to make a connection of what it finds."""
_AGAIN_S = 0.2
"""When no file descriptor is left: who has connected waits for so long before they are looked at again."""


def socket_mark(address: Address) -> tuple[int, int]:
    """What tells our own listener from a successor's."""
    return address.mark if isinstance(address, UnixAddress) else NO_MARK


async def accept_pending(address: Address, mark: tuple[int, int]) -> None:
    """Let in who has connected, and may have sent his request before we knew of him; nobody after him finds us."""
    if isinstance(address, UnixAddress):
        address.vacate(mark)
        for _ in range(_TURNS_TO_LET_IN):
            await asyncio.sleep(0)


class Listener:
    """Lets in all who have connected whenever it is looked at; `make` makes a protocol for each."""

    def __init__(self, make: Callable[[], asyncio.Protocol], address: Address) -> None:
        self._make = make
        self._own = _bound(address)
        self._loop = asyncio.get_running_loop()
        self._arriving: set[asyncio.Task[object]] = set()
        self._again: asyncio.TimerHandle | None = None
        self._look()

    def close(self) -> None:
        """Nobody is let in any more."""
        if self._again is not None:
            self._again.cancel()
        self._look_away()
        for own in self._own:
            own.close()
        self._own = []

    def _look(self) -> None:
        for own in self._own:
            self._loop.add_reader(own, self._let_in, own)

    def _look_away(self) -> None:
        for own in self._own:
            self._loop.remove_reader(own)

    def _let_in(self, own: socket.socket) -> None:
        for _ in range(BACKLOG):
            try:
                connected, _ = own.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError:  # no file descriptor: to look again at once would take all of the time
                self._look_away()
                self._again = self._loop.call_later(_AGAIN_S, self._look)
                return
            connected.setblocking(False)
            arriving = self._loop.create_task(self._loop.connect_accepted_socket(self._make, connected))
            self._arriving.add(arriving)
            arriving.add_done_callback(self._arriving.discard)


def _bound(address: Address) -> list[socket.socket]:
    """A name may stand for several addresses."""
    if isinstance(address, UnixAddress):
        with address.taken_over() as path:
            own = [socket.socket(socket.AF_UNIX)]
            own[0].bind(str(path))
            own[0].listen(BACKLOG)
    else:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        places = {(family, place) for family, *_, place in found}
        own = [socket.create_server(place, family=family, backlog=BACKLOG) for family, place in places]
        for each in own:
            # What is accepted has it too: callers whose machine is gone say nothing, and would be kept for ever.
            each.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for each in own:
        each.setblocking(False)
    return own
