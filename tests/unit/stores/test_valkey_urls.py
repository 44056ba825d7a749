"""A server's URL leads where redis-py's own reading of it leads."""

from typing import Any

import pytest
from redis.asyncio.connection import SSLConnection, parse_url

from infra.stores.valkey import server, valkey_url

URLS = (
    "unix:///run/valkey.sock",
    "unix:///run/with%20space.sock?db=3",
    "unix://gateway:se%40cret@/run/valkey.sock",
    "redis://valkey",
    "redis://valkey:7000",
    "redis://valkey:7000/2",
    "redis://valkey?db=4",
    "redis://[::1]:7000",
    "redis://:secret@valkey",
    "redis://gateway:se%3Acret@valkey:7000/0",
    "rediss://gateway:secret@valkey:6380?ssl_ca_certs=/etc/ca.pem",
)


@pytest.mark.parametrize("url", URLS)
def test_it_leads_there(url: str) -> None:
    ours = server(valkey_url(url))
    theirs: dict[str, Any] = parse_url(url)
    ca = theirs.get("ssl_ca_certs")
    assert (ours.path, ours.host, ours.port) == (
        theirs.get("path", ""),
        theirs.get("host", ""),
        theirs.get("port", 6379),
    )
    assert (ours.username, ours.password) == (theirs.get("username", "default"), theirs.get("password", ""))
    assert ours.database == theirs.get("db", 0)
    assert ours.secure is (theirs.get("connection_class") is SSLConnection)
    assert (None if ours.ca_file is None else str(ours.ca_file)) == ca
