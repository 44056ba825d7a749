"""HTTP/1.1 byte by byte, for requests that no client library would send."""

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace
from http.client import HTTPResponse
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

from tests.spec.operations import CURRENT
from tests.support.stack import ASKED_AGAIN, Stack

WITHIN_S = 20
BODY = '{"first_name":"x"}'


@dataclass(frozen=True)
class Message:
    """A good request; a case changes one part of it. `{token}` and `{host}` are filled in."""

    line: str = "GET /v1/me HTTP/1.1"
    host: tuple[str, ...] = ("Host: {host}",)
    authorization: tuple[str, ...] = ("Authorization: Bearer {token}",)
    more: tuple[str, ...] = ()
    body: str = ""
    end: str = "\r\n"

    def but(self, **changes: Any) -> "Message":
        return replace(self, **changes)

    def text(self, stack: Stack, token: str) -> bytes:
        lines = (self.line, *self.host, *self.authorization, f"Version: {CURRENT}", *self.more, "", self.body)
        text = self.end.join(lines).replace("{token}", token).replace("{host}", urlsplit(stack.api_url).netloc)
        return text.encode("latin-1")

    def send(self, stack: Stack, token: str | None = None) -> httpx.Response:
        """What is answered to it."""
        message = self.text(stack, token or stack.token())
        return patient(lambda: exchange(stack, message, self.line.partition(" ")[0]))


CREATE = Message(
    "POST /v1/contacts?dry_run=true HTTP/1.1",
    more=("Content-Type: application/json", f"Content-Length: {len(BODY)}"),
    body=BODY,
)
CHUNKED = CREATE.but(
    more=("Content-Type: application/json", "Transfer-Encoding: chunked"), body=f"12\r\n{BODY}\r\n0\r\n\r\n"
)


Answer = TypeVar("Answer", httpx.Response, httpx.Response | None)


def patient(ask: Callable[[], Answer]) -> Answer:
    """Ask again where nothing was decided for lack of time: the machine may be busy with other things."""
    for _ in range(ASKED_AGAIN):
        answer = ask()
        if answer is None or answer.status_code != 503 or answer.json()["code"] != "overloaded":
            return answer
    return ask()


def exchange(stack: Stack, message: bytes, method: str = "GET") -> httpx.Response:
    """The one answer to these very bytes."""
    url = urlsplit(stack.api_url)
    context = ssl.create_default_context(cafile=stack.facts["CA_FILE"])
    context.set_alpn_protocols(["http/1.1"])
    with (
        socket.create_connection((url.hostname, url.port or 443), timeout=WITHIN_S) as plain,
        context.wrap_socket(plain, server_hostname=url.hostname) as connection,
    ):
        connection.sendall(message)
        answer = HTTPResponse(connection, method=method)
        answer.begin()
        body = answer.read()
        return httpx.Response(answer.status, headers=answer.getheaders(), content=body)
