"""Logging in at the platform's own provider: what comes back is believed only as far as it proves itself."""

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from contract.oauth import LOGIN_LIFETIME_S
from contract.vocabulary import TenantId
from oauth.login import DirectoryUnavailable
from tests.oauth.pages.conftest import Upstream
from tests.oauth.pages.provider import CLIENT_ID, CLIENT_SECRET
from tests.oauth.protocol.world import ISSUER, Verifier, told


async def test_who_is_logged_in_there_is_logged_in_here(upstream: Upstream) -> None:
    visit = upstream.house.visit()
    assert (await upstream.log_in(visit)).location == "/connected-apps"
    assert "Ada Moss" in (await visit.get("/connected-apps")).text


async def test_the_request_has_pkce_a_state_a_nonce_and_no_secret(upstream: Upstream) -> None:
    await upstream.set_out(upstream.house.visit())
    (asked,) = upstream.platform.asked
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == f"{ISSUER}/login/callback"
    assert (asked["response_type"], asked["client_id"]) == ("code", CLIENT_ID)
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    assert min(len(asked["state"]), len(asked["nonce"])) >= 43
    assert CLIENT_SECRET not in str(asked)


async def test_a_whole_flow_ends_at_the_app_with_a_code_worth_tokens(upstream: Upstream) -> None:
    world, visit, verifier = upstream.house.world, upstream.house.visit(), Verifier()
    app = await world.an_app()
    kept = await visit.get(f"/authorize?{urlencode(world.question(app, verifier))}")
    page = await visit.get((await upstream.log_in(visit, kept.location)).location)
    answer = await visit.submit(page.form("/consent"), decision="allow")
    tokens = await world.redeem(app, told(answer.location)["code"], verifier)
    assert tokens.status == 200
    upstream.platform.users["11"]["active"] = False
    assert (await world.refresh(app, tokens.json["refresh_token"])).error == "invalid_grant"


CLAIMS: dict[str, dict[str, Any]] = {
    "has another login's nonce": {"nonce": "another"},
    "has no nonce": {"nonce": None},
    "has another issuer": {"iss": "https://evil.example"},
    "is for another client": {"aud": "another"},
    "is for two clients and does not say which asked": {"aud": [CLIENT_ID, "another"]},
    "was asked for by another client": {"aud": [CLIENT_ID, "another"], "azp": "another"},
    "has expired": {"exp": 1_000_000_000},
    "has no end": {"exp": None},
    "names nobody": {"sub": None},
    "names what is no number": {"sub": "eleven"},
}


@pytest.mark.parametrize("claims", CLAIMS.values(), ids=CLAIMS.keys())
async def test_lets_nobody_in_by_an_id_token_that(upstream: Upstream, claims: dict[str, Any]) -> None:
    visit = upstream.house.visit()
    upstream.platform.claims = claims
    page = await upstream.log_in(visit)
    assert (page.status, page.heading, "__Host-sid" in visit.cookies) == (403, "You are not logged in", False)


async def test_lets_nobody_in_by_an_id_token_that_the_provider_did_not_sign(upstream: Upstream) -> None:
    visit = upstream.house.visit()
    upstream.platform.publishes = ec.generate_private_key(ec.SECP256R1())
    assert (await upstream.log_in(visit)).status == 403
    assert "__Host-sid" not in visit.cookies


async def test_a_provider_that_turns_its_key_is_asked_for_the_new_one(upstream: Upstream) -> None:
    assert (await upstream.log_in(upstream.house.visit())).status == 303
    upstream.platform.signs_with, upstream.platform.kid = ec.generate_private_key(ec.SECP256R1()), "two"
    assert (await upstream.log_in(upstream.house.visit())).status == 303


