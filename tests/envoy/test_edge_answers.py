"""What the edge adds to, and takes from, the answers that pass through it."""

import asyncio
import gzip
import json
import ssl
import warnings

import httpx
import pytest

from authz.check_response import internal_error_response
from contract.headers import PRIVATE_RESPONSE_HEADERS
from contract.operations import HEALTH_PATH, JWKS_PATH, READINESS_PATH
from contract.vocabulary import TraceId
from envoy_config.deployment import Deployment
from envoy_config.local_replies import local_replies
from envoy_config.routes import route_configuration
from oauth.keys.jwks import jwk_set
from tests.envoy.standing import Edge
from tests.support.problems import assert_every_answer, assert_problem, assert_rate_headers

PATH = "/v1/contacts"


async def test_a_passing_answer_carries_each_of_our_headers_once(edge: Edge) -> None:
    answer = await edge.get(PATH)
    assert_every_answer(answer)
    assert_rate_headers(answer)
    for name, value in PRIVATE_RESPONSE_HEADERS:
        assert answer.headers.get_list(name) == [value]
    assert answer.headers["ETag"] == '"e1"'


@pytest.mark.parametrize(
    ("host", "is_sent"), [("api.acme.test", True), ("localhost:8443", False), ("127.0.0.1:8443", False)]
)
def test_browsers_are_told_to_insist_on_https_except_on_the_developers_machine(host: str, is_sent: bool) -> None:
    rendered = json.dumps(route_configuration(Deployment(api_url=f"https://{host}")))
    refused = json.dumps(local_replies(Deployment(api_url=f"https://{host}")))
    denied = internal_error_response(TraceId("t"), f"https://{host}")
    assert ("strict-transport-security" in rendered) is is_sent
    assert ("strict-transport-security" in refused) is is_sent
    assert (b"strict-transport-security" in denied) is is_sent


@pytest.mark.parametrize("path", ["/", "/nonesuch"])
async def test_a_browser_goes_on_to_whoever_has_a_page_and_everybody_else_gets_the_problem(
    path: str, edge: Edge
) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    shown = await edge.http.get(path, headers=browser)
    assert shown.json()["path"] == path  # what the transcoder's stand-in was asked
    assert not {name for name, _ in shown.json()["headers"] if name.lower() == "authorization"}
    for headers in ({}, {"Accept": "application/json"}, {"Accept": "application/problem+json"}):
        answer = await edge.http.get(path, headers=headers)
        assert_problem(answer, "route-not-found", decided=False, api_url=edge.api_url)
    assert_problem(await edge.http.post(path, headers=browser), "route-not-found", decided=False, api_url=edge.api_url)


async def test_a_browser_that_asks_for_what_the_api_does_not_have_gets_a_problem(edge: Edge) -> None:
    answer = await edge.http.get("/v1/nonesuch", headers={"Accept": "text/html"})
    assert_problem(answer, "authentication-required", decided=False, api_url=edge.api_url)


async def test_a_caller_who_asks_gets_gzip_and_a_weak_etag(edge: Edge) -> None:
    url = f"{PATH}/big"
    async with edge.http.stream(
        "GET", url, headers={"Authorization": f"Bearer {edge.token()}", "Accept-Encoding": "gzip"}
    ) as answer:
        packed = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["ETag"] == 'W/"e1"'
    assert answer.headers["Vary"] == "Authorization, Version, Accept-Encoding"
    assert gzip.decompress(packed).startswith(b"{")


async def test_a_caller_who_does_not_ask_gets_it_plain(edge: Edge) -> None:
    answer = await edge.get(f"{PATH}/big", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in answer.headers
    assert answer.headers["ETag"] == '"e1"'


async def test_small_answers_are_not_worth_it(edge: Edge) -> None:
    answer = await edge.get("/v1/contacts/small", headers={"Accept-Encoding": "gzip"})
    assert (answer.status_code, "Content-Encoding" in answer.headers) == (200, False)


async def test_the_edge_is_healthy_by_itself(edge: Edge) -> None:
    answer = await edge.http.get(HEALTH_PATH)
    assert (answer.status_code, answer.text) == (200, "ok\n")
    assert_every_answer(answer)


async def test_readiness_goes_through_authz_to_the_transcoder_and_needs_no_token(edge: Edge) -> None:
    answer = await edge.http.get(READINESS_PATH)
    assert answer.json()["path"] == READINESS_PATH
    assert not {name for name, _ in answer.json()["headers"] if name.lower().startswith("x-gw-")}


async def test_head_is_a_get_without_its_body(edge: Edge) -> None:
    answer = await edge.send("HEAD", PATH)
    assert (answer.status_code, answer.content) == (200, b"")
    assert_rate_headers(answer)


@pytest.mark.parametrize("host", ["evil.example", "localhost", "127.0.0.1:1"])
async def test_a_foreign_host_reaches_the_api_and_changes_nothing(host: str, edge: Edge) -> None:
    answer = await edge.http.get(PATH, headers={"Host": host})
    assert_problem(answer, "authentication-required", decided=False, api_url=edge.api_url)
    assert host not in answer.text.replace(edge.api_url, "")


async def test_the_auth_host_serves_the_key_set(edge: Edge) -> None:
    async with httpx.AsyncClient(base_url=edge.mint.issuer, verify=edge.tls) as client:
        keys = await client.get(JWKS_PATH)
        assert keys.json() == jwk_set(edge.mint.key)
        assert_every_answer(keys)
        assert (await client.get(HEALTH_PATH)).status_code == 200


@pytest.mark.parametrize("path", [PATH, "/", "/healthy", READINESS_PATH])
async def test_the_auth_host_serves_nothing_of_the_api(path: str, edge: Edge) -> None:
    async with httpx.AsyncClient(base_url=edge.mint.issuer, verify=edge.tls) as client:
        answer = await client.get(path, headers={"Authorization": f"Bearer {edge.token()}"})
    assert_problem(answer, "route-not-found", decided=False, api_url=edge.api_url)


async def test_the_auth_host_does_not_mind_other_schemes(edge: Edge) -> None:
    async with httpx.AsyncClient(base_url=edge.mint.issuer, verify=edge.tls) as client:
        assert (await client.get(JWKS_PATH, headers={"Authorization": "Basic a,b"})).status_code == 200


async def test_the_access_log_tells_the_operation_and_never_a_query_or_a_token(edge: Edge) -> None:
    token = edge.token()
    answer = await edge.http.get(f"{PATH}?email=ada@x.example", headers={"Authorization": f"Bearer {token}"})
    line = await edge.logged(answer.headers["X-Request-Id"])
    assert (line["operation"], line["status"], line["method"]) == ("contacts.list", 200, "GET")
    assert line["response_bytes"] == len(answer.content)
    log = (edge.folder / "envoy.log").read_text()
    assert "ada@x.example" not in log
    assert token not in log


async def test_plain_http_is_not_served(edge: Edge) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.api_port)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert not (await asyncio.wait_for(reader.read(), 10)).startswith(b"HTTP")
    writer.close()


async def test_nothing_older_than_tls_1_2_is_spoken(edge: Edge) -> None:
    tls = ssl.create_default_context()
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    tls.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        tls.minimum_version = ssl.TLSVersion.TLSv1
        tls.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError, match=r"(?i)protocol.version"):
        await asyncio.open_connection("127.0.0.1", edge.api_port, ssl=tls)


async def test_the_admin_interface_is_its_owners_alone(edge: Edge) -> None:
    assert (edge.folder / "envoy-admin.sock").stat().st_mode & 0o777 == 0o600
