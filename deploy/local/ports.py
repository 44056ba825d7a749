"""Two neighbouring TCP ports for one stack: the API's, and the next one for the auth host.

Owns the claim on them; must not know who will listen there. Runs before anything is installed, on the
standard library alone.

Envoy binds with SO_REUSEPORT, so two stacks that start at the same moment would share a port without an error. A look
at TCP is therefore not enough. The claim is a UDP socket on the same port number: exclusive, seen by no TCP client, and
gone with the process that holds it, however that ends.
"""

import errno
import secrets
import socket
import sys
from dataclasses import dataclass

from deploy.local.user_error import UserError

# Below the kernel's range for outgoing connections (32768 up, net.ipv4.ip_local_port_range), which would race with us.
FREE_PORTS = range(20000, 32000, 2)
DEFAULT_API_PORT = 8443
HIGHEST_API_PORT = 65534
TRIES = 100


@dataclass(frozen=True, slots=True)
class Claim:
    """Two ports that are ours as long as the sockets stay open."""

    api_port: int
    held: tuple[socket.socket, socket.socket]

    def handles(self) -> tuple[int, ...]:
        """Returns the file descriptors that the keeper of the claim must inherit."""
        return tuple(held.fileno() for held in self.held)

    def close(self) -> None:
        """Let go; a process that inherited the handles still holds the claim."""
        for held in self.held:
            held.close()


def claim_ports(api_port: int) -> Claim:
    """Claim `api_port` and the next one, or, for 0, any free pair. Raises `Trouble` that names the taken port."""
    if api_port:
        return _claim(api_port)
    for _ in range(TRIES):
        try:
            return _claim(secrets.choice(FREE_PORTS))
        except UserError:
            continue
    raise UserError(f"No two free neighbouring ports found in {TRIES} tries; choose one: PORT=9443.")


def _claim(api_port: int) -> Claim:
    api = _hold(api_port, "")
    try:
        return Claim(api_port, (api, _hold(api_port + 1, " (for the auth host: the API's port + 1)")))
    except UserError:
        api.close()
        raise


def _hold(port: int, purpose: str) -> socket.socket:
    try:
        _try_to_listen(socket.AF_INET, "127.0.0.1", port)
        if socket.has_ipv6:
            # Nothing of ours listens there, but a client that asks for `localhost` tries ::1 first.
            _try_to_listen(socket.AF_INET6, "::1", port)
        held = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            held.bind(("127.0.0.1", port))
        except OSError:
            held.close()
            raise
    except PermissionError:
        raise UserError(f"Port {port}{purpose} is not open to you; choose one above 1023: PORT=9443.") from None
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise UserError(f"Port {port}{purpose} is taken by another program; choose another: PORT=9443.") from None
    return held


def _try_to_listen(family: socket.AddressFamily, host: str, port: int) -> None:
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        # As servers do: a connection of an earlier run in TIME_WAIT does not make a port taken.
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as error:
            if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):  # a machine without IPv6
                return
            raise


def main() -> int:
    """Tell before a first installation, which takes a minute, when the port given as an argument is taken."""
    try:
        claim_ports(int(sys.argv[1])).close()
    except UserError as trouble:
        print(trouble, file=sys.stderr)
        return 1
    except (ValueError, OverflowError):
        pass  # not a port: `up` says so with what was typed
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
