"""The same questions at random, asked through both fronts: the answers are the same bytes.

`FRONTS_ALIKE` says how many (`make test-scale` asks a hundred thousand).
"""

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import grpc
import pytest

from authz.ext_authz_pb2 import CheckResponse
from authz.server import ServerKind, serve
from authz.service import CheckHandler
from infra.process.address import UnixAddress
from tests.fuzz.checks import House, built
from tests.support.waiting import until

QUESTIONS = int(os.environ.get("FRONTS_ALIKE", "300"))
AT_ONCE = 32
CALL = "/envoy.service.auth.v3.Authorization/Check"
LETTERS = "\0\n a{é\U0010ffff"


@pytest.fixture
async def fronts() -> AsyncIterator[list[grpc.aio.Channel]]:
    """Clients of both, before one authoriser."""
    house = House()
    async with AsyncExitStack() as stack:
        stack.callback(house.close)
        folder = Path(stack.enter_context(TemporaryDirectory()))
        yield [await stack.enter_async_context(standing(front, house.checks, folder)) for front in ServerKind]


@asynccontextmanager
async def standing(front: ServerKind, checks: CheckHandler, folder: Path) -> AsyncIterator[grpc.aio.Channel]:
    address, stop = UnixAddress(folder / f"{front}.sock"), asyncio.Event()
    serving = asyncio.create_task(serve(checks, address, stop, front))
    await until(address.path.is_socket, "the front's socket")
    async with grpc.aio.insecure_channel(f"unix:{address.path}") as channel:
        yield channel
    stop.set()
    await serving


async def told(channel: grpc.aio.Channel, message: bytes) -> bytes | grpc.StatusCode:
    try:
        return await channel.unary_unary(CALL)(message, timeout=60)
    except grpc.aio.AioRpcError as error:
        return error.code()


async def test_both_fronts_answer_the_same_bytes(fronts):
    chance = random.Random(2)
    kinds: Counter[object] = Counter()

    def text() -> str:
        return "".join(chance.choices(LETTERS, k=chance.randrange(6)))

    for _ in range(-(-QUESTIONS // AT_ONCE)):
        messages = [built(chance.randrange, text) for _ in range(AT_ONCE)]
        lean, other = await asyncio.gather(
            *(asyncio.gather(*(told(channel, message) for message in messages)) for channel in fronts)
        )
        assert lean == other
        kinds.update(CheckResponse.FromString(answer).denied_response.status.code for answer in lean)
    assert kinds[0] > QUESTIONS / 100, "let through"
    assert {401, 403, 500} <= kinds.keys()