ANSWERS: dict[str, dict[str, str | None]] = {
    "comes from another issuer": {"iss": "https://evil.example"},
    "does not say from whom it comes": {"iss": None},
    "brings no code": {"code": None},
    "brings a code of nobody's": {"code": "nobodys"},
    "is an error": {"code": None, "error": "access_denied"},
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
async def test_lets_nobody_in_by_an_answer_that(upstream: Upstream, answer: dict[str, str | None]) -> None:
    visit = upstream.house.visit()
    upstream.platform.answer = answer
    page = await upstream.log_in(visit)
    assert (page.status, "__Host-sid" in visit.cookies) == (403, False)


async def test_a_provider_that_never_says_who_it_is_need_not(upstream: Upstream) -> None:
    upstream.platform.tells_iss = False
    assert (await upstream.log_in(upstream.house.visit())).status == 303


STATES: dict[str, dict[str, str | None]] = {"has another state": {"state": "x" * 43}, "has no state": {"state": None}}


@pytest.mark.parametrize("answer", STATES.values(), ids=STATES.keys())
async def test_refuses_an_answer_that(upstream: Upstream, answer: dict[str, str | None]) -> None:
    visit = upstream.house.visit()
    upstream.platform.answer = answer
    assert (await upstream.log_in(visit)).status == 400
    assert "__Host-sid" not in visit.cookies


async def test_a_state_counts_once(upstream: Upstream) -> None:
    visit = upstream.house.visit()
    back = await upstream.set_out(visit)
    assert (await visit.get(back)).status == 303
    visit.cookies.pop("__Host-sid")
    again = f"{back.partition('?')[0]}?code={new_code(upstream, back)}&{back.partition('&')[2]}"
    assert (await visit.get(again)).status == 400
    assert "__Host-sid" not in visit.cookies


def new_code(upstream: Upstream, back: str) -> str:
    """Another good code for the same request."""
    state = dict(parse_qsl(urlsplit(back).query))["state"]
    asked = next(asked for asked in upstream.platform.asked if asked["state"] == state)
    upstream.platform.codes["again"] = asked
    return "again"


async def test_a_state_ends_after_ten_minutes(upstream: Upstream) -> None:
    visit = upstream.house.visit()
    back = await upstream.set_out(visit)
    upstream.house.world.clock.pass_s(LOGIN_LIFETIME_S)
    assert (await visit.get(back)).status == 400


async def test_nobody_can_be_logged_in_as_somebody_else(upstream: Upstream) -> None:
    attacker, victim = upstream.house.visit(), upstream.house.visit()
    back = await upstream.set_out(attacker)
    await upstream.set_out(victim)
    assert (await victim.get(back)).status == 400
    assert "__Host-sid" not in victim.cookies


async def test_who_is_a_member_of_nothing_is_not_let_in(upstream: Upstream) -> None:
    for user in (
        {"active": False, "businesses": upstream.platform.users["11"]["businesses"]},
        {"active": True, "businesses": []},
    ):
        upstream.platform.users["11"] = user
        page = await upstream.log_in(upstream.house.visit())
        assert (page.status, page.heading) == (403, "You are not logged in")
    upstream.platform.users.clear()
    assert (await upstream.log_in(upstream.house.visit())).status == 403


async def test_who_loses_their_place_is_logged_out(upstream: Upstream) -> None:
    visit = upstream.house.visit()
    await upstream.log_in(visit)
    upstream.platform.users["11"]["active"] = False
    assert (await visit.get("/connected-apps")).status == 303


async def test_while_nobody_knows_the_users_nobody_is_logged_out(upstream: Upstream) -> None:
    visit = upstream.house.visit()
    await upstream.log_in(visit)
    upstream.platform.people_status = 500
    assert (await visit.get("/connected-apps")).status == 503
    upstream.platform.people_status = 200
    assert (await visit.get("/connected-apps")).status == 200


ODD: dict[str, dict[str, Any]] = {
    "role": {"role": "emperor"},
    "plan": {"plan": "gold"},
    "id": {"id": "north"},
    "permissions": {"permissions": ["contacts:read"]},
}


@pytest.mark.parametrize("changes", ODD.values(), ids=ODD.keys())
async def test_a_membership_that_is_none_is_told_to_nobody(upstream: Upstream, changes: dict[str, Any]) -> None:
    visit = upstream.house.visit()
    await upstream.log_in(visit)
    upstream.platform.users["11"]["businesses"][0] |= changes
    assert (await visit.get("/connected-apps")).status == 503


@pytest.mark.parametrize("said", [{}, [], "Ada", {"active": True}, {"active": True, "businesses": 7}], ids=str)
async def test_a_user_of_another_form_is_told_to_nobody_and_nobody_is_logged_out(upstream: Upstream, said: Any) -> None:
    visit = upstream.house.visit()
    await upstream.log_in(visit)
    known = upstream.platform.users["11"]
    upstream.platform.users["11"] = said
    assert (await visit.get("/connected-apps")).status == 503
    upstream.platform.users["11"] = known
    assert (await visit.get("/connected-apps")).status == 200


@pytest.mark.parametrize("said", [{}, [], "North"], ids=str)
async def test_a_business_of_another_form_is_none_that_is_told(upstream: Upstream, said: Any) -> None:
    upstream.platform.businesses["1"] = said
    for ask in (upstream.login.plan, upstream.login.business_name):
        with pytest.raises(DirectoryUnavailable, match="businesses/1"):
            await ask(TenantId(1))


async def test_a_provider_that_does_not_say_where_to_log_in_is_as_good_as_away(upstream: Upstream) -> None:
    upstream.platform.leaves_out = "authorization_endpoint"
    assert (await upstream.house.visit().get("/login")).status == 503


async def test_another_account_is_asked_for_there_too(upstream: Upstream) -> None:
    visit = upstream.house.visit()
    await upstream.set_out(visit, "/login?again=1")
    assert upstream.platform.asked[0]["prompt"] == "login"


async def test_a_uuid_is_asked_for_as_one(upstream: Upstream) -> None:
    user = "6f9619ff-8b86-d011-b42d-00cf4fc964ff"
    upstream.platform.users[user] = upstream.platform.users.pop("11")
    upstream.platform.user = user
    assert (await upstream.log_in(upstream.house.visit())).status == 303
