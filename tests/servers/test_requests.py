"""What is a request, where it ends, and what is none: the same through every server."""

import pytest

from infra.httpserver.messages import BodyLost, Request, Response
from tests.servers.asked import CHUNKED, DIFFERENT, GET, GOOD, LOST, NONE, Seen
from tests.servers.wire import READ, Service, whole
from tests.support.waiting import until

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


@pytest.mark.parametrize(("asked", "ours", "theirs"), DIFFERENT.values(), ids=DIFFERENT.keys())
async def test_servers_differ_in_a_request_that(
    server: str, service: Service, asked: bytes, ours: bool, theirs: bool
) -> None:
    async with service.line() as line:
        line.say(asked)
        assert (await line.hear())[0] == (200 if (ours if server == "lean" else theirs) else 400)


@pytest.mark.parametrize("body", LOST.values(), ids=LOST.keys())
@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "later"])
async def test_a_body_is_lost_where_there_is(server: str, service: Service, body: bytes, at_once: bool) -> None:
    if server == "aiohttp" and not at_once:
        pytest.skip("it leaves who reads the body waiting, until the reader's own deadline")

    async def refuses(request: Request) -> Response:
        try:
            await whole(request)
        except BodyLost:
            return Response(400, {}, b"lost")
        return Response(200, {}, b"")

    service.answer = refuses
    async with service.line() as line:
        line.say(CHUNKED + body if at_once else CHUNKED)
        if not at_once:
            await until(lambda: bool(service.asked), "the request")
            line.say(body)
        status, _, told = await line.hear()
        assert status == 400
        assert (told == b"lost") is (server == "lean"), "aiohttp refuses it without asking anybody"
        assert await line.end() == b"", "where the next request would begin nobody knows"


async def test_a_refusal_comes_behind_the_answers_to_what_came_before_it(server: str, service: Service) -> None:
    async with service.line() as line:
        line.say(2 * (GET + b"\r\n") + NONE["with a null in a value"])
        # aiohttp refuses all that came at once.
        told = [200, 200, 400] if server == "lean" else [400]
        assert [(await line.hear())[0] for _ in told] == told
        assert await line.end() == b""
