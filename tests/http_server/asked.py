"""Requests as bytes: what is taken for one, and what is not."""

H = b"Host: x\r\n"
GET = b"GET / HTTP/1.1\r\n" + H
POST = b"POST / HTTP/1.1\r\n" + H
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
FIVE = b"Content-Length: 5\r\n\r\nhello"
CHUNKS = b"5\r\nhello\r\n0\r\n\r\n"

Seen = tuple[str, str, str, dict[str, str], set[str], bytes | None]
"""Method, path, query, headers beside Host, those of several lines, body."""

GOOD: dict[str, tuple[bytes, Seen]] = {
    "nothing but its head": (GET + b"\r\n", ("GET", "/", "", {}, set(), None)),
    "a query": (b"GET /a/b?c=d%20e&f HTTP/1.1\r\n" + H + b"\r\n", ("GET", "/a/b", "c=d%20e&f", {}, set(), None)),
    "an empty query": (b"GET /a? HTTP/1.1\r\n" + H + b"\r\n", ("GET", "/a", "", {}, set(), None)),
    "escapes, left as they are": (
        b"GET /%7Ea/%2e%2E/b%2Fc//d/ HTTP/1.1\r\n" + H + b"\r\n",
        ("GET", "/%7Ea/%2e%2E/b%2Fc//d/", "", {}, set(), None),
    ),
    "names and values as some write them": (
        GET + b"X-aB:  \t c d \t \r\nX-Empty:\r\n\r\n",
        ("GET", "/", "", {"x-ab": "c d", "x-empty": ""}, set(), None),
    ),
    "bytes that are text": (GET + b"X: \xc3\xa0\r\n\r\n", ("GET", "/", "", {"x": "à"}, set(), None)),
    "bytes that are none": (GET + b"X: \xff\r\n\r\n", ("GET", "/", "", {"x": "\udcff"}, set(), None)),
    "a name three times": (
        GET + b"X: a\r\nY: b\r\nx: c\r\nX:\r\n\r\n",
        ("GET", "/", "", {"x": "a, c, ", "y": "b"}, {"x"}, None),
    ),
    "a counted body": (POST + FIVE, ("POST", "/", "", {"content-length": "5"}, set(), b"hello")),
    "a body to GET": (GET + FIVE, ("GET", "/", "", {"content-length": "5"}, set(), b"hello")),
    "a body of nothing": (
        POST + b"Content-Length: 0\r\n\r\n",
        ("POST", "/", "", {"content-length": "0"}, set(), None),
    ),
    "a length with noughts before it": (
        POST + b"Content-Length: " + b"0" * 5000 + b"5\r\n\r\nhello",
        ("POST", "/", "", {"content-length": "0" * 5000 + "5"}, set(), b"hello"),
    ),
    "a chunk": (CHUNKED + CHUNKS, ("POST", "/", "", {"transfer-encoding": "chunked"}, set(), b"hello")),
    "chunks, of sizes in either case": (
        CHUNKED + b"A\r\n0123456789\r\n0b\r\n0123456789a\r\n0\r\n\r\n",
        ("POST", "/", "", {"transfer-encoding": "chunked"}, set(), b"01234567890123456789a"),
    ),
    "a chunk of nothing": (
        CHUNKED + b"0\r\n\r\n",
        ("POST", "/", "", {"transfer-encoding": "chunked"}, set(), b""),
    ),
    "chunks with extensions": (
        CHUNKED + b'5;a=b;c="d"\r\nhello\r\n0;e\r\n\r\n',
        ("POST", "/", "", {"transfer-encoding": "chunked"}, set(), b"hello"),
    ),
    "empty lines before it": (b"\r\n\r\n" + GET + b"\r\n", ("GET", "/", "", {}, set(), None)),
    "HTTP/1.0 that stays": (
        b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n" + H + b"\r\n",
        ("GET", "/", "", {"connection": "keep-alive"}, set(), None),
    ),
    "400 lines of one name": (
        GET + b"X: a\r\n" * 400 + b"\r\n",
        ("GET", "/", "", {"x": ", ".join(["a"] * 400)}, {"x"}, None),
    ),
    "a field of 60,000 bytes": (
        GET + b"X: " + b"a" * 60_000 + b"\r\n\r\n",
        ("GET", "/", "", {"x": "a" * 60_000}, set(), None),
    ),
}

