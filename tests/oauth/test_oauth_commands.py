"""`python -m oauth` and its commands, as a shell sees them."""

import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass

import aiohttp
import joserfc.jwk
import joserfc.jwt
import pytest

from contract.claims import ALGORITHMS, TOKEN_TYPE, Claims, parse_claims
from contract.ids import IdCodec
from contract.operations import SCOPES
from contract.resources.shape import BUSINESS_PREFIX, USER_PREFIX
from contract.vocabulary import TenantId
from infra.process.address import UnixAddress, parse_address
from oauth.keys.jwks import jwk_set, read_signing_key
from tests.support.processes import running

IDS = IdCodec(b"\x5a" * 32)
TENANT = TenantId(1)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str


def oauth(environment: dict[str, str], *arguments: str) -> Outcome:
    done = subprocess.run(
        [sys.executable, "-m", "oauth", *arguments], env=environment, capture_output=True, text=True, timeout=30
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def read(token: str, pem: str) -> tuple[dict[str, str], dict[str, object], Claims]:
    [public] = jwk_set(read_signing_key(pem))["keys"]
    verified = joserfc.jwt.decode(token, joserfc.jwk.import_key(dict(public)), algorithms=list(ALGORITHMS))
    claims = parse_claims(verified.claims)
    assert isinstance(claims, Claims), claims
    return verified.header, verified.claims, claims


def test_a_token_is_what_the_contract_says_of_one(environment: dict[str, str], ec_pem: str) -> None:
    header, raw, claims = read(oauth(environment, "token").out.strip(), ec_pem)
    assert header == {"typ": TOKEN_TYPE, "alg": "ES256", "kid": read_signing_key(ec_pem).id}
    assert (raw["iss"], raw["aud"]) == ("https://auth.example", "https://api.example")
    assert IDS.open_business(BUSINESS_PREFIX, claims.business) == TENANT
    assert claims.scopes == {scope.name for scope in SCOPES}
    assert claims.plan.name == "starter"
    assert abs(claims.issued_at_s - time.time()) < 30
    assert claims.expires_at_s - claims.issued_at_s == 30 * 24 * 3600


def test_the_default_subject_is_the_first_active_user_of_the_role(environment: dict[str, str], ec_pem: str) -> None:
    _, _, admin = read(oauth(environment, "token").out.strip(), ec_pem)
    _, _, viewer = read(oauth(environment, "token", "--role", "viewer").out.strip(), ec_pem)
    assert IDS.open(USER_PREFIX, TENANT, admin.subject) == 12
    assert IDS.open(USER_PREFIX, TENANT, viewer.subject) == 13


def test_every_token_has_a_budget_and_a_name_of_its_own(environment: dict[str, str], ec_pem: str) -> None:
    _, _, one = read(oauth(environment, "token").out.strip(), ec_pem)
    _, _, other = read(oauth(environment, "token").out.strip(), ec_pem)
    assert one.rate_key != other.rate_key
    assert one.jti != other.jti


def test_the_options_change_the_claims(environment: dict[str, str], ec_pem: str) -> None:
    whose = ("--tenant", "7", "--subject", "71", "--plan", "scale")
    wanted = ("--scopes", "contacts:read, deals:read deals:write", "--ttl", "60")
    _, _, claims = read(oauth(environment, "token", *whose, *wanted).out.strip(), ec_pem)
    assert IDS.open_business(BUSINESS_PREFIX, claims.business) == 7
    assert IDS.open(USER_PREFIX, TenantId(7), claims.subject) == 71
    assert claims.scopes == {"contacts:read", "deals:read", "deals:write"}
    assert (claims.plan.name, claims.expires_at_s - claims.issued_at_s) == ("scale", 60)


def test_a_public_id_is_a_subject_as_it_stands(environment: dict[str, str], ec_pem: str) -> None:
    subject = IDS.seal(USER_PREFIX, TenantId(2), 21)
    _, _, claims = read(oauth(environment, "token", "--subject", subject).out.strip(), ec_pem)
    assert claims.subject == subject


REFUSED = {
    "outside local mode": ({"LOCAL_MODE": "0"}, ()),
    "when nobody has the role": ({}, ("--role", "member")),
    "for an unknown role": ({}, ("--role", "owner")),
    "for a subject that is no id": ({}, ("--subject", "usr_1")),
    "for a tenant that is no number": ({}, ("--tenant", "acme")),
    "that outlives its revocation": ({}, ("--ttl", str(366 * 24 * 3600 + 1))),
    "that is over before it begins": ({}, ("--ttl", "-5")),
    "that lives for no second": ({}, ("--ttl", "0")),
    "for a scope that there is not": ({}, ("--scopes", "contacts:read contacts:raed")),
    "without an id key": ({"ID_KEY_FILE": ""}, ()),
}


@pytest.mark.parametrize(("change", "arguments"), REFUSED.values(), ids=REFUSED.keys())
def test_mints_no_token(environment: dict[str, str], change: dict[str, str], arguments: tuple[str, ...]) -> None:
    refused = oauth(environment | change, "token", *arguments)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith("oauth: ")
    assert refused.err.count("\n") == 1


def test_of_a_misspelt_scope_it_names_the_nearest_and_of_a_strange_one_all(environment: dict[str, str]) -> None:
    misspelt = oauth(environment, "token", "--scopes", "contacts:raed").err
    assert misspelt == "oauth: argument --scopes: 'contacts:raed' is no scope; did you mean contacts:read?\n"
    strange = oauth(environment, "token", "--scopes", "x").err
    assert all(scope.name in strange for scope in SCOPES)


def test_kid_prints_the_key_id(environment: dict[str, str], ec_pem: str) -> None:
    assert oauth(environment, "kid").out == f"{read_signing_key(ec_pem).id}\n"


async def test_the_served_key_set_is_the_public_half_of_the_signing_key(
    environment: dict[str, str], ec_pem: str
) -> None:
    address = parse_address(environment["LISTEN"])
    assert isinstance(address, UnixAddress)
    assert oauth(environment, "migrate").code == 0
    async with (
        running([sys.executable, "-m", "oauth"], environment, ready=address),
        aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(address.path))) as client,
    ):
        async with client.get("http://oauth/healthz") as health:
            assert health.status == 200
        async with client.get("http://oauth/jwks") as keys:
            assert await keys.json() == jwk_set(read_signing_key(ec_pem))
            assert keys.headers["Cache-Control"] == "public, max-age=60"
        assert address.path.stat().st_mode & 0o777 == 0o600


