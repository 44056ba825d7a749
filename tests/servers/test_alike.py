"""Whatever is asked, in whatever pieces: both servers see the same and say the same."""

import asyncio
from contextlib import AsyncExitStack

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.servers.wire import Line, Service, free_port, served
from transcoder.http.servers import SERVERS

_NAMES = st.sampled_from([b"accept", b"X-Gw-Scopes", b"If-Match", b"x-a", b"X-A", b"Version"])
_VALUES = st.binary(max_size=12).map(lambda data: bytes(each for each in data if each >= 0x20 and each != 0x7F))
_TARGETS = st.text("abz09-._~%/?&=+:@!$'()*,;", max_size=20).map(lambda text: b"/" + text.encode())


@st.composite
def _requests(draw: st.DrawFn) -> bytes:
    method = draw(st.sampled_from([b"GET", b"POST", b"HEAD", b"PATCH", b"DELETE", b"OPTIONS"]))
    lines = [b"%s %s HTTP/1.1" % (method, draw(_TARGETS)), b"Host: x"]
    lines += [name + b":" + value for name, value in draw(st.lists(st.tuples(_NAMES, _VALUES), max_size=5))]
    body = draw(st.none() | st.binary(max_size=40))
    if body is None:
        return b"\r\n".join([*lines, b"", b""])
    if draw(st.booleans()):
        return b"\r\n".join([*lines, b"Content-Length: %d" % len(body), b"", body])
    size = draw(st.integers(1, 9))
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
    return b"\r\n".join([*lines, b"Transfer-Encoding: chunked", b"", chunks]) + b"0\r\n\r\n"


async def _told(service: Service, asked: list[bytes], size: int) -> tuple[object, list[bytes]]:
    service.asked.clear()
    service.bodies.clear()
    async with service.line() as line:
        await line.say_bytewise(b"".join(asked), size)
        answers = [await _answer(line, each.startswith(b"HEAD")) for each in asked]
    seen = [(r.method, r.path, r.query, dict(r.headers), set(r.repeated)) for r in service.asked]
    return (seen, list(service.bodies)), answers


async def _answer(line: Line, to_head: bool) -> bytes:
    head = await line.reader.readuntil(b"\r\n\r\n")
    body = b"" if to_head else await line.reader.readexactly(len(b"answered"))
    return b"\r\n".join(each for each in head.split(b"\r\n") if not each.startswith(b"Date")) + body


def test_both_see_the_same_and_say_the_same() -> None:
    @settings(max_examples=60, deadline=None, derandomize=True)
    @given(st.lists(_requests(), min_size=1, max_size=3), st.integers(1, 200))
    def compare(asked: list[bytes], size: int) -> None:
        async def both() -> None:
            one, other = [await _told(service, asked, size) for service in services]
            assert one == other

        runner.run(both())

    with asyncio.Runner() as runner:
        services: list[Service] = []
        stack = AsyncExitStack()

        async def begin() -> None:
            services.extend([await stack.enter_async_context(served(name, free_port())) for name in SERVERS])

        runner.run(begin())
        try:
            compare()
        finally:
            runner.run(stack.aclose())
