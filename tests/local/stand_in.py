"""A service that knows one thing: `stand_in.py SOCKET [--deaf] [--takes-over]` answers 200 to anything.

Deaf, it ignores SIGTERM; one that takes over puts its socket in the place of another's.
"""

import os
import signal
import socket
import sys

if "--deaf" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
listener = socket.socket(socket.AF_UNIX)
aside = sys.argv[1] + "~" if "--takes-over" in sys.argv else sys.argv[1]
listener.bind(aside)  # fails when a dead predecessor's socket file is still there
listener.listen()
os.replace(aside, sys.argv[1])  # noqa: PTH105 (pathlib takes longer to import than all of this)
while True:
    caller, _ = listener.accept()
    with caller:
        caller.recv(4096)
        caller.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
