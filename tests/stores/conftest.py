"""One Valkey for all store suites; each test gets names of its own instead of an empty server."""

from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.stores.valkey_process import valkey_at


@pytest.fixture(scope="session")
async def valkey_url() -> AsyncIterator[str]:
    with TemporaryDirectory() as folder:
        async with valkey_at(Path(folder)) as (url, _):
            yield url
