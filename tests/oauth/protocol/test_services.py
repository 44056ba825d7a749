"""The client credentials grant: a service client, for its own business, as its service user."""

import jwt
import pytest

from contract.claims import Claims, parse_claims
from contract.vocabulary import TenantId
from tests.oauth.protocol.world import ASKED, READ, App, World


@pytest.fixture
def business(world: World) -> int:
    return world.a_user(plan="scale")[1]


@pytest.fixture
async def service(world: World, business: int) -> App:
    return await world.a_service(business, scope=tuple(ASKED.split()))


async def test_a_service_token_says_whose_it_is(world: World, business: int, service: App) -> None:
    answer = await world.token(service, "client_credentials")
    assert set(answer.json) == {"access_token", "token_type", "expires_in", "scope"}, "no refresh token"
    raw = jwt.decode(answer.json["access_token"], options={"verify_signature": False})
    claims = parse_claims(raw)
    assert isinstance(claims, Claims)
    assert (claims.kind.value, claims.client, claims.role.word, claims.plan.name) == (
        "service",
        service.id,
        "member",
        "scale",
    )
    assert world.desk.ids.open_business("biz", claims.business) == business
    assert claims.expires_at_s - claims.issued_at_s == 900
    assert claims.scopes == set(ASKED.split())


async def test_its_subject_is_a_user_that_no_person_is(world: World, business: int, service: App) -> None:
    answer = await world.token(service, "client_credentials", sub="usr_1", user_id="1", username="admin")
    subject = jwt.decode(answer.json["access_token"], options={"verify_signature": False})["sub"]
    number = world.desk.ids.open("usr", TenantId(business), subject)
    assert isinstance(number, int) and number >= 2**52
    assert subject != service.id


async def test_all_its_tokens_share_one_budget(world: World, service: App) -> None:
    keys = set()
    for _ in range(2):
        answer = await world.token(service, "client_credentials")
        keys.add(jwt.decode(answer.json["access_token"], options={"verify_signature": False})["rate_key"])
    assert len(keys) == 1


async def test_it_may_ask_for_less(world: World, service: App) -> None:
    assert (await world.token(service, "client_credentials", scope=READ)).json["scope"] == READ


@pytest.mark.parametrize("scope", ["deals:read", f"{ASKED} deals:read", "everything"])
async def test_it_may_not_ask_for_more(world: World, service: App, scope: str) -> None:
    assert (await world.token(service, "client_credentials", scope=scope)).error == "invalid_scope"


@pytest.mark.parametrize("public", [False, True], ids=["confidential", "public"])
async def test_no_marketplace_client_gets_one(world: World, public: bool) -> None:
    answer = await world.token(await world.an_app(public=public), "client_credentials")
    assert answer.error == "unauthorized_client"


@pytest.mark.parametrize("grant_type", ["authorization_code", "refresh_token"])
async def test_a_service_has_no_other_grant(world: World, service: App, grant_type: str) -> None:
    answer = await world.token(service, grant_type, code="x", refresh_token="x")
    assert answer.error == "unauthorized_client"


async def test_a_service_of_no_business_gets_nothing(world: World, business: int, service: App) -> None:
    del world.town.plans[business]
    assert (await world.token(service, "client_credentials")).error == "unauthorized_client"


OTHER_GRANTS = ["password", "implicit", "urn:ietf:params:oauth:grant-type:device_code", "CLIENT_CREDENTIALS", "code"]


@pytest.mark.parametrize("grant_type", OTHER_GRANTS)
async def test_no_other_grant_is_known(world: World, service: App, grant_type: str) -> None:
    answer = await world.token(service, grant_type, username="alice", password="hush")
    assert (answer.status, answer.error) == (400, "unsupported_grant_type")


async def test_a_suspended_business_gets_no_tokens(world: World, business: int, service: App) -> None:
    await world.log_event("suspend", world.desk.ids.seal_business("biz", TenantId(business)))
    assert (await world.token(service, "client_credentials")).error == "invalid_grant"
    await world.log_event("resume", world.desk.ids.seal_business("biz", TenantId(business)))
    assert (await world.token(service, "client_credentials")).status == 200


async def test_nothing_is_issued_in_the_second_in_which_a_subject_was_revoked(world: World, service: App) -> None:
    first = (await world.token(service, "client_credentials")).json["access_token"]
    subject = jwt.decode(first, options={"verify_signature": False})["sub"]
    await world.log_event("subject", subject)
    answer = await world.token(service, "client_credentials")
    assert (answer.status, answer.error, answer.headers["Retry-After"]) == (503, "temporarily_unavailable", "1")
    world.clock.pass_s(1)
    assert (await world.token(service, "client_credentials")).status == 200
