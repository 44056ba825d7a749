"""What a service hears: the same bytes, in meaning, from every client; and nothing at all of what is no request."""

import asyncio
from pathlib import Path

import pytest

from tests.support.quiet_log import QUIET
from tests.upstream.clients import CLIENTS
from tests.upstream.wire import GOOD, Service, ask
from transcoder.backend.credentials import Credentials
from transcoder.backend.upstream import HttpUpstream, http_upstream

COMMON = {"host": "internal", "accept": "*/*", "accept-encoding": "identity", "user-agent": "public-api-gateway"}


async def test_a_read_is_its_fields_and_ours(upstream: HttpUpstream, service: Service) -> None:
    service.says(GOOD)
    await ask(upstream, path="/a/b?c=%20d&e=", headers={"X-A": "1", "X-Name": "Åsa"})
    [(line, fields)] = service.heard
    assert line == "GET /a/b?c=%20d&e="
    assert 0 < int(fields.pop("x-deadline-ms")) <= 8000
    assert fields == COMMON | {"x-a": "1", "x-name": "Åsa"}


async def test_a_write_has_a_length_and_a_type(upstream: HttpUpstream, service: Service) -> None:
    service.says(GOOD)
    await ask(upstream, "PUT", body=b'{"a":1}')
    [(line, fields)] = service.heard
    del fields["x-deadline-ms"]
    assert line == "PUT /thing"
    assert fields == COMMON | {"content-length": "7", "content-type": "application/json"}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
async def test_a_write_without_a_body_says_so(upstream: HttpUpstream, service: Service, method: str) -> None:
    service.says(GOOD)
    await ask(upstream, method)
    [(_, fields)] = service.heard
    assert fields["content-length"] == "0"


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\r\n\r\nGET /evil HTTP/1.1", "a\n", "\ra", "a\0b"])
async def test_what_would_split_a_request_is_not_sent(upstream: HttpUpstream, service: Service, value: str) -> None:
    service.says(GOOD)
    with pytest.raises(ValueError):
        await ask(upstream, headers={"X-A": value})
    assert service.heard == []
    assert (await ask(upstream)).body == b"good"


async def test_a_network_address_is_named_with_its_port(client: str) -> None:
    service = Service()
    service.says(GOOD)
    server = await asyncio.start_server(service.converse, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    upstream = http_upstream(f"http://127.0.0.1:{port}", Credentials().open(QUIET), make=CLIENTS[client])
    assert (await ask(upstream)).body == b"good"
    assert service.heard[0][1]["host"] == f"127.0.0.1:{port}"
    await upstream.close()
    server.close()


async def test_an_address_of_ipv6_is_asked_alike(client: str) -> None:
    service = Service()
    service.says(GOOD)
    server = await asyncio.start_server(service.converse, "::1", 0)
    port = server.sockets[0].getsockname()[1]
    upstream = http_upstream(f"http://[::1]:{port}", Credentials().open(QUIET), make=CLIENTS[client])
    assert (await ask(upstream)).body == b"good"
    assert service.heard[0][1]["host"] == f"[::1]:{port}"
    await upstream.close()
    server.close()


async def test_a_real_server_answers_all_methods_alike(client: str, socket: Path) -> None:
    """Aiohttp's server: chunks, no content, a body both ways, an error of its own."""
    from aiohttp import web

    async def echoes(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        if request.path == "/stream":
            response = web.StreamResponse()
            response.enable_chunked_encoding()
            await response.prepare(request)
            for at in range(0, len(body), 1000):
                await response.write(body[at : at + 1000])
            await response.write_eof()
            return response
        return web.Response(status=204) if request.path == "/nothing" else web.Response(body=body)

    app = web.Application()
    for path in ("/stream", "/nothing", "/echo"):
        app.router.add_route("*", path, echoes)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.UnixSite(runner, str(socket)).start()
    upstream = http_upstream(f"unix:{socket}", Credentials().open(QUIET), make=CLIENTS[client])
    body = bytes(range(256)) * 300
    for _ in range(2):
        for path, status, expected in (("/echo", 200, body), ("/stream", 200, body), ("/nothing", 204, b"")):
            reply = await ask(upstream, "POST", path, body=body)
            assert (reply.status, reply.body) == (status, expected)
        assert (await ask(upstream, "HEAD", "/echo")).status == 200
        assert (await ask(upstream, "DELETE", "/nowhere")).status == 404
    await upstream.close()
    await runner.cleanup()