NONE: dict[str, bytes] = {
    "of another protocol": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "of TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "of HTTP/1.2": b"GET / HTTP/1.2\r\n" + H + b"\r\n",
    "with a method that there is not": b"HEY / HTTP/1.1\r\n" + H + b"\r\n",
    "with a method in lower case": b"get / HTTP/1.1\r\n" + H + b"\r\n",
    "with a blank in its target": b"GET /a b HTTP/1.1\r\n" + H + b"\r\n",
    "without a Host": b"GET / HTTP/1.1\r\n\r\n",
    "with two Hosts": GET + H + b"\r\n",
    "with a null in its target": b"GET /a\0b HTTP/1.1\r\n" + H + b"\r\n",
    "with a null in a value": GET + b"X: a\0b\r\n\r\n",
    "with a blank before a colon": GET + b"X : a\r\n\r\n",
    "with a line without a colon": GET + b"X\r\n\r\n",
    "with an empty name": GET + b": a\r\n\r\n",
    "with a folded value": GET + b"X: a\r\n b\r\n\r\n",
    "with lines that end with a line feed": GET.replace(b"\r\n", b"\n") + b"\n",
    "with one line that ends with a line feed": GET + b"X: a\nY: b\r\n\r\n",
    "with two lengths": POST + b"Content-Length: 5\r\nContent-Length: 4\r\n\r\nhello",
    "with one length twice": POST + b"Content-Length: 5\r\n" + FIVE,
    "with a list of lengths": POST + b"Content-Length: 5, 5\r\n\r\nhello",
    "with a length that is signed": POST + b"Content-Length: +5\r\n\r\nhello",
    "with a length below nought": POST + b"Content-Length: -5\r\n\r\nhello",
    "with a length in hexadecimal": POST + b"Content-Length: 0x5\r\n\r\nhello",
    "with a length beyond all": POST + b"Content-Length: 99999999999999999999\r\n\r\nhello",
    "with an empty length": POST + b"Content-Length:\r\n\r\nhello",
    "with a length and chunks": POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS,
    "with chunks and a length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n" + CHUNKS,
    "with a coding instead of chunks": POST + b"Transfer-Encoding: gzip\r\n\r\nhello",
    "with a coding behind chunks": POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n" + CHUNKS,
    "with 1,000 fields": GET + b"X: a\r\n" * 1000 + b"\r\n",
    "with a field of 100,000 bytes": GET + b"X: " + b"a" * 100_000 + b"\r\n\r\n",
    "with a target of 100,000 bytes": b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n" + H + b"\r\n",
}

ODD: dict[str, bytes] = {
    "has the target of a proxy": b"GET http://x/ HTTP/1.1\r\n" + H + b"\r\n",
    "asks for all": b"OPTIONS * HTTP/1.1\r\n" + H + b"\r\n",
    "has trailers": CHUNKED + b"5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n",
    "has a coding beside chunks": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + CHUNKS,
    "would change the protocol": GET + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
}
"""What is answered as any other request. The edge sends none of it but trailers."""

LOST: dict[str, bytes] = {
    "a chunk of no size": b"\r\nhello\r\n0\r\n\r\n",
    "a chunk of a signed size": b"+5\r\nhello\r\n0\r\n\r\n",
    "a chunk of a size with a prefix": b"0x5\r\nhello\r\n0\r\n\r\n",
    "a chunk that is longer than it says": b"4\r\nhello\r\n0\r\n\r\n",
    "a chunk of a size beyond all": b"fffffffffffffffff\r\nhello\r\n0\r\n\r\n",
    "a blank behind a size": b"5 \r\nhello\r\n0\r\n\r\n",
    "a size that ends with a line feed": b"5\nhello\r\n0\r\n\r\n",
    "a trailer that is none": b"5\r\nhello\r\n0\r\nX\r\n\r\n",
}
"""Bodies, behind `CHUNKED`, whose end nobody can tell."""
