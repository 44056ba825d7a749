"""What our own services ask of the authorization server is for nobody outside."""

import httpx
import pytest

from tests.envoy.standing import Edge

PATHS = ("/revocations", "/revocations?after=0-", "/revocations/", "//revocations", "/healthz/../revocations")


@pytest.mark.parametrize("path", PATHS)
async def test_the_feed_is_not_reached_by_the_auth_host(edge: Edge, path: str) -> None:
    answer = await edge.http.get(f"{edge.mint.issuer}{path}")
    assert answer.status_code in (400, 404)
    assert "at_head" not in answer.text


@pytest.mark.parametrize("path", PATHS)
async def test_nor_by_the_api_host_with_a_good_token(edge: Edge, path: str) -> None:
    answer: httpx.Response = await edge.get(path)
    assert answer.status_code in (400, 404)
    assert "at_head" not in answer.text


async def test_the_public_listener_of_the_server_does_not_have_it(edge: Edge) -> None:
    transport = httpx.AsyncHTTPTransport(uds=str(edge.folder / "oauth.sock"))
    async with httpx.AsyncClient(transport=transport, base_url="http://oauth") as behind_the_edge:
        assert (await behind_the_edge.get("/healthz")).status_code == 200
        assert (await behind_the_edge.get("/revocations", params={"after": "0-"})).status_code == 404
