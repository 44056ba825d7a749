"""What is a request, where it ends, and what is none: through the server that the transcoder listens with."""

import pytest

from tests.http_server.asked import CHUNKED, GET, GOOD, LOST, NONE, ODD, Seen
from tests.http_server.wire import READ, Service
from transcoder.http.messages import Request

_PIECE = 7
_SHORT = 3000


def _seen(request: Request, body: bytes | None) -> Seen:
    headers = {name: value for name, value in request.headers.items() if name != "host"}
    return request.method, request.path, request.query, headers, set(request.repeated), body


@pytest.mark.parametrize(("asked", "seen"), GOOD.values(), ids=GOOD.keys())
async def test_a_request_is_seen_as_it_was_sent_and_its_connection_kept(
    service: Service, asked: bytes, seen: Seen
) -> None:
    async with service.line() as line:
        line.say(asked)
        status, fields, body = await line.hear()
        assert (status, fields["x-mark"], body) == (200, "one", READ.body)
        if len(asked) < _SHORT:
            await line.say_bytewise(asked, _PIECE)
            assert (await line.hear())[0] == 200
    assert all(_seen(*each) == seen for each in zip(service.asked, service.bodies, strict=True))


@pytest.mark.parametrize("asked", NONE.values(), ids=NONE.keys())
async def test_there_is_no_request_in_what_is(service: Service, asked: bytes) -> None:
    async with service.line() as line:
        line.say(asked)
        status, fields, _ = await line.hear()
        assert (status, fields.get("connection", "close")) == (400, "close")
        assert await line.end() == b""
    assert not service.asked
    async with service.line() as line:
        line.say(GET + b"\r\n")
        assert (await line.hear())[0] == 200


@pytest.mark.parametrize("asked", ODD.values(), ids=ODD.keys())
async def test_a_request_is_answered_that(service: Service, asked: bytes) -> None:
    async with service.line() as line:
        line.say(asked)
        assert (await line.hear())[0] == 200


@pytest.mark.parametrize("body", LOST.values(), ids=LOST.keys())
async def test_a_body_is_lost_where_there_is(service: Service, body: bytes) -> None:
    async with service.line() as line:
        line.say(CHUNKED + body)
        assert (await line.hear())[0] == 400
        assert await line.end() == b"", "where the next request would begin nobody knows"
