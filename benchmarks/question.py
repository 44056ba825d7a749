"""A CheckRequest as our edge really sends it: recorded once, from Envoy, with the token of an app that lists contacts.

Owns the recording. What is measured with it is for others.
"""

from dataclasses import dataclass
from pathlib import Path

import grpc

from authz import responses
from authz.question import METHOD, SERVICE
from tests.edge.standing import Edge, standing_edge, until

HEADERS = {
    "User-Agent": "a-client/1.2 (https://client.example; partner)",
    "Accept": "application/json",
    "Accept-Encoding": "gzip, br",
    "Version": "2026-11-24",
    "X-Request-Id": "a client's own",
}
"""What an honest client sends beside its token."""
SCOPE = "contacts:read contacts:write companies:read deals:read"


@dataclass(frozen=True, slots=True)
class Recorded:
    """The question's bytes, and the public URL for which its token is."""

    message: bytes
    api_url: str


async def record() -> Recorded:
    """Ask the edge for a list of contacts and take down what it asks authz."""
    async with standing_edge(neighbours=("oauth",)) as edge, _recorder(edge) as recorder:
        await until(recorder.has_heard, "Envoy to ask")
        return Recorded(recorder.heard[-1], edge.api_url)


class _recorder:  # noqa: N801 (a context manager)
    """An authz that lets everybody through and remembers what it was asked."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self.heard: list[bytes] = []
        self._server = grpc.aio.server()

    async def __aenter__(self) -> "_recorder":
        handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(self._on_check)
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {METHOD: handler}),))
        for name in ("authz-1", "authz-2"):
            self._server.add_insecure_port(f"unix:{Path(self._edge.folder, name)}.sock")
        await self._server.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.stop(None)

    async def _on_check(self, message: bytes, _: object) -> bytes:
        self.heard.append(message)
        return responses.ready()

    async def has_heard(self) -> bool:
        """Whether one of our requests has come as far as here."""
        token = self._edge.token(role="member", scope=SCOPE, token_kind="oauth")
        await self._edge.get("/v1/contacts?limit=50", headers={**HEADERS, "Authorization": f"Bearer {token}"})
        return bool(self.heard)
