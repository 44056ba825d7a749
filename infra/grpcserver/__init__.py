"""A front for unary gRPC calls over HTTP/2: frames in, calls out, and back. Knows no service and no room of ours.

`connection` and all that it leans on do no I/O: bytes go in, events and bytes come out (RFC 9113, RFC 7541, and gRPC's
"PROTOCOL-HTTP2"). `serving` alone has sockets, a clock and tasks.
"""
