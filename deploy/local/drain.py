"""Lets an Envoy finish what it has: `python -I -S drain.py ADMIN_SOCKET MOST_S`, before it is told to end.

Owns the questions to Envoy's admin interface; must not import anything slow: who ends a stack waits for it. In a pod
`drain.sh` does the same, and goes on accepting meanwhile: here nobody is left who would send a caller elsewhere.
"""

import re
import socket
import sys
import time

IN_FLIGHT = "/stats?filter=%5Ehttp%5C.edge%5C.downstream_rq_active%24"
LOOK_EVERY_S = 0.02
ANSWER_S = 1.0


def ask(path: str, method: str, admin: str) -> str:
    """What the admin interface answers."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(ANSWER_S)
        line.connect(admin)
        line.sendall(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        told = b""
        while part := line.recv(65536):
            told += part
    return told.decode(errors="replace")


def main() -> int:
    """Answers ask to close, nobody new is let in; returns when nothing is in flight, or after MOST_S."""
    admin, ends_s = sys.argv[1], time.monotonic() + float(sys.argv[2])
    try:
        ask("/healthcheck/fail", "POST", admin)
        ask("/drain_listeners", "POST", admin)
        while time.monotonic() < ends_s and not re.search(r"downstream_rq_active: 0\b", ask(IN_FLIGHT, "GET", admin)):
            time.sleep(LOOK_EVERY_S)
    except OSError as fault:  # it has ended already, or never began
        print(f"cannot drain: {fault}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
