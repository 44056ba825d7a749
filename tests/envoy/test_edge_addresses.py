"""Whose flood it is: the address guard, behind trusted proxies and without any, and IPv6 by the /64."""

from collections import Counter
from collections.abc import AsyncIterator

import pytest

from tests.envoy.standing import Edge, standing_edge
from tests.support.problems import assert_problem

PATH = "/v1/versions"
"""It asks for no token: nobody but the address guard counts."""
FLOOD = 60


@pytest.fixture(scope="module")
async def behind_a_proxy() -> AsyncIterator[Edge]:
    async with standing_edge(address_limit_per_s=1, trusted_hops=1) as standing:
        yield standing


async def statuses(edge: Edge, forwarded: list[str]) -> list[int]:
    """One request for each of what a proxy has put into `X-Forwarded-For`."""
    return [(await edge.http.get(PATH, headers={"X-Forwarded-For": each})).status_code for each in forwarded]


async def flooded(edge: Edge, address: str) -> None:
    assert Counter(await statuses(edge, [address] * FLOOD))[429] > 0


async def test_a_flood_is_refused_with_a_problem_that_says_what_it_was_and_when_to_come_again(
    behind_a_proxy: Edge,
) -> None:
    await flooded(behind_a_proxy, "203.0.113.1")
    refused = await behind_a_proxy.http.get(PATH, headers={"X-Forwarded-For": "203.0.113.1"})
    body = assert_problem(refused, "rate-limited", decided=False, api_url=behind_a_proxy.api_url)
    assert (body["policy"], body["retry_after_seconds"], refused.headers["Retry-After"]) == ("address", 1, "1")


async def test_a_flood_from_one_client_of_a_proxy_is_nothing_to_another(behind_a_proxy: Edge) -> None:
    await flooded(behind_a_proxy, "203.0.113.2")
    assert await statuses(behind_a_proxy, ["203.0.113.3", "203.0.113.2"]) == [200, 429]


async def test_what_a_client_puts_in_front_of_what_the_proxy_adds_is_not_believed(behind_a_proxy: Edge) -> None:
    await flooded(behind_a_proxy, "203.0.113.4")
    forged = [f"198.51.100.{n}, 203.0.113.4" for n in range(10)]
    assert set(await statuses(behind_a_proxy, forged)) == {429}


async def test_all_addresses_of_a_64_are_one_client_and_the_next_64_is_another(behind_a_proxy: Edge) -> None:
    await flooded(behind_a_proxy, "2001:db8:1:2::1")
    same, other = ["2001:db8:1:2::2", "2001:db8:1:2:ffff:ffff:ffff:ffff"], "2001:db8:1:3::1"
    assert await statuses(behind_a_proxy, [*same, other]) == [429, 429, 200]


async def test_many_addresses_of_one_64_flood_together(behind_a_proxy: Edge) -> None:
    assert 429 in await statuses(behind_a_proxy, [f"2001:db8:5:6::{n:x}" for n in range(FLOOD)])


async def test_without_a_trusted_proxy_an_address_that_is_only_said_counts_for_nothing() -> None:
    async with standing_edge(address_limit_per_s=1) as edge:
        assert 429 in await statuses(edge, [f"203.0.113.{n}" for n in range(FLOOD)])


async def test_a_listener_on_ipv6_guards_too() -> None:
    async with standing_edge(address_limit_per_s=1, bind="::1") as edge:
        edge.http.base_url = f"https://[::1]:{edge.api_port}"
        headers = {"Host": f"localhost:{edge.api_port}"}
        answers = [(await edge.http.get(PATH, headers=headers)).status_code for _ in range(FLOOD)]
        assert set(answers) == {200, 429}
