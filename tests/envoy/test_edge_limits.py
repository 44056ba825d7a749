"""The exact limit through the listener: both authz processes, both protocols, two gateways on one Valkey; and what is
told of it on every answer.
"""

import asyncio
import math
import secrets
import ssl
import time
from collections.abc import AsyncIterator, Sequence

import http_sf
import httpx
import pytest

from contract.operations import BY_ID
from contract.problems import PROBLEMS, Problem
from contract.rate_plans import GROWTH, PLANS, STARTER
from tests.envoy.standing import Edge, standing_edge
from tests.support.problems import assert_rate_headers

PATH = "/v1/contacts"
BATCH = "/v1/contacts/batch/create"


def client_of(edge: Edge, *, http2: bool) -> httpx.AsyncClient:
    # A context of its own: the client writes into it which protocols it offers.
    context = ssl.create_default_context(cadata=b"".join(edge.tls.get_ca_certs(binary_form=True)))
    limits = httpx.Limits(max_connections=50)
    return httpx.AsyncClient(base_url=edge.api_url, verify=context, http2=http2, timeout=60, limits=limits)


async def burst(clients: Sequence[httpx.AsyncClient], tokens: Sequence[str], count: int) -> tuple[int, int]:
    """How many of `count` requests at once passed, and how many units came back from the first to the last of them."""
    began_s = time.monotonic()
    answers = await asyncio.gather(
        *(
            clients[n % len(clients)].get(PATH, headers={"Authorization": f"Bearer {tokens[n % len(tokens)]}"})
            for n in range(count)
        )
    )
    took_s = time.monotonic() - began_s
    assert {answer.status_code for answer in answers} <= {200, 429}
    for answer in answers:
        assert_rate_headers(answer)
    passed = sum(answer.status_code == 200 for answer in answers)
    return passed, math.ceil(took_s * 1_000_000 / GROWTH.burst.interval_us)


@pytest.mark.parametrize("http2", [False, True], ids=["HTTP/1.1", "HTTP/2"])
async def test_of_twice_the_limit_at_once_the_limit_passes_and_what_came_back_meanwhile(
    edge: Edge, http2: bool
) -> None:
    limit = GROWTH.burst.limit
    async with client_of(edge, http2=http2) as client:
        passed, refilled = await burst([client], [edge.token(plan=GROWTH.name)], 2 * limit)
    assert limit <= passed <= limit + refilled


async def test_tokens_of_one_family_share_one_limit(edge: Edge) -> None:
    limit, family = GROWTH.burst.limit, secrets.token_hex(8)
    tokens = [edge.token(plan=GROWTH.name, rate_key=family, jti=secrets.token_hex(8)) for _ in range(4)]
    async with client_of(edge, http2=True) as client:
        passed, refilled = await burst([client], tokens, 2 * limit)
    assert limit <= passed <= limit + refilled


async def test_two_gateways_on_one_valkey_share_one_limit(edge: Edge) -> None:
    limit, family = GROWTH.burst.limit, secrets.token_hex(8)
    async with standing_edge(valkey_url=edge.valkey_url) as other:
        same = {"plan": GROWTH.name, "rate_key": family, "business_id": edge.claims()["business_id"]}
        tokens = [edge.token(**same), other.token(**same)]
        async with client_of(edge, http2=True) as one, client_of(other, http2=True) as two:
            passed, refilled = await burst([one, two], tokens, 2 * limit)
    assert limit <= passed <= limit + refilled


@pytest.fixture
async def refused(edge: Edge) -> AsyncIterator[tuple[dict[str, str], httpx.Response]]:
    """A family that has spent all, and what it was told when it wanted ten units more."""
    headers = {"Authorization": f"Bearer {edge.token(plan=STARTER.name)}"}
    async with asyncio.timeout(10):
        while (answer := await edge.http.post(BATCH, headers=headers)).status_code != 429:
            assert answer.status_code == 200
    yield headers, answer


async def test_who_waits_as_told_passes_though_it_went_on_knocking(
    edge: Edge, refused: tuple[dict[str, str], httpx.Response]
) -> None:
    headers, answer = refused
    wait_s = int(answer.headers["Retry-After"])
    assert 1 <= wait_s <= 2
    passes_at_s = time.monotonic() + wait_s
    # So many that they would be seen if refusals cost anything, and so few that the edge's spike arrest lets them by.
    for _ in range(50):
        again = await edge.http.post(BATCH, headers=headers)
        if again.status_code == 200:
            # Rounded up to whole seconds it may be early; it was the one that the wait is for.
            return
        assert again.json()["policy"] == "burst"
        assert int(again.headers["Retry-After"]) <= wait_s
    await asyncio.sleep(passes_at_s - time.monotonic())
    assert (await edge.http.post(BATCH, headers=headers)).status_code == 200


