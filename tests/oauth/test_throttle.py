"""The flood guard of one process."""

import pytest
from aiohttp.test_utils import make_mocked_request

from contract.rate_plans import Policy
from oauth.endpoints import throttle
from oauth.endpoints.client_endpoint import client_address
from oauth.endpoints.throttle import Throttle

TWO_A_SECOND = Policy("test", 2, 1)


def test_each_key_has_a_budget_of_its_own_that_refills() -> None:
    now_us = [0]
    guard = Throttle(lambda: now_us[0])
    assert [guard.wait_s(TWO_A_SECOND, "a") for _ in range(3)] == [0, 0, 1]
    assert guard.wait_s(TWO_A_SECOND, "b") == 0
    now_us[0] = 1_000_000
    assert guard.wait_s(TWO_A_SECOND, "a") == 0


def test_of_too_many_keys_those_unused_for_longest_are_forgotten(monkeypatch) -> None:
    monkeypatch.setattr(throttle, "MAX_KEYS", 2)
    guard = Throttle(lambda: 0)
    for key in ("a", "a", "b", "b", "a", "c"):
        guard.wait_s(TWO_A_SECOND, key)
    assert guard.wait_s(TWO_A_SECOND, "a") == 1, "which was used after b"
    assert guard.wait_s(TWO_A_SECOND, "b") == 0


SAME = {
    "a household's two IPv6 addresses": ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"),
    "an IPv4 address and its IPv6 spelling": ("192.0.2.7", "::ffff:192.0.2.7"),
    "an IPv6 address in two spellings": ("2001:DB8:0:0::1", "2001:db8::1"),
}
OTHER = {
    "two households": ("2001:db8:1:2::1", "2001:db8:1:3::1"),
    "two IPv4 addresses": ("192.0.2.7", "192.0.2.8"),
    "two IPv4 addresses in IPv6 spelling": ("::ffff:192.0.2.7", "::ffff:192.0.2.8"),
    "an address and nobody knows whose": ("192.0.2.7", ""),
}


def counted_for(address: str) -> str:
    return client_address(make_mocked_request("GET", "/login", {"x-gw-client-address": address}))


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME.keys())
def test_one_budget_is_shared_by(one: str, other: str) -> None:
    assert counted_for(one) == counted_for(other)


@pytest.mark.parametrize(("one", "other"), OTHER.values(), ids=OTHER.keys())
def test_budgets_of_their_own_have(one: str, other: str) -> None:
    assert counted_for(one) != counted_for(other)
