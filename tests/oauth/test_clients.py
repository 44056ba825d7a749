"""Which redirect URIs can be registered."""

import pytest

from oauth.protocol.clients import redirect_uri_error

GOOD = {
    "https": ("https://app.example/callback", True),
    "https with a port and a query": ("https://app.example:8443/callback?a=b", True),
    "loopback": ("http://127.0.0.1/callback", False),
    "loopback with a port": ("http://127.0.0.1:8080/callback", False),
    "loopback, IPv6": ("http://[::1]/callback", False),
    "a scheme of its own": ("com.example.app:/callback", False),
    "a short scheme of its own": ("myapp://callback", False),
}


@pytest.mark.parametrize(("uri", "for_all"), GOOD.values(), ids=GOOD)
def test_a_public_client_may_register(uri: str, for_all: bool) -> None:
    assert redirect_uri_error(uri, is_public=True) is None
    assert (redirect_uri_error(uri, is_public=False) is None) is for_all


BAD = {
    "nothing": "",
    "a path": "/callback",
    "two slashes": "//app.example/callback",
    "http": "http://app.example/callback",
    "localhost": "http://localhost/callback",
    "another loopback": "http://127.0.0.2/callback",
    "a fragment": "https://app.example/callback#a",
    "an empty fragment": "https://app.example/callback#",
    "a user": "https://user@app.example/callback",
    "a user and a word": "https://user:word@app.example/callback",
    "no host": "https:///callback",
    "a way up": "https://app.example/a/../callback",
    "a backslash": "https://app.example\\callback",
    "a space": "https://app.example/call back",
    "a line feed": "https://app.example/callback\n",
    "a NUL": "https://app.example/\0",
    "another alphabet": "https://äpp.example/callback",
    "a port that is none": "https://app.example:99999/callback",
    "a bracket": "https://[app.example/callback",
    "a script": "javascript:alert(1)",
    "data": "data:text/html,hello",
    "a file": "file:///etc/passwd",
    "two letters": "ab:/callback",
    "too much": f"https://app.example/{'a' * 2000}",
}


@pytest.mark.parametrize("uri", BAD.values(), ids=BAD)
@pytest.mark.parametrize("is_public", [True, False], ids=["public", "confidential"])
def test_nobody_may_register(uri: str, is_public: bool) -> None:
    assert redirect_uri_error(uri, is_public=is_public)
