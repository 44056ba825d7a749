"""A body of which the end will never be seen is told of, and leaves nothing behind."""

import asyncio
import gc
import weakref

import pytest

from contract.problems import MALFORMED_REQUEST, REQUEST_TIMEOUT
from infra.httpserver.arriving import Arriving
from transcoder.http.request_reader import read_body
from transcoder.presentation.errors import ApiError


def cut_off() -> Arriving:
    body = Arriving(10, lambda: None)
    body.lose("cut")
    return body


def late() -> Arriving:
    return Arriving(10, lambda: None)


@pytest.mark.parametrize(("made", "problem"), [(cut_off, MALFORMED_REQUEST), (late, REQUEST_TIMEOUT)])
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
