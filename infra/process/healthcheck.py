"""`python -m infra.process.healthcheck`: ends well if the service that listens at LISTEN answers GET /healthz with a
200.

For containers, which have no curl. Knows HTTP and the address, not the service. Imports little: it is run again and
again beside the service that it asks.
"""

import os
import sys
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from socket import AF_UNIX, SOCK_STREAM, socket

from contract.operations import HEALTH_PATH
from infra.process.address import Address, UnixAddress, parse_address
from infra.process.settings import SettingsReader, load_or_exit

WITHIN_S = 2.0


class UnixConnection(HTTPConnection):
    """HTTP over a UNIX socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=WITHIN_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket(AF_UNIX, SOCK_STREAM)
        self.sock.settimeout(WITHIN_S)
        self.sock.connect(str(self._path))


def health_problem(address: Address) -> str:
    """What is wrong with the service there; empty if nothing is."""
    if isinstance(address, UnixAddress):
        connection: HTTPConnection = UnixConnection(address.path)
    else:  # 0.0.0.0 is this machine, too
        connection = HTTPConnection(address.host, address.port, timeout=WITHIN_S)
    try:
        connection.request("GET", HEALTH_PATH)
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        return f"{address} does not answer: {error}"
    finally:
        connection.close()
    return "" if status == 200 else f"{address} answers {status}"


def listen_address(environment: Mapping[str, str]) -> Address:
    """The service's own address; SettingsError when it has none."""
    reader = SettingsReader(environment)
    address = reader.read("LISTEN", parse_address, "unix:/path/x.sock or tcp:host:port")
    reader.finish()
    return address


if __name__ == "__main__":
    sys.exit(health_problem(load_or_exit(listen_address, os.environ, "healthy")) or 0)
