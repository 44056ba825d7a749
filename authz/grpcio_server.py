"""Answering Checks by grpc.aio: the reference, and the server for TCP. Imported where it is the one that was chosen.

Knows the server; must not know what is answered.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import grpc

from authz.service import CheckHandler, SerializedCheck
from infra.grpcserver.statuses import CallError
from infra.process.address import Address, UnixAddress

_OPTIONS = (
    # Without this a second process on the same TCP port would take half of the Checks instead of failing to start.
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", 256 * 1024),
)
_CHECKS_AT_ONCE = 1000
_CODES = {code.value[0]: code for code in grpc.StatusCode}

_Context = grpc.aio.ServicerContext[bytes, bytes]
OnCall = Callable[[bytes, _Context], Awaitable[bytes]]


def check_each(checks: CheckHandler, trace: str) -> OnCall:
    """A method that answers each Check by itself."""

    async def on_call(message: bytes, context: _Context) -> bytes:
        sent = dict(context.invocation_metadata() or ()) if trace else {}
        answers: dict[int, bytes] = {}
        await checks((SerializedCheck(message, str(sent.get(trace, ""))),), answers.__setitem__)
        return answers[0]

    return on_call


def as_grpc_handler(handler: Callable[[bytes], Awaitable[bytes | CallError]]) -> OnCall:
    """A method that may refuse, in grpc's words."""

    async def on_call(message: bytes, context: _Context) -> bytes:
        answer = await handler(message)
        if isinstance(answer, CallError):
            await context.abort(_CODES[answer.status], answer.text)
        return answer

    return on_call


async def serve(methods: Mapping[str, OnCall], address: Address, stop: asyncio.Event, *, drain_s: float) -> None:
    """Answer until `stop`, then finish what is in flight within `drain_s`."""
    server = grpc.aio.server(options=_OPTIONS, maximum_concurrent_rpcs=_CHECKS_AT_ONCE)
    server.add_generic_rpc_handlers((_MethodHandlers(methods),))
    await _listen(server, address)
    try:
        await stop.wait()
    finally:
        await server.stop(drain_s)


class _MethodHandlers(grpc.GenericRpcHandler):
    """Our methods, as grpc looks them up. Without (de)serialisers it hands over bytes as they came."""

    def __init__(self, methods: Mapping[str, OnCall]) -> None:
        by_grpc = grpc.unary_unary_rpc_method_handler
        self._handlers: Mapping[str, grpc.RpcMethodHandler[bytes, bytes]] = {
            path: by_grpc(handler) for path, handler in methods.items()
        }

    def service(self, details: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[bytes, bytes] | None":
        return self._handlers.get(details.method)


async def _listen(server: grpc.aio.Server, address: Address) -> None:
    if isinstance(address, UnixAddress):
        with address.taken_over() as path:
            server.add_insecure_port(f"unix:{path}")
            await server.start()
        return
    server.add_insecure_port(address.authority)
    await server.start()
