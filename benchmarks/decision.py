"""`python -m benchmarks.decision`: what one decision costs authz, beside a gRPC server of the same library that decides
nothing.

Each contender is a process of its own on a UNIX socket, asked by a real Envoy with our edge's configuration, whose
callers ask again once they are answered. Counted is the CPU time of that process, all its threads (Linux: schedstat).
The base parses and builds protobuf objects, as whoever follows the documentation of grpcio does.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import grpc
import uvloop
from prometheus_client import CollectorRegistry

from authz import check_response
from authz.check_request import METHOD, SERVICE
from authz.decision_log import DecisionLog
from authz.ext_authz_pb2 import CheckRequest, CheckResponse, OkHttpResponse, Status
from authz.limiter import Limiter
from authz.server import ServerKind, serve
from authz.service import Authorizer, CheckHandler, SendResponse, SerializedCheck
from authz.tracing_hooks import tracing_hooks
from benchmarks.checks import LET_THROUGH, REQUEST, asking
from benchmarks.loading import Load, loading
from benchmarks.rounds import in_turns, table
from benchmarks.where import made_with
from envoy_config.deployment import Deployment
from infra.process.address import UnixAddress, parse_address
from infra.process.logs import make_logger
from infra.process.settings import parse_log_level
from infra.process.shutdown import stop_event
from infra.process.tracing import log_processors, tracing
from infra.stores.rate_limits import ValkeyBuckets
from infra.stores.revocations.revocation_set import RevocationSet
from infra.stores.valkey_pipeline import PipelinedClient
from tests.envoy.standing import standing_edge
from tests.support.processes import running
from tests.unit.authz.asking import Known

ROUND_S = 1.0
TIMEOUT_S = 5.0
BASE = "no-op, protobuf classes"
LOG_SHARE = 0.01
"""Of allows, as it is unless set otherwise."""
TOKENS = 800
"""In turn: each may ask twenty times a second for good. The edge remembers a thousand."""
SCOPE = "contacts:read contacts:write companies:read deals:read"
NO_COLLECTOR = "http://127.0.0.1:9"


@dataclass(frozen=True, slots=True)
class Way:
    """How they are asked."""

    what: str
    in_flight: int
    traced: bool = False
    """With a trace of its own each time, by Envoy's tracer; none of them is recorded."""


WAYS = (Way("16 in flight", 16), Way("16 in flight, traced", 16, traced=True), Way("1 in flight", 1))


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
    print(f"{made_with()}\n")
    async with loading() as load, _contenders() as contenders:
        for way in WAYS:
            measures = {name: partial(_round, load, contender, way) for name, contender in contenders.items()}
            print(f"\n{way.what}\n{table(await in_turns(measures, rounds=rounds), base=BASE)}")


@dataclass(frozen=True, slots=True)
class Contender:
    """A running one; `at`: by whether there are traces, where requests go that it decides on."""

    pid: int
    at: Mapping[bool, Path]
    tokens: Path


async def _round(load: Load, contender: Contender, way: Way) -> float:
    told = await load.run(
        {"socket": str(contender.at[way.traced])},
        [REQUEST],
        [contender.pid],
        ROUND_S,
        good=(LET_THROUGH,),
        in_flight=way.in_flight,
        tokens=contender.tokens,
    )
    return told.all_cpu_us


@asynccontextmanager
async def _contenders() -> AsyncIterator[dict[str, Contender]]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        edge = await stack.enter_async_context(standing_edge(neighbours=("oauth",)))
        sockets = {name: folder / f"{number}.sock" for number, name in enumerate(SERVERS)}
        pids = {}
        for name, socket in sockets.items():
            environment = {
                "PATH": os.environ["PATH"],
                "LISTEN": f"unix:{socket}",
                "VALKEY_URL": edge.valkey_url,
                "PUBLIC_API_URL": edge.api_url,
            }
            command = [sys.executable, "-m", "benchmarks.decision", "--serve", name]
            process = await stack.enter_async_context(running(command, environment, ready=UnixAddress(socket)))
            pids[name] = process.pid
        rendered = Deployment(api_url=edge.api_url, auth_url=edge.mint.issuer, socket_dir=str(edge.folder))
        at = {}
        for traced in (False, True):
            own = folder / ("traced" if traced else "plain")
            own.mkdir()
            told = replace(rendered, traces=NO_COLLECTOR, traced_share=0.0) if traced else rendered
            at[traced] = await stack.enter_async_context(asking(own, told, sockets))
        tokens = folder / "tokens"
        tokens.write_text("\n".join(edge.token(role="member", scope=SCOPE) for _ in range(TOKENS)))
        yield {name: Contender(pids[name], {way: at[way][name] for way in at}, tokens) for name in SERVERS}


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


async def _no_op_of_bytes(front: ServerKind) -> None:
    async def checks(came: Sequence[SerializedCheck], give: SendResponse) -> None:
        for number in range(len(came)):
            give(number, check_response.ready_response())

    await _serve(checks, front)


async def _decision(front: ServerKind, collector: str | None = None) -> None:
    valkey = PipelinedClient(os.environ["VALKEY_URL"], timeout_s=TIMEOUT_S)
    log = make_logger("authz", parse_log_level("info"), *log_processors(collector))
    with tracing("authz", collector, CollectorRegistry()) as tracer:
        traced = tracing_hooks(tracer)
        limiter = Limiter(traced.wrap_buckets(ValkeyBuckets(valkey)), log)
        teller = DecisionLog(log, allowed_share=LOG_SHARE, note=traced.on_decision)
        authorizer = Authorizer(limiter, Known(RevocationSet()), teller, api_url=os.environ["PUBLIC_API_URL"])
        await _serve(traced.wrap_checks(authorizer.check_all), front, traced.trace_header)
    await valkey.close()


async def _serve(checks: CheckHandler, front: ServerKind, trace: str = "") -> None:
    await serve(checks, parse_address(os.environ["LISTEN"]), stop_event(), front, trace=trace)


@dataclass(frozen=True, slots=True)
class Server:
    """A contender, and the loop that it runs on."""

    serve: Callable[[], Coroutine[Any, Any, None]]
    loop: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop


SERVERS = {
    BASE: Server(_no_op_of_objects, asyncio.new_event_loop),
    "no-op, grpc.aio, raw bytes": Server(partial(_no_op_of_bytes, ServerKind.GRPC)),
    "no-op, lean": Server(partial(_no_op_of_bytes, ServerKind.LEAN)),
    "decision + limit, grpc.aio": Server(partial(_decision, ServerKind.GRPC)),
    "decision + limit, lean": Server(partial(_decision, ServerKind.LEAN)),
    "decision + limit, lean, which traces": Server(partial(_decision, ServerKind.LEAN, NO_COLLECTOR)),
}

if __name__ == "__main__":
    main()
