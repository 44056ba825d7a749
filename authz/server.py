"""Who stands between the socket and the Checks: grpc.aio, or the lean front where the socket is a UNIX socket.

Both are given the same methods, and answer the same. grpc.aio is the reference, and the one for TCP.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from enum import StrEnum

from authz.check_request import METHOD, SERVICE
from authz.service import CheckHandler, SerializedCheck
from infra.grpcserver import health, server
from infra.grpcserver.events import CallReceived
from infra.grpcserver.server import Handler, Methods, SendResponse, for_each
from infra.grpcserver.statuses import CallError
from infra.process.address import Address, UnixAddress

DRAIN_S = 5.0
"""How long Checks in flight may take once the process was told to stop."""
_CHECK = f"/{SERVICE}/{METHOD}"


class ServerKind(StrEnum):
    """Which of them."""

    LEAN = "lean"
    GRPC = "grpc"


async def serve(
    checks: CheckHandler, address: Address, stop: asyncio.Event, front: ServerKind, *, trace: str = ""
) -> None:
    """Answer Checks at `address` until `stop`, then finish what is in flight within `DRAIN_S`.

    `trace`: the field, gRPC's metadata, by which the edge tells the trace that a Check belongs to; "" for none.
    """

    async def healthy(message: bytes) -> bytes | CallError:
        return health.check_health((SERVICE,), lambda: not stop.is_set(), message)

    if front is ServerKind.LEAN and isinstance(address, UnixAddress):
        methods: Methods = {_CHECK: _in_batches(checks), health.CHECK: for_each(healthy)}
        with address.taken_over() as path:
            listening = server.bind(path)
        await server.serve(methods, listening, stop, drain_s=DRAIN_S, keep=[trace] if trace else [])
    else:
        from authz import grpcio_server

        by_path = {
            _CHECK: grpcio_server.check_each(checks, trace),
            health.CHECK: grpcio_server.as_grpc_handler(healthy),
        }
        await grpcio_server.serve(by_path, address, stop, drain_s=DRAIN_S)


def _in_batches(checks: CheckHandler) -> Handler:
    def on_calls(calls: Sequence[CallReceived], give: SendResponse) -> Awaitable[None]:
        sent = [SerializedCheck(call.message, *call.kept) for call in calls]
        return checks(sent, lambda number, answer: give(calls[number], answer))

    return on_calls
