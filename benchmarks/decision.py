"""`python -m benchmarks.decision`: what one decision costs authz, beside a gRPC server of the same library that decides
nothing.

Each contender is a process of its own on a UNIX socket and is asked a question that our own edge asked. Counted is the
CPU time of that process, all its threads (Linux: schedstat). The base parses and builds protobuf objects, as whoever
follows the documentation of grpcio does.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import grpc
import uvloop

from authz import responses
from authz.ext_authz_pb2 import CheckRequest, CheckResponse, OkHttpResponse, Status
from authz.fronts import Front, serve
from authz.limiter import Limiter
from authz.question import METHOD, SERVICE
from authz.service import Authorizer, Check
from authz.telling import Teller
from benchmarks.load import cpu_us
from benchmarks.question import Recorded, record
from benchmarks.rounds import Measure, in_turns, table
from benchmarks.where import made_with
from contract.limits import Plan
from process.address import UnixAddress, parse_address
from process.logs import make_logger
from process.settings import level
from process.stopping import stop_event
from stores.buckets import Buckets, Charge, ValkeyBuckets
from stores.pipelined import Pipelined
from stores.revocations.held import RevocationSet
from tests.stores.valkey_process import valkey_at
from tests.support.processes import running
from tests.unit.authz.asking import Known

CHECKS = 3_000
TIMEOUT_S = 5.0
BASE = "no-op, protobuf classes"
LOG_SHARE = 0.01
"""Of allows, as it is unless set otherwise."""


@dataclass(frozen=True, slots=True)
class Load:
    """How the question is asked."""

    what: str
    in_flight: int
    traced: bool = False
    """With a trace of its own each time, as Envoy's tracer sends it."""


LOADS = (Load("16 in flight", 16), Load("16 in flight, traced", 16, traced=True), Load("1 in flight", 1))


def main() -> None:
    """Measure and print; or, told to, be one of the contenders."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.decision", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--serve", choices=SERVERS, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        with asyncio.Runner(loop_factory=SERVERS[chosen.serve].loop) as runner:
            runner.run(SERVERS[chosen.serve].serve())
    else:
        asyncio.run(_measure(chosen.rounds))


async def _measure(rounds: int) -> None:
    question = await record()
    print(f"{made_with()}\n\nThe question is {len(question.message)} bytes.")
    async with _contenders(question) as contenders:
        for load in LOADS:
            measures = {name: _round(*contender, question.message, load) for name, contender in contenders.items()}
            print(f"\n{load.what}\n{table(await in_turns(measures, rounds=rounds), base=BASE)}")


@asynccontextmanager
async def _contenders(question: Recorded) -> AsyncIterator[dict[str, tuple[grpc.aio.Channel, int]]]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        valkey_url, _ = await stack.enter_async_context(valkey_at(folder))
        contenders = {}
        for number, name in enumerate(SERVERS):
            socket = folder / f"{number}.sock"
            environment = {
                "PATH": os.environ["PATH"],
                "LISTEN": f"unix:{socket}",
                "VALKEY_URL": valkey_url,
                "PUBLIC_API_URL": question.api_url,
            }
            command = [sys.executable, "-m", "benchmarks.decision", "--serve", name]
            process = await stack.enter_async_context(running(command, environment, ready=UnixAddress(socket)))
            channel = await stack.enter_async_context(grpc.aio.insecure_channel(f"unix:{socket}"))
            contenders[name] = (channel, process.pid)
        yield contenders


def _round(channel: grpc.aio.Channel, pid: int, message: bytes, load: Load) -> Measure:
    call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(f"/{SERVICE}/{METHOD}")

    async def measure() -> float:
        left = iter(range(CHECKS))

        async def caller() -> None:
            for number in left:
                trace = (("traceparent", f"00-{number:032x}-{number:016x}-01"),) if load.traced else None
                await call(message, metadata=trace)

        began_us = cpu_us(pid)
        await asyncio.gather(*(caller() for _ in range(load.in_flight)))
        return (cpu_us(pid) - began_us) / CHECKS

    return measure


async def _no_op_of_objects() -> None:
    async def check(request: CheckRequest, _: object) -> CheckResponse:
        return CheckResponse(status=Status(code=0), ok_response=OkHttpResponse())

    handler: grpc.RpcMethodHandler[CheckRequest, CheckResponse] = grpc.unary_unary_rpc_method_handler(
        check, request_deserializer=CheckRequest.FromString, response_serializer=CheckResponse.SerializeToString
    )
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {METHOD: handler}),))
    server.add_insecure_port(os.environ["LISTEN"])
    await server.start()
    await stop_event().wait()
    await server.stop(None)


async def _no_op_of_bytes(front: Front) -> None:
    async def check(_: bytes) -> bytes:
        return responses.ready()

    await _serve(check, front)


async def _decision(front: Front) -> None:
    valkey = Pipelined(os.environ["VALKEY_URL"], timeout_s=TIMEOUT_S)
    log = make_logger("authz", level("info"))
    limiter = Limiter(_AlwaysRoom(ValkeyBuckets(valkey)), log)
    teller = Teller(log, allowed_share=LOG_SHARE)
    authorizer = Authorizer(limiter, Known(RevocationSet()), teller, api_url=os.environ["PUBLIC_API_URL"])
    await _serve(authorizer.check, front)
    await valkey.close()


class _AlwaysRoom:
    """Buckets of a new family for each charge, so that none is ever refused."""

    def __init__(self, buckets: Buckets) -> None:
        self._buckets = buckets
        self._families = 0

    def part(self, business: str) -> str:
        return ""

    async def charge(self, rate_key: str, *, business: str, plan: Plan, cost: int) -> Charge:
        self._families += 1
        return await self._buckets.charge(f"{rate_key}:{self._families}", business=business, plan=plan, cost=cost)


async def _serve(check: Check, front: Front) -> None:
    await serve(check, parse_address(os.environ["LISTEN"]), stop_event(), front)


@dataclass(frozen=True, slots=True)
class Server:
    """A contender, and the loop that it runs on."""

    serve: Callable[[], Coroutine[Any, Any, None]]
    loop: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop


SERVERS = {
    BASE: Server(_no_op_of_objects, asyncio.new_event_loop),
    "no-op, grpc.aio, raw bytes": Server(partial(_no_op_of_bytes, Front.GRPC)),
    "no-op, lean": Server(partial(_no_op_of_bytes, Front.LEAN)),
    "decision + limit, grpc.aio": Server(partial(_decision, Front.GRPC)),
    "decision + limit, lean": Server(partial(_decision, Front.LEAN)),
}

if __name__ == "__main__":
    main()
