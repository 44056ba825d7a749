"""`python -m oauth token` where the internal services' ids are UUIDs."""

from pathlib import Path

from contract.ids import UuidCodec
from tests.oauth.test_oauth_commands import oauth, read

IDS = UuidCodec(b"\x5a" * 32)
DIRECTORY = Path("examples/foreign/directory.json").absolute()
ACME, ALICE = 0x6F1C2F0E52A74D0E9D550B6A8F3F5B10, 0x0D4C7A528F0B4E0E8F8E6A1F5F0C9B01
BIRCH, ANKE = "c2b5d8e1-0f3a-4c6b-8e7d-1a2b3c4d5e20", 0xD3C6E9F21A4B4D7C9F8E2B3C4D5E6F21


def test_a_token_is_for_the_directorys_first_business(environment: dict[str, str], ec_pem: str) -> None:
    told = environment | {"ID_KIND": "uuid", "DIRECTORY_FILE": str(DIRECTORY)}
    _, _, claims = read(oauth(told, "token").out.strip(), ec_pem)
    assert IDS.open_business("biz", claims.business) == ACME
    assert IDS.open("usr", ACME, claims.subject) == ALICE


def test_or_for_the_one_that_is_named(environment: dict[str, str], ec_pem: str) -> None:
    told = environment | {"ID_KIND": "uuid", "DIRECTORY_FILE": str(DIRECTORY)}
    _, _, claims = read(oauth(told, "token", "--tenant", BIRCH).out.strip(), ec_pem)
    business = IDS.open_business("biz", claims.business)
    assert IDS.open("usr", business, claims.subject) == ANKE


def test_a_uuid_where_ids_are_integers_is_told_in_a_line(environment: dict[str, str]) -> None:
    refused = oauth(environment, "token", "--tenant", BIRCH, "--subject", "7")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err == "oauth: a UUID names nobody where ids are integers; see ID_KIND\n"
