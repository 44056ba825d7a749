"""The page of scale is computed from its rows, and the arithmetic is the one that it tells."""

import pytest

from benchmarks import capacity
from benchmarks.capacity import PAGE, Load, cost_us, tables, written
from tests.repository.sources import ROOT

ROUND = {"envoy": 1_000.0, "authz": 600.0, "transcoder": 3_000.0, "valkey": 60.0}


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Load:
    """10,000 requests a second that all cost the same."""
    monkeypatch.setattr(capacity, "COSTS_US", dict.fromkeys(capacity.MIX, ROUND))
    return Load(10_000)


def test_the_page_is_current() -> None:
    page = (ROOT / PAGE).read_text()
    assert written(page) == page


def test_a_page_without_a_place_for_a_table_is_refused() -> None:
    with pytest.raises(ValueError, match="has no place for cost"):
        written("# How it grows\n")


def test_the_mix_is_all_of_the_requests() -> None:
    assert sum(capacity.MIX.values()) == pytest.approx(1)


def test_cores_are_requests_times_their_cost_at_sixty_percent(load: Load) -> None:
    assert cost_us("transcoder") == pytest.approx(3_000)
    assert load.cores("transcoder") == pytest.approx(50)  # 30 of work
    assert load.cores("valkey") == pytest.approx(1)


def test_there_are_pods_for_the_scarcest_process_and_two_at_the_least(load: Load) -> None:
    assert load.pods == 25
    assert Load(100).pods == 2


def test_receipts_are_bounded_by_the_businesses(load: Load) -> None:
    assert load.requests_a_day == pytest.approx(345_600_000)
    assert load.memory_bytes()["receipts"] == pytest.approx(20_000 * 10_000 * 279)


def test_every_table_has_a_column_for_every_rate() -> None:
    for name in ("processes", "valkey", "database"):
        assert "| 100/s | 10,000/s | 1,000,000/s |" in tables()[name]
