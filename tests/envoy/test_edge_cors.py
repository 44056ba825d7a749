"""Scripts of other origins: off unless origins are named; then refusals can be read too."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.envoy.standing import Edge, standing_edge

ORIGIN = "https://app.example"
PREFLIGHT = {
    "Origin": ORIGIN,
    "Access-Control-Request-Method": "PATCH",
    "Access-Control-Request-Headers": "authorization, version, idempotency-key, if-match",
}


def vary(answer: httpx.Response) -> set[str]:
    return {word.strip() for line in answer.headers.get_list("vary") for word in line.split(",")}


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
    assert "Origin" in vary(answer)


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
    assert "Origin" in vary(answer)


@pytest.mark.parametrize("origin", [{"Origin": ORIGIN}, {"Origin": "https://evil.example"}, {}], ids=str)
@pytest.mark.parametrize("path", ["/v1/openapi.json", "/docs", "/problems", "/.well-known/oauth-protected-resource"])
async def test_what_anybody_may_keep_varies_by_origin(open_edge: Edge, path: str, origin: dict[str, str]) -> None:
    """A cache that kept the answer to one origin for all would lock the others out."""
    answer = await open_edge.http.get(path, headers=origin)
    assert answer.headers.get("access-control-allow-origin") == (ORIGIN if origin == {"Origin": ORIGIN} else None)
    assert "Origin" in vary(answer)


async def test_without_a_setting_nothing_varies_by_origin(edge: Edge) -> None:
    for path in ("/v1/openapi.json", "/v1/contacts"):
        answer = await edge.http.get(path, headers={"Origin": ORIGIN})
        assert "Origin" not in vary(answer)


def at_the_auth_host(edge: Edge, path: str) -> str:
    return f"https://localhost:{edge.auth_port}{path}"


FOR_SCRIPTS = ("/token", "/revoke", "/.well-known/oauth-authorization-server", "/jwks")


@pytest.mark.parametrize("path", FOR_SCRIPTS)
async def test_an_app_in_a_browser_can_read_how_its_tokens_were_asked_for(open_edge: Edge, path: str) -> None:
    """It has no server that could exchange its code for it."""
    method = "POST" if path in ("/token", "/revoke") else "GET"
    url = at_the_auth_host(open_edge, path)
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": method}
    assert (await open_edge.http.options(url, headers=asked)).headers["access-control-allow-origin"] == ORIGIN
    answer = await open_edge.http.request(method, url, headers={"Origin": ORIGIN})
    assert answer.status_code == (400 if method == "POST" else 200)
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "access-control-allow-credentials" not in answer.headers
    assert "Origin" in vary(answer)
    stranger = await open_edge.http.request(method, url, headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in stranger.headers


@pytest.mark.parametrize("path", ["/authorize", "/login", "/introspect", "/connected-apps"])
async def test_no_script_reads_what_is_for_people_or_for_servers(open_edge: Edge, path: str) -> None:
    answer = await open_edge.http.get(at_the_auth_host(open_edge, path), headers={"Origin": ORIGIN})
    assert "access-control-allow-origin" not in answer.headers


REFUSED_BEFORE_A_ROUTE = {
    "no path of ours": ("GET", "/nothing", {}, 404),
    "an escaped slash": ("GET", "/v1/contacts%2Fcon_x", {}, 400),
    "a method of nobody's": ("PROPFIND", "/v1/contacts", {}, 501),
    "no way to read a probe": ("POST", "/healthz", {}, 405),
    "headers that are too large": ("GET", "/v1/contacts", {"X-Large": "a" * 80_000}, 431),
}


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"), REFUSED_BEFORE_A_ROUTE.values(), ids=REFUSED_BEFORE_A_ROUTE
)
async def test_what_the_edge_itself_refuses_can_be_read_too(
    open_edge: Edge, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    answer = await open_edge.http.request(method, path, headers={"Origin": ORIGIN, **headers})
    assert answer.status_code == status
    assert answer.headers.get_list("access-control-allow-origin") == [ORIGIN]
    assert "x-request-id" in answer.headers["access-control-expose-headers"]
    stranger = await open_edge.http.request(method, path, headers={"Origin": "https://evil.example", **headers})
    assert stranger.status_code == status
    assert not [name for name in stranger.headers if name.startswith("access-control-")]
