"""A real Chromium for the pages of the stack that all tests share."""

from collections.abc import AsyncIterator

import pytest

from tests.support.browser import Chromium, chromium_before
from tests.support.stack import Stack


@pytest.fixture(scope="module")
async def chromium(stack: Stack) -> AsyncIterator[Chromium]:
    async with chromium_before(stack) as browser:
        yield browser
