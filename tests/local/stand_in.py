"""A service that knows one thing: `stand_in.py SOCKET [--deaf]` answers 200 to anything; deaf, it ignores SIGTERM."""

import signal
import socket
import sys

if "--deaf" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])  # fails when a dead predecessor's socket file is still there
listener.listen()
while True:
    caller, _ = listener.accept()
    with caller:
        caller.recv(4096)
        caller.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