def test_an_unmigrated_database_stops_the_start_with_a_line_that_says_what_to_do(environment: dict[str, str]) -> None:
    refused = oauth(environment)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith("oauth: the database is at revision none and ")
    assert refused.err.endswith(" is needed: run `python -m oauth migrate`\n")


def test_migrating_again_changes_nothing(environment: dict[str, str]) -> None:
    first, second = oauth(environment, "migrate"), oauth(environment, "migrate")
    assert (first.code, first.err) == (0, "")
    assert (second.code, second.out, second.err) == (0, first.out, "")


def test_a_database_that_another_directory_has_filled_stops_the_start_with_a_line(
    environment: dict[str, str],
) -> None:
    assert oauth(environment, "migrate").code == 0
    with closing(sqlite3.connect(environment["OAUTH_DATABASE_URL"].removeprefix("sqlite:///"))) as database, database:
        database.execute(
            "INSERT INTO users (id, email, name, active) VALUES (1, 'alice@acme-brokers.example', 'Alice', 1)"
        )
    refused = oauth(environment | {"DIRECTORY_FILE": "sandbox/directory.json"})
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith("oauth: the database has alice@acme-brokers.example as another user than ")
    assert refused.err.count("\n") == 1


LOST = {
    "in a folder that is not there": "sqlite:////no/such/folder/oauth.db",
    "behind a closed port": "postgresql://oauth:hidden@127.0.0.1:1/oauth",
    "of a kind that is not known": "mysql://oauth:hidden@127.0.0.1/oauth",
}


@pytest.mark.parametrize("url", LOST.values(), ids=LOST.keys())
@pytest.mark.parametrize("command", [(), ("migrate",)], ids=["serving", "migrating"])
def test_does_not_start_with_a_database(environment: dict[str, str], command: tuple[str, ...], url: str) -> None:
    refused = oauth(environment | {"OAUTH_DATABASE_URL": url}, *command)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith("oauth: ")
    assert refused.err.count("\n") == 1
    assert "hidden" not in refused.err
