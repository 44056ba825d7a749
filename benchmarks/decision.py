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
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import grpc

from authz import responses
from authz.ext_authz_pb2 import CheckRequest, CheckResponse, OkHttpResponse, Status
from authz.limiter import Limiter
from authz.question import METHOD, SERVICE
from authz.service import Authorizer, Check, answering, serve
from authz.telling import Teller
from benchmarks.question import Recorded, record
from benchmarks.rounds import Measure, in_turns, table
from benchmarks.where import made_with
from contract.limits import Budget, Plan
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
IN_FLIGHT = 16
TIMEOUT_S = 5.0
BASE, RAW, UNCOUNTED, COUNTED = "no-op, protobuf classes", "no-op, raw bytes", "decision", "decision + limit"


async def main() -> None:
    """Measure and print; or, told to, be one of the contenders."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.decision", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--serve", choices=SERVERS, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        await SERVERS[chosen.serve]()
        return
    question = await record()
    print(f"{made_with()}\n\nThe question is {len(question.message)} bytes; {IN_FLIGHT} in flight.")
    async with _contenders(question) as contenders:
        print(table(await in_turns(contenders, rounds=chosen.rounds), base=BASE))


@asynccontextmanager
async def _contenders(question: Recorded) -> AsyncIterator[dict[str, Measure]]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        valkey_url, _ = await stack.enter_async_context(valkey_at(folder))
        measures: dict[str, Measure] = {}
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
            measures[name] = _round(channel, process.pid, question.message)
        yield measures


def _round(channel: grpc.aio.Channel, pid: int, message: bytes) -> Measure:
    call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(f"/{SERVICE}/{METHOD}")

    async def measure() -> float:
        left = iter(range(CHECKS))

        async def caller() -> None:
            for _ in left:
                await call(message)

        began_us = _cpu_us(pid)
        await asyncio.gather(*(caller() for _ in range(IN_FLIGHT)))
        return (_cpu_us(pid) - began_us) / CHECKS

    return measure


def _cpu_us(pid: int) -> float:
    """What a process and its threads have used so far."""
    return sum(int(file.read_text().split()[0]) for file in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1000


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


async def _no_op_of_bytes() -> None:
    async def check(_: bytes) -> bytes:
        return responses.ready()

    await _serve(check)


class _NoCount:
    """Buckets of which nothing is ever taken."""

    def part(self, business: str) -> str:
        return ""

    async def charge(self, rate_key: str, *, business: str, plan: Plan, cost: int) -> Charge:
        return Charge(True, tuple(Budget(policy, cost * policy.interval_us) for policy in plan.policies))


async def _uncounted() -> None:
    await _serve(_decision(_NoCount()))


async def _counted() -> None:
    valkey = Pipelined(os.environ["VALKEY_URL"], timeout_s=TIMEOUT_S)
    await _serve(_decision(_AlwaysRoom(ValkeyBuckets(valkey))))
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


def _decision(buckets: Buckets) -> Check:
    log = make_logger("authz", level("info"))
    return Authorizer(
        Limiter(buckets, log), Known(RevocationSet()), Teller(log), api_url=os.environ["PUBLIC_API_URL"]
    ).check


async def _serve(check: Check) -> None:
    await serve(answering(check), parse_address(os.environ["LISTEN"]), stop_event())


SERVERS: dict[str, Callable[[], Awaitable[None]]] = {
    BASE: _no_op_of_objects,
    RAW: _no_op_of_bytes,
    UNCOUNTED: _uncounted,
    COUNTED: _counted,
}

if __name__ == "__main__":
    asyncio.run(main())
