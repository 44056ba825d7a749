"""Scripts of other origins: off unless origins are named; then refusals can be read too."""

from collections.abc import AsyncIterator

import pytest

from tests.edge.standing import Edge, standing_edge

ORIGIN = "https://app.example"
PREFLIGHT = {
    "Origin": ORIGIN,
    "Access-Control-Request-Method": "PATCH",
    "Access-Control-Request-Headers": "authorization, version, idempotency-key, if-match",
}


@pytest.fixture(scope="module")
async def open_edge() -> AsyncIterator[Edge]:
    async with standing_edge(cors_origins=f"https://other.example, {ORIGIN}") as edge:
        yield edge


async def test_without_a_setting_no_origin_is_allowed(edge: Edge) -> None:
    answer = await edge.http.options("/v1/contacts", headers=PREFLIGHT)
    assert answer.status_code == 204
    assert not [name for name in answer.headers if name.startswith("access-control-")]


async def test_a_preflight_needs_no_token(open_edge: Edge) -> None:
    answer = await open_edge.http.options("/v1/contacts/con_x", headers=PREFLIGHT)
    assert answer.status_code == 200, (answer.status_code, answer.headers)
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "PATCH" in answer.headers["access-control-allow-methods"]
    allowed = {word.strip() for word in answer.headers["access-control-allow-headers"].split(",")}
    assert {"authorization", "version", "idempotency-key", "if-match", "if-none-match", "content-type"} <= allowed
    assert "access-control-allow-credentials" not in answer.headers


async def test_a_stranger_is_not_allowed(open_edge: Edge) -> None:
    stranger = {"Origin": "https://evil.example"}
    assert (
        "access-control-allow-origin"
        not in (await open_edge.http.options("/v1/contacts", headers=PREFLIGHT | stranger)).headers
    )
    assert "access-control-allow-origin" not in (await open_edge.http.get("/v1/contacts", headers=stranger)).headers


@pytest.mark.parametrize("path", ["/v1/contacts/search", "/v1/nothing"])
async def test_what_authz_refuses_can_be_read_too(open_edge: Edge, path: str) -> None:
    headers = {"Origin": ORIGIN, "Version": "2026-11-24", "Authorization": f"Bearer {open_edge.token()}"}
    answer = await open_edge.http.get(path, headers=headers)
    assert answer.status_code in (404, 405)
    assert answer.headers["access-control-allow-origin"] == ORIGIN


@pytest.mark.parametrize("token", ["none", "good"])
async def test_answers_and_refusals_can_be_read_and_vary_by_origin(open_edge: Edge, token: str) -> None:
    headers = {"Origin": ORIGIN, "Version": "2026-11-24"}
    if token == "good":
        headers["Authorization"] = f"Bearer {open_edge.token()}"
    answer = await open_edge.http.get("/v1/contacts", headers=headers)
    assert answer.status_code == {"none": 401, "good": 200}[token]
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    exposed = {word.strip() for word in answer.headers["access-control-expose-headers"].split(",")}
    assert {"x-ratelimit-remaining", "etag", "x-request-id", "retry-after", "link", "version"} <= exposed
    assert "Origin" in {word.strip() for line in answer.headers.get_list("vary") for word in line.split(",")}
