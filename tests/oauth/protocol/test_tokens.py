"""What an access token says, as another library reads it, and which are not ours."""

import base64
import json

import joserfc.jwk
import joserfc.jwt
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from contract.claims import Claims, parse_claims
from contract.vocabulary import TenantId
from oauth.keys.jwks import jwk_set
from oauth.tokens.mint import verify_own
from tests.oauth.protocol.world import ASKED, AUDIENCE, ISSUER, App, World


@pytest.fixture
def who(world: World) -> tuple[int, int]:
    return world.a_user("manager", plan="scale")


@pytest.fixture
async def app(world: World) -> App:
    return await world.an_app()


async def published(world: World) -> list[dict[str, str]]:
    keys = (await world.send("/jwks", method="GET")).json["keys"]
    return list(keys)


async def test_a_token_says_what_the_contract_says_of_one(world: World, app: App, who: tuple[int, int]) -> None:
    token = (await world.tokens(app, who))["access_token"]
    [public] = await published(world)
    verified = joserfc.jwt.decode(token, joserfc.jwk.import_key(dict(public)), algorithms=["ES256"])
    assert verified.header == {"typ": "at+jwt", "alg": "ES256", "kid": public["kid"]}
    claims = parse_claims(verified.claims)
    assert isinstance(claims, Claims), claims
    assert (verified.claims["iss"], verified.claims["aud"]) == (ISSUER, AUDIENCE)
    assert world.desk.ids.open_business("biz", claims.business) == who[1]
    assert world.desk.ids.open("usr", TenantId(who[1]), claims.subject) == who[0]
    assert (claims.role.word, claims.plan.name, claims.client) == ("manager", "scale", app.id)
    assert claims.kind.value == "oauth"
    assert claims.scopes == set(ASKED.split())
    assert (claims.issued_at_s, claims.expires_at_s) == (world.clock(), world.clock() + 900)
    assert all(isinstance(value, str | int) for value in verified.claims.values()), "plain values alone"


async def test_the_key_set_has_public_members_only(world: World) -> None:
    for key in await published(world):
        assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & key.keys()
        assert (key["use"], key["alg"]) == ("sig", "ES256")


async def test_two_users_of_two_businesses_share_no_id(world: World, app: App) -> None:
    user, one = world.a_user()
    world.a_user(business=2**31 + 7)
    world.town.members[user, 2**31 + 7] = world.town.members[user, one]
    subjects = set()
    for business in (one, 2**31 + 7):
        token = (await world.tokens(app, (user, business)))["access_token"]
        subjects.add(jwt.decode(token, options={"verify_signature": False})["sub"])
    assert len(subjects) == 2, "ids are sealed per tenant"


def _unsigned(claims: dict[str, object], header: dict[str, object]) -> str:
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims))
    return ".".join([*parts, ""])


async def test_no_other_token_passes_for_ours(world: World, app: App, who: tuple[int, int]) -> None:
    good = (await world.tokens(app, who))["access_token"]
    claims = jwt.decode(good, options={"verify_signature": False})
    header = jwt.get_unverified_header(good)
    keys = world.desk.keys.published(world.clock())
    own = keys[header["kid"]]
    pem = own.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def signed(changes: dict[str, object] | None = None, key: object = own.private, **headers: object) -> str:
        said = {name: value for name, value in {**claims, **(changes or {})}.items() if value is not None}
        return jwt.encode(said, key, algorithm="ES256", headers={**header, **headers})

    def read(token: str) -> object:
        return verify_own(token, keys, ISSUER, AUDIENCE, now_s=world.clock())

    now_s = world.clock()
    others = {
        "another issuer": signed({"iss": "https://evil.example"}),
        "another audience": signed({"aud": "https://other.example"}),
        "a list of audiences": signed({"aud": [AUDIENCE, "https://other.example"]}),
        "no signature": _unsigned(claims, {**header, "alg": "none"}),
        "a secret that is the public key": jwt.api_jws.encode(
            json.dumps(claims).encode(), "k" * 32, algorithm="HS256", headers={"typ": "at+jwt", "kid": own.id}
        ),
        "an unknown key id": signed(kid="unknown"),
        "a key id that is a path": signed(kid="../signing"),
        "another key": signed(key=ec.generate_private_key(ec.SECP256R1())),
        "another type": signed(typ="JWT"),
        "an expiry now": signed({"exp": now_s}),
        "no expiry": signed({"exp": None}),
        "an issue in a minute": signed({"iat": now_s + 60}),
        "no jti": signed({"jti": None}),
        "an unknown role": signed({"role": "owner"}),
        "a public key in the header": signed(key=ec.generate_private_key(ec.SECP256R1()), jwk={"pem": pem}),
    }
    assert read(good) == claims
    assert {name: read(token) for name, token in others.items()} == dict.fromkeys(others)
    assert jwk_set(own)["keys"][0]["kid"] == own.id
