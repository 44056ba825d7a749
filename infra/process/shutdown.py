"""Ending well: SIGTERM and SIGINT as an event that a service waits for before it drains."""

import asyncio
import signal


def stop_event() -> asyncio.Event:
    """An event that the running loop sets on SIGTERM or SIGINT."""
    event = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, event.set)
    return event
