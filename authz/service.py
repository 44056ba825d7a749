"""The Check call: bytes in, bytes out, and the gRPC server around it.

Knows no rule. `check` is the seam: whatever server calls it, nothing but a CheckResponse comes out, and no exception
turns into an allow.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

import grpc

from authz import responses
from authz.decide import Refused, Verdict, decide, refuse_token
from authz.limiter import Limiter
from authz.question import METHOD, NO_TRACE, SERVICE, Question, Readiness, Unreadable, read_question
from authz.standing import in_good_standing
from authz.telling import Teller
from authz.tokens import NotCanonical, read_token
from authz.uses import Usage
from process.address import Address, UnixAddress
from stores.revocations.held import Revocations

Check = Callable[[bytes], Awaitable[bytes]]
Context = grpc.aio.ServicerContext[bytes, bytes]
OnCheck = Callable[[bytes, Context], Awaitable[bytes]]

DRAIN_S = 5.0
"""How long Checks in flight may take once the process was told to stop."""
_OPTIONS = (
    # Without this a second process on the same TCP port would take half of the Checks instead of failing to start.
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", 256 * 1024),
)
_CHECKS_AT_ONCE = 1000


class Authorizer:
    """Answers Checks; the clock gives nanoseconds since 1970."""

    def __init__(
        self,
        limiter: Limiter,
        revocations: Revocations,
        teller: Teller,
        *,
        api_url: str,
        usage: Usage | None = None,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._limiter = limiter
        self._revocations = revocations
        self._teller = teller
        self._api_url = api_url
        self._usage = usage
        self._clock = clock

    async def check(self, message: bytes) -> bytes:
        """The serialised CheckResponse to a serialised CheckRequest. Never raises but to be cancelled."""
        trace_id = NO_TRACE
        try:
            asked = read_question(message)
            trace_id = asked.trace_id
            match asked:
                case Readiness():
                    return responses.ready()
                case Question():
                    return responses.to_check_response(await self._verdict(asked), trace_id, self._api_url)
                case Unreadable():
                    self._teller.unreadable(trace_id, asked.why)
        except Exception:
            self._teller.unhandled(trace_id)
        return responses.internal_error(trace_id, self._api_url)

    async def _verdict(self, asked: Question) -> Verdict:
        began_ns = self._clock()
        now_s = began_ns // 1_000_000_000
        caller = read_token(asked.header, asked.payload, audience=self._api_url, now_s=now_s)
        if isinstance(caller, NotCanonical):
            verdict: Verdict = refuse_token(caller.fault)
            self._teller.tell(asked, verdict, began_ns, member=caller.member)
            return verdict
        standing = in_good_standing(caller, str(asked.header["kid"]), self._revocations.current())
        if isinstance(standing, Refused):
            self._teller.tell(asked, standing, began_ns, jti=caller.jti)
            return standing
        if self._usage is not None:
            self._usage.note(caller, now_s)
        made = await self._limiter.charge(standing, asked.row.cost)
        verdict = decide(asked.row, asked.allowed_methods, standing, made)
        self._teller.tell(asked, verdict, began_ns)
        return verdict


def answering(check: Check) -> OnCheck:
    """A Check as grpc hands it over."""

    async def on_check(message: bytes, _: Context) -> bytes:
        return await check(message)

    return on_check


async def serve(on_check: OnCheck, address: Address, stop: asyncio.Event) -> None:
    """Answer Checks at `address` until `stop`, then finish what is in flight within `DRAIN_S`."""
    # No (de)serialiser: grpc hands over bytes as they came.
    handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(on_check)
    server = grpc.aio.server(options=_OPTIONS, maximum_concurrent_rpcs=_CHECKS_AT_ONCE)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {METHOD: handler}),))
    await _listen(server, address)
    try:
        await stop.wait()
    finally:
        await server.stop(DRAIN_S)


async def _listen(server: grpc.aio.Server, address: Address) -> None:
    if isinstance(address, UnixAddress):
        with address.taken_over() as path:
            server.add_insecure_port(f"unix:{path}")
            await server.start()
        return
    host = f"[{address.host}]" if ":" in address.host else address.host
    server.add_insecure_port(f"{host}:{address.port}")
    await server.start()
