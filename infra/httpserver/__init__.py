"""HTTP/1.1 for one who stands behind a proxy: a request in, its whole answer out, one at a time on each connection.

Owns the wire, from a request's bytes to an answer's, and how long a connection may take over what it has begun. Knows
no route, no caller and no reason to refuse but that something is not HTTP. `heads`, `chunks` and `writing` are bytes
and values alone; what waits is apart from them.
"""
