"""Who stands between the socket and the Checks: grpc.aio, or the lean front where the socket is a UNIX socket.

Both are given the same methods, and answer the same. grpc.aio is the reference, and the one for TCP.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import StrEnum

import grpc

from authz.question import METHOD, SERVICE
from authz.service import Checks, Sent
from grpcfront import health, serving
from grpcfront.events import Called
from grpcfront.serving import Give, Handler, Methods, each
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

_Context = grpc.aio.ServicerContext[bytes, bytes]
_OnCall = Callable[[bytes, _Context], Awaitable[bytes]]


class Front(StrEnum):
    """Which of them."""

    LEAN = "lean"
    GRPC = "grpc"


async def serve(checks: Checks, address: Address, stop: asyncio.Event, front: Front, *, trace: str = "") -> None:
    """Answer Checks at `address` until `stop`, then finish what is in flight within `DRAIN_S`.

    `trace`: the field, gRPC's metadata, by which the edge tells the trace that a Check belongs to; "" for none.
    """

    async def healthy(message: bytes) -> bytes | Refusal:
        return health.health_of((SERVICE,), lambda: not stop.is_set(), message)

    if front is Front.LEAN and isinstance(address, UnixAddress):
        methods: Methods = {_CHECK: _together(checks), health.CHECK: each(healthy)}
        with address.taken_over() as path:
            listening = serving.listening(path)
        await serving.serve(methods, listening, stop, drain_s=DRAIN_S, keep=[trace] if trace else [])
    else:
        by_path = {_CHECK: _one_by_one(checks, trace), health.CHECK: _adapted(healthy)}
        await _serve_by_grpc(by_path, address, stop)


def _together(checks: Checks) -> Handler:
    def on_calls(calls: Sequence[Called], give: Give) -> Awaitable[None]:
        sent = [Sent(call.message, *call.kept) for call in calls]
        return checks(sent, lambda number, answer: give(calls[number], answer))

    return on_calls


def _one_by_one(checks: Checks, trace: str) -> _OnCall:
    async def on_call(message: bytes, context: _Context) -> bytes:
        sent = dict(context.invocation_metadata() or ()) if trace else {}
        answers: dict[int, bytes] = {}
        await checks((Sent(message, str(sent.get(trace, ""))),), answers.__setitem__)
        return answers[0]

    return on_call


async def _serve_by_grpc(methods: Mapping[str, _OnCall], address: Address, stop: asyncio.Event) -> None:
    server = grpc.aio.server(options=_OPTIONS, maximum_concurrent_rpcs=_CHECKS_AT_ONCE)
    server.add_generic_rpc_handlers((_Known(methods),))
    await _listen(server, address)
    try:
        await stop.wait()
    finally:
        await server.stop(DRAIN_S)


class _Known(grpc.GenericRpcHandler):
    """Our methods, as grpc looks them up. Without (de)serialisers it hands over bytes as they came."""

    def __init__(self, methods: Mapping[str, _OnCall]) -> None:
        by_grpc = grpc.unary_unary_rpc_method_handler
        self._handlers: Mapping[str, grpc.RpcMethodHandler[bytes, bytes]] = {
            path: by_grpc(handler) for path, handler in methods.items()
        }

    def service(self, details: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[bytes, bytes] | None":
        return self._handlers.get(details.method)


def _adapted(handler: Callable[[bytes], Awaitable[bytes | Refusal]]) -> _OnCall:
    async def on_call(message: bytes, context: _Context) -> bytes:
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
