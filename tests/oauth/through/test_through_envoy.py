"""The authorization server as clients meet it: through Envoy, with the API behind the next host name."""

import asyncio
import time
from collections.abc import Callable

import jwt
import pytest

from contract.oauth import CLIENT_LOCK_OUT
from oauth.keys.key_ring import Purpose, rotate
from tests.envoy.standing import until
from tests.oauth.protocol.world import READ, App, Verifier, World, basic
from tests.oauth.through.conftest import Outside

IN_A_ROW = 12


async def admitted(outside: Outside, token: str) -> None:
    """Wait until the API lets the token in: Envoy may not have its key yet."""

    async def is_admitted() -> bool:
        return await outside.status(token) == 200

    await until(is_admitted, "the first answer")


async def refused(outside: Outside, token: str) -> float:
    """Wait until all authz refuse it; returns how long the last that did not took, in seconds."""
    began_s, last_s, row = time.monotonic(), 0.0, 0

    async def is_refused() -> bool:
        nonlocal last_s, row
        asked_s = time.monotonic()
        row = row + 1 if await outside.status(token) == 401 else 0
        last_s = last_s if row else asked_s - began_s
        return row >= IN_A_ROW

    await until(is_refused, "a refusal by all")
    return last_s


async def test_a_whole_flow_ends_in_an_answer_of_the_api(outside: Outside, world: World) -> None:
    app, who = await world.an_app(), world.a_user("viewer")
    token = (await world.tokens(app, who))["access_token"]
    await admitted(outside, token)
    answer = await outside.edge.get("/v1/contacts", headers={"Authorization": f"Bearer {token}"})
    arrived = {name.lower(): value for name, value in answer.json()["headers"]}
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (arrived["x-gw-subject"], arrived["x-gw-business-id"]) == (claims["sub"], claims["business_id"])
    assert (arrived["x-gw-role"], arrived["x-gw-scopes"], arrived["x-gw-token-kind"]) == ("viewer", READ, "oauth")
    assert arrived["x-gw-client-id"] == app.id


async def test_a_service_token_is_let_in(outside: Outside, world: World) -> None:
    service = await world.a_service(world.a_user()[1])
    answer = await world.token(service, "client_credentials", headers=service.basic)
    assert answer.status == 200, "the edge passes the client's own Authorization on"
    await admitted(outside, answer.json["access_token"])


async def test_a_reused_refresh_token_ends_the_familys_access_to_the_api(
    outside: Outside, world: World, record_property: Callable[[str, object], None]
) -> None:
    app, who = await world.an_app(), world.a_user()
    first = await world.tokens(app, who)
    second = (await world.refresh(app, first["refresh_token"])).json
    await admitted(outside, second["access_token"])
    assert (await world.refresh(app, first["refresh_token"])).error == "invalid_grant"
    took_s = await refused(outside, second["access_token"])
    record_property("revoked_after_s", took_s)
    assert await outside.status(first["access_token"]) == 401


async def test_a_token_that_is_given_back_is_refused_and_its_sibling_is_not(outside: Outside, world: World) -> None:
    app, who = await world.an_app(), world.a_user()
    first = await world.tokens(app, who)
    second = (await world.refresh(app, first["refresh_token"])).json
    for token in (first["access_token"], second["access_token"]):
        await admitted(outside, token)
    await world.send("/revoke", {"token": second["access_token"], **app.fields})
    await refused(outside, second["access_token"])
    assert await outside.status(first["access_token"]) == 200


async def test_a_replayed_code_ends_what_came_of_it(outside: Outside, world: World) -> None:
    app, who, verifier = await world.an_app(), world.a_user(), Verifier()
    code = await world.a_code(app, who, verifier)
    token = (await world.redeem(app, code, verifier)).json["access_token"]
    await admitted(outside, token)
    assert (await world.redeem(app, code, verifier)).error == "invalid_grant"
    await refused(outside, token)


async def test_both_hosts_tell_who_issues_tokens(outside: Outside, world: World) -> None:
    told = (await world.send("/.well-known/oauth-authorization-server", method="GET")).json
    assert told["issuer"] == outside.edge.mint.issuer
    answer = await outside.edge.http.get("/.well-known/oauth-protected-resource")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json()["resource"] == outside.edge.mint.audience
    assert answer.json()["authorization_servers"] == [outside.edge.mint.issuer]


