"""A peer for each test."""

import pytest

from tests.unit.grpcserver.peer import Peer


@pytest.fixture
def peer() -> Peer:
    return Peer()
