"""A body of which the end will never be seen is told of, and leaves nothing behind."""

import asyncio
import gc
import weakref

import pytest

from contract.problems import MALFORMED_REQUEST, REQUEST_TIMEOUT
from transcoder.http.messages import BodyLost
from transcoder.http.request_reader import read_body
from transcoder.presentation.errors import ApiError


class CutOff:
    """A body whose sender is gone."""

    length = 10

    def rest(self) -> bytes | None:
        return None

    async def part(self) -> bytes:
        raise BodyLost("cut")


class Late(CutOff):
    """A body of which nothing comes."""

    async def part(self) -> bytes:
        await asyncio.Event().wait()
        return b""


@pytest.mark.parametrize(("made", "problem"), [(CutOff, MALFORMED_REQUEST), (Late, REQUEST_TIMEOUT)])
async def test_it_is_told_of_and_is_gone_without_the_collector(made, problem):
    body = made()
    gone = weakref.ref(body)
    told = None  # `pytest.raises` would keep what was raised
    gc.disable()
    try:
        try:
            await read_body(body, b"", asyncio.get_running_loop().time(), 100)
        except ApiError as error:
            told = error.problem
        assert told is problem
        del body
        await asyncio.sleep(0)
        assert gone() is None
    finally:
        gc.enable()