@pytest.mark.parametrize("path", ["/token", "/authorize", "/jwks", "/.well-known/oauth-authorization-server"])
async def test_the_api_host_has_no_such_endpoint(outside: Outside, path: str) -> None:
    assert (await outside.edge.http.get(path)).status_code == 404


@pytest.mark.parametrize("path", ["/v1/contacts", "/revocations", "/.well-known/oauth-protected-resource", "/"])
async def test_the_auth_host_has_no_such_path(world: World, path: str) -> None:
    assert (await world.send(path, method="GET")).status == 404


@pytest.mark.parametrize("path", ["/token", "/revoke", "/introspect"])
async def test_another_method_is_told_by_the_endpoint(world: World, path: str) -> None:
    answer = await world.send(path, method="GET")
    assert (answer.status, answer.headers["Allow"], answer.error) == (405, "POST", "invalid_request")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Server" not in answer.headers


async def test_a_callers_word_for_its_address_counts_for_nothing(world: World) -> None:
    app = await world.an_app()
    for number in range(CLIENT_LOCK_OUT.attempts):
        forged = {"x-gw-client-address": f"192.0.2.{number}", "X-Forwarded-For": f"192.0.2.{number}"}
        answer = await world.send("/introspect", {"token": "x"}, **forged, **basic(app.id, "wrong"))
        assert answer.status == 401
    assert (await world.send("/introspect", {"token": "x"}, **app.basic)).status == 429


async def test_a_token_in_the_query_of_the_api_is_none(outside: Outside, world: World) -> None:
    app, who = await world.an_app(), world.a_user()
    token = (await world.tokens(app, who))["access_token"]
    await admitted(outside, token)
    assert (await outside.edge.http.get(f"/v1/contacts?access_token={token}")).status_code == 401


async def test_no_log_holds_a_secret(outside: Outside, world: World) -> None:
    app, who, verifier = await world.an_app(), world.a_user(), Verifier()
    question = world.question(app, verifier, state="hush-state")
    word = (await world.ask(question)).text
    code = await world.a_code(app, who, verifier, state="hush-state")
    await world.redeem(await world.an_app(), code, verifier)
    tokens = (await world.redeem(app, code, verifier)).json
    await world.redeem(app, code, verifier)
    await world.refresh(app, tokens["refresh_token"])
    await world.send(f"/token?client_secret={app.secret}", {"grant_type": "client_credentials", **app.fields})
    await world.introspect(app, tokens["access_token"])
    last = (await world.send("/revoke", {"token": tokens["refresh_token"], **app.fields})).headers["X-Request-Id"]
    await outside.edge.logged(last)
    secrets = (
        app.secret,
        word,
        code,
        verifier.text,
        "hush-state",
        tokens["refresh_token"],
        *tokens["access_token"].split("."),
    )
    for file in outside.edge.folder.glob("*.log"):
        log = file.read_text()
        assert [secret for secret in secrets if secret and secret in log] == [], file.name
    assert outside.log_file.exists()


async def test_a_turn_of_the_keys_under_load_loses_no_request(outside: Outside, world: World) -> None:
    """From ES256 to RS256: tokens of before and after are let in, whoever signed them."""
    services = [await world.a_service(world.a_user()[1]) for _ in range(4)]
    seen: list[tuple[str, int]] = []

    async def call(service: App, times: int) -> None:
        for _ in range(times):
            token = (await world.token(service, "client_credentials")).json["access_token"]
            seen.append((jwt.get_unverified_header(token)["alg"], await outside.status(token)))

    async def turn() -> None:
        keys = world.desk.keys
        await until(lambda: _has(seen, "ES256"), "a token of the old key")
        rows = rotate(keys.rows(), Purpose.ACCESS, now_s=world.clock())
        assert isinstance(rows, tuple), rows
        keys.save(rows)

    old = (await world.token(services[0], "client_credentials")).json["access_token"]
    await admitted(outside, old)
    await asyncio.gather(turn(), *(call(service, 25) for service in services))
    assert {alg for alg, _ in seen} == {"ES256", "RS256"}
    assert {status for _, status in seen} == {200}
    assert await outside.status(old) == 200


async def _has(seen: list[tuple[str, int]], alg: str) -> bool:
    return sum(name == alg for name, _ in seen) >= 10
