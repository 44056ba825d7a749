"""Where a service listens: how it is spelled, and what is no address."""

from pathlib import Path

import pytest

from infra.process.address import TcpAddress, UnixAddress, parse_address

READ = {
    "unix:/run/x.sock": UnixAddress(Path("/run/x.sock")),
    "unix:/" + "x" * 106: UnixAddress(Path("/" + "x" * 106)),
    "tcp:127.0.0.1:8080": TcpAddress("127.0.0.1", 8080),
    "tcp:localhost:65535": TcpAddress("localhost", 65535),
    "tcp:[::1]:1": TcpAddress("::1", 1),
}


@pytest.mark.parametrize(("text", "address"), READ.items())
def test_reads(text: str, address: object) -> None:
    assert parse_address(text) == address


NONE = [
    *("", "unix:", "unix:x.sock", "/run/x.sock", "tcp:", "tcp:8080", "tcp::8080", "tcp:host:", "tcp:host:0"),
    *("tcp:host:65536", "tcp:host:-1", "tcp:host:http", "tcp:host:\u00b2", "http://host:80", "unix:/" + "x" * 107),
    "unix:/" + "\u00e9" * 54,
]


@pytest.mark.parametrize("text", NONE)
def test_refuses(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_address(text)


@pytest.mark.parametrize(
    ("host", "authority"), [("authz", "authz:50051"), ("10.0.0.7", "10.0.0.7:50051"), ("::1", "[::1]:50051")]
)
def test_a_tcp_address_is_spelled_as_in_a_url(host: str, authority: str) -> None:
    assert TcpAddress(host, 50051).authority == authority
