"""The transcoder in one piece before a CRM that says what it is told to say and remembers what it was asked."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import pytest

from contract.ids import IdCodec, IdKind
from contract.resources import RESOURCES
from contract.sealing import parse_key_ring
from infra.process.address import UnixAddress
from infra.stores.idempotency import MemoryIdempotency
from infra.stores.receipts import MemoryReceipts, ReceiptQueue
from tests.support.quiet_log import QUIET
from tests.support.record_faults import FAULTS
from tests.support.waiting import until
from transcoder.backend.router import BackendRouter
from transcoder.backend.upstream import Reply
from transcoder.dialect import DIALECTS
from transcoder.dialect.backend import CrmBackend
from transcoder.http.server import serve
from transcoder.oauth_backend import ADMINISTERED, OAuthBackend
from transcoder.operations.context import HandlerContext
from transcoder.operations.idempotency import IdempotentRunner
from transcoder.pipeline import Pipeline
from transcoder.presentation.to_public import Presenters

CODEC = IdCodec(bytes(range(32)))
KEYS = parse_key_ring("1 " + "ab" * 32)


@dataclass
class RecordingUpstream:
    """An `Upstream` that answers from a list."""

    replies: list[Any] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)

    async def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | None,
        *,
        deadline_s: float,
        deadline_header: str,
        writes: bool,
    ) -> Reply:
        """See `Upstream.send`."""
        call = {"call": f"{method} {path}", "headers": dict(headers) | {deadline_header: "<ms>"}, "writes": writes}
        self.calls.append(call if body is None else call | {"body": json.loads(body)})
        reply = self.replies.pop(0)
        if "ok" in reply:
            return Reply(200, json.dumps(reply).encode())
        return Reply(reply.get("status", 200), reply["text"].encode())


@pytest.fixture
def upstream() -> RecordingUpstream:
    return RecordingUpstream()


@pytest.fixture
async def client(upstream: RecordingUpstream) -> AsyncIterator[aiohttp.ClientSession]:
    store = MemoryIdempotency(lambda: 0)
    administration = OAuthBackend(upstream, None, IdKind.INTEGER)
    records = BackendRouter(CrmBackend(upstream, DIALECTS), dict.fromkeys(ADMINISTERED, administration))
    receipts = MemoryReceipts(lambda: 0)
    desk = HandlerContext(records, store, receipts, Presenters(RESOURCES, CODEC), KEYS, "https://api.example", FAULTS)
    once = IdempotentRunner(store, desk.records.capabilities_for, KEYS, QUIET)
    pipeline = Pipeline(desk, CODEC, once, ReceiptQueue(receipts, QUIET), QUIET)
    stop = asyncio.Event()
    with TemporaryDirectory() as folder:
        address = UnixAddress(Path(folder) / "transcoder.sock")
        connector = aiohttp.UnixConnector(str(address.path))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(serve(pipeline.answer, address, stop, linger_s=0))
            await until(address.path.exists, "the transcoder to listen")
            async with aiohttp.ClientSession("http://transcoder", connector=connector) as client:
                yield client
            stop.set()


@pytest.fixture
def rewrite_goldens(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--rewrite-goldens"))
