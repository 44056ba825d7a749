"""HTTP/1.1 to one server: a pool of connections, one request at a time on each, whole answers.

Owns the wire, from a request's bytes to an answer's. Knows no deadline but that for connecting (callers bring their
own), sends nothing twice, and has no idea of what is asked or who asks. `reading` and `writing`
are bytes and values alone; what waits is apart from them.
"""