async def test_a_429_says_by_which_policy_and_in_the_body_what_the_header_says(
    refused: tuple[dict[str, str], httpx.Response],
) -> None:
    _, answer = refused
    body = answer.json()
    assert (body["policy"], body["retry_after_seconds"]) == ("burst", int(answer.headers["Retry-After"]))
    assert answer.headers["X-RateLimit-Cost"] == str(BY_ID["contacts.batch_create"].cost)


@pytest.mark.parametrize("plan", sorted(PLANS))
@pytest.mark.parametrize(("method", "path"), [("GET", PATH), ("POST", BATCH), ("PUT", PATH), ("GET", "/v1/nothing")])
async def test_a_parser_that_is_not_ours_reads_the_same_from_the_drafts_fields(
    edge: Edge, plan: str, method: str, path: str
) -> None:
    headers = {"Authorization": f"Bearer {edge.token(plan=plan)}"}
    answer = await edge.http.request(method, path, headers=headers)
    told = answer.headers
    policies = dict(http_sf.parse(told["RateLimit-Policy"].encode(), tltype="list"))
    assert policies == {
        "burst": {"q": int(told["X-RateLimit-Limit"]), "w": 10},
        "daily": {"q": int(told["X-RateLimit-Daily-Limit"]), "w": 86_400},
    }
    state = dict(http_sf.parse(told["RateLimit"].encode(), tltype="list"))
    assert {name: told_of["r"] for name, told_of in state.items()} == {
        "burst": int(told["X-RateLimit-Remaining"]),
        "daily": int(told["X-RateLimit-Daily-Remaining"]),
    }
    assert all(set(told_of) == {"r", "t"} and told_of["t"] >= 0 for told_of in state.values())
    cost = int(told["X-RateLimit-Cost"])
    assert int(told["X-RateLimit-Remaining"]) == PLANS[plan].burst.limit - cost


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.code)
async def test_every_problem_that_the_transcoder_can_give_leaves_with_the_budgets_of_its_decision(
    edge: Edge, problem: Problem
) -> None:
    """All nine, once, and none that the transcoder invented. Those of authz itself: `test_authz_responses`; Envoy's own
    after the decision: `test_edge_failures`; and all of them as they really come about: `tests/conformance`.
    """
    answer = await edge.get(PATH, headers={"X-Answer-With": str(problem.status)})
    assert answer.status_code == problem.status
    assert_rate_headers(answer)
    assert answer.headers["X-RateLimit-Limit"] == "200"


BEFORE_THE_DECISION = {
    "no token": {"headers": {"Authorization": ""}},
    "a token that is none": {"headers": {"Authorization": "Bearer a.b.c"}},
    "a method that nobody knows": {"method": "BREW"},
    "headers that are too large": {"headers": {"X-Long": "x" * 70_000}},
}


@pytest.mark.parametrize("parts", BEFORE_THE_DECISION.values(), ids=BEFORE_THE_DECISION.keys())
async def test_no_budget_is_told_where_none_was_looked_at(edge: Edge, parts: dict[str, object]) -> None:
    answer = await edge.send(**{"method": "GET", "path": PATH} | parts)  # type: ignore[arg-type]
    assert answer.status_code >= 400
    assert not [name for name in answer.headers if "ratelimit" in name]


async def test_a_spike_is_arrested_by_family_whichever_of_its_tokens_comes(edge: Edge) -> None:
    tokens = [edge.token(rate_key="a-runaway-family", jti=secrets.token_hex(8)) for _ in range(2)]
    async with client_of(edge, http2=True) as client:
        arrested: list[httpx.Response] = []
        for _ in range(60):  # as many as it takes: a slow machine is given new tokens meanwhile
            asked = (client.get(PATH, headers={"Authorization": f"Bearer {tokens[n % 2]}"}) for n in range(50))
            # authz tells all budgets; the edge, which asked nobody, only that nothing is left.
            arrested += [each for each in await asyncio.gather(*asked) if "X-RateLimit-Limit" not in each.headers]
            if arrested:
                break
        assert arrested
        assert {answer.headers["X-RateLimit-Remaining"] for answer in arrested} == {"0"}
        # As the document says of it: these two and no other.
        told = {name for answer in arrested for name in answer.headers if "ratelimit" in name}
        assert told == {"x-ratelimit-remaining"}
        assert all(int(answer.headers["Retry-After"]) > 0 for answer in arrested)
        assert (await edge.get(PATH)).status_code == 200
