"""Behind load balancers that speak the PROXY protocol: who is calling is what they say."""

import asyncio
import ipaddress
import ssl
import struct
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.envoy.standing import Edge, standing_edge
from tests.support.processes import free_ports

PATH = "/v1/contacts"
ADDRESS, FORGED = "203.0.113.7", "198.51.100.1"


def version_1(address: str) -> bytes:
    return f"PROXY TCP4 {address} 10.0.0.1 50000 8443\r\n".encode()


def version_2(address: str) -> bytes:
    places = ipaddress.ip_address(address).packed + ipaddress.ip_address("10.0.0.1").packed + struct.pack("!HH", 1, 2)
    return b"\r\n\r\n\0\r\nQUIT\n" + bytes([0x21, 0x11]) + struct.pack("!H", len(places)) + places


@pytest.fixture(scope="module")
async def behind() -> AsyncIterator[tuple[Edge, int]]:
    """An edge that wants PROXY headers, and its port for probes."""
    (watch_port,) = free_ports(1)
    async with standing_edge(proxy_protocol="true", watch_port=watch_port) as edge:
        yield edge, watch_port


async def spoken(edge: Edge, introduction: bytes, headers: str = "") -> httpx.Response:
    """The answer to one request behind that introduction."""
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.api_port)
    try:
        writer.write(introduction)
        async with asyncio.timeout(10):
            await writer.start_tls(edge.tls, server_hostname="localhost")
            host = f"Host: localhost:{edge.api_port}\r\nAuthorization: Bearer {edge.token()}\r\nConnection: close\r\n"
            writer.write(f"GET {PATH} HTTP/1.1\r\n{host}{headers}\r\n".encode())
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    finally:
        writer.transport.abort()
    return httpx.Response(int(head.split()[1]), content=body)


@pytest.mark.parametrize("introduction", [version_1, version_2])
async def test_by_the_proxy_protocol_the_caller_is_whom_the_balancer_names(
    behind: tuple[Edge, int], introduction: object
) -> None:
    answer = await spoken(behind[0], introduction(ADDRESS), f"X-Forwarded-For: {FORGED}\r\n")  # type: ignore[operator]
    assert answer.status_code == 200
    # Read raw, chunks and all: what arrived upstream is the caller's own word, and behind it the balancer's.
    assert f"{FORGED},{ADDRESS}" in answer.text.replace(", ", ",")


@pytest.mark.parametrize("introduction", [b"", b"PROXY NONSENSE\r\n"], ids=["no header", "a bad header"])
async def test_a_connection_that_does_not_say_who_is_calling_gets_nothing(
    behind: tuple[Edge, int], introduction: bytes
) -> None:
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await spoken(behind[0], introduction)


async def test_probes_and_metrics_have_a_port_of_their_own_which_needs_no_header(behind: tuple[Edge, int]) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{behind[1]}") as http:
        assert (await http.get("/healthz")).text == "ok\n"
        assert (await http.get("/readyz")).status_code == 200
        metrics = await http.get("/metrics")
        assert "# TYPE envoy_http_downstream_rq_total counter" in metrics.text.splitlines()


@pytest.mark.parametrize(
    "path",
    ["/", PATH, "/stats", "/stats/prometheus", "/config_dump", "/metrics/../quitquitquit", "/metrics/x", "/docs"],
)
async def test_nothing_else_is_on_that_port(behind: tuple[Edge, int], path: str) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{behind[1]}") as http:
        assert (await http.get(path)).status_code == 404
        assert (await http.post("/metrics")).status_code == 404


async def test_readiness_on_that_port_is_a_decision_and_an_answer() -> None:
    (watch_port,) = free_ports(1)
    async with (
        standing_edge(neighbours=("oauth",), watch_port=watch_port),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{watch_port}") as http,
    ):
        assert (await http.get("/healthz")).status_code == 200
        assert (await http.get("/readyz")).status_code == 503
