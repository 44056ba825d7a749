"""Who stands between the socket and `check`: grpc.aio, or the lean front where the socket is a UNIX socket.

Both are given the same methods, and answer the same. grpc.aio is the reference, and the one for TCP.
"""

import asyncio
from collections.abc import Callable, Mapping
from enum import StrEnum

import grpc

from authz.question import METHOD, SERVICE
from authz.service import Check, Context, OnCheck, answering
from grpcfront import health, serving
from grpcfront.serving import Handler, Methods
from grpcfront.statuses import Refusal
from process.address import Address, UnixAddress

DRAIN_S = 5.0
"""How long Checks in flight may take once the process was told to stop."""
_OPTIONS = (
    # Without this a second process on the same TCP port would take half of the Checks instead of failing to start.
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", 256 * 1024),
)
_CHECKS_AT_ONCE = 1000
_CHECK = f"/{SERVICE}/{METHOD}"
_CODES = {code.value[0]: code for code in grpc.StatusCode}


class Front(StrEnum):
    """Which of them."""

    LEAN = "lean"
    GRPC = "grpc"


def front_for(chosen: Front, *, traced: bool) -> Front:
    """A trace comes as metadata of the call, and the lean front reads none."""
    return Front.GRPC if traced else chosen


async def serve(
    check: Check,
    address: Address,
    stop: asyncio.Event,
    front: Front,
    answering: Callable[[Check], OnCheck] = answering,
) -> None:
    """Answer Checks at `address` until `stop`, then finish what is in flight within `DRAIN_S`.

    `answering` is how grpc.aio asks: it alone hands over what came beside the message.
    """

    async def healthy(message: bytes) -> bytes | Refusal:
        return health.health_of((SERVICE,), lambda: not stop.is_set(), message)

    if front is Front.LEAN and isinstance(address, UnixAddress):
        methods: Methods = {_CHECK: check, health.CHECK: healthy}
        with address.taken_over() as path:
            listening = serving.listening(path)
        await serving.serve(methods, listening, stop, drain_s=DRAIN_S)
    else:
        await _serve_by_grpc({_CHECK: answering(check), health.CHECK: _adapted(healthy)}, address, stop)


async def _serve_by_grpc(methods: Mapping[str, OnCheck], address: Address, stop: asyncio.Event) -> None:
    server = grpc.aio.server(options=_OPTIONS, maximum_concurrent_rpcs=_CHECKS_AT_ONCE)
    server.add_generic_rpc_handlers((_Known(methods),))
    await _listen(server, address)
    try:
        await stop.wait()
    finally:
        await server.stop(DRAIN_S)


class _Known(grpc.GenericRpcHandler):
    """Our methods, as grpc looks them up. Without (de)serialisers it hands over bytes as they came."""

    def __init__(self, methods: Mapping[str, OnCheck]) -> None:
        by_grpc = grpc.unary_unary_rpc_method_handler
        self._handlers: Mapping[str, grpc.RpcMethodHandler[bytes, bytes]] = {
            path: by_grpc(handler) for path, handler in methods.items()
        }

    def service(self, details: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[bytes, bytes] | None":
        return self._handlers.get(details.method)


def _adapted(handler: Handler) -> OnCheck:
    async def on_call(message: bytes, context: Context) -> bytes:
        answer = await handler(message)
        if isinstance(answer, Refusal):
            await context.abort(_CODES[answer.status], answer.text)
        return answer

    return on_call


async def _listen(server: grpc.aio.Server, address: Address) -> None:
    if isinstance(address, UnixAddress):
        with address.taken_over() as path:
            server.add_insecure_port(f"unix:{path}")
            await server.start()
        return
    host = f"[{address.host}]" if ":" in address.host else address.host
    server.add_insecure_port(f"{host}:{address.port}")
    await server.start()
