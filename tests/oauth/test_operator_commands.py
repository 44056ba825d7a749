"""The operator's commands, as a shell sees them, and what they leave in the log."""

import asyncio
import re
import sqlite3
from contextlib import closing
from uuid import UUID

import pytest

from contract.claims import TokenKind
from contract.vocabulary import TenantId, UserId
from oauth.store.database import Database, database_url
from oauth.store.schema import migrate
from oauth.store.tokens import IssuedRecord, remember
from oauth.tokens.mint import JTI_PREFIXES, PAT_CLIENT
from oauth.tokens.opaque import new_id
from tests.oauth.test_oauth_commands import IDS, TENANT, oauth

BUSINESS = IDS.seal_business("biz", TENANT)
KID = "L0cC4ncY2wRJb8hR5bV0Y6l2rHqE7T9x-kq_Zb3mD1s"
USER = IDS.seal("usr", TENANT, 12)
JTI = f"pat_{'0f' * 16}"


async def migrated(url: str) -> None:
    async with Database(database_url(url)) as database:
        await migrate(database)


async def made(url: str, jti: str, business: TenantId) -> int:
    """A personal access token of a user of the business, as it is remembered; returns its number."""
    async with Database(database_url(url)) as database, database.write() as connection:
        token = IssuedRecord(
            jti=jti,
            kind=TokenKind.PAT,
            grant_id=None,
            client_id=PAT_CLIENT,
            business=business,
            user=UserId(12),
            scope=("contacts:read",),
            role="admin",
            kid=KID,
            rate_key="fam_1",
            created_at_s=1,
            expires_at_s=2**33,
        )
        return await remember(connection, token)


def logged(environment: dict[str, str]) -> list[tuple[str, str]]:
    """Kind and target of what stands in the log, read without our own code."""
    with closing(sqlite3.connect(environment["OAUTH_DATABASE_URL"].removeprefix("sqlite:///"))) as database:
        return list(database.execute("SELECT kind, target FROM revocation_log ORDER BY sequence"))


def ended(environment: dict[str, str]) -> list[str]:
    """The tokens whose records say that they were revoked, read likewise."""
    with closing(sqlite3.connect(environment["OAUTH_DATABASE_URL"].removeprefix("sqlite:///"))) as database:
        return [jti for (jti,) in database.execute("SELECT jti FROM access_tokens WHERE revoked_at_s IS NOT NULL")]


@pytest.fixture
def told(environment: dict[str, str]) -> dict[str, str]:
    """The environment of a database with its tables. Of an authorization server's settings two are enough."""
    asyncio.run(migrated(environment["OAUTH_DATABASE_URL"]))
    return {name: environment[name] for name in ("PATH", "OAUTH_DATABASE_URL", "ID_KEY_FILE")}


def rows(environment: dict[str, str], *options: str) -> list[list[str]]:
    """What `list` shows, without its headings; instants are left out."""
    done = oauth(environment, "list", *options)
    assert (done.code, done.err) == (0, "")
    return [
        [word for word in line.split() if not re.fullmatch(r"\d{4}-\d\d-\d\dT.*Z", word)]
        for line in done.out.splitlines()[1:]
    ]


CHANGES = {
    "one token": (("revoke", "--jti", JTI), f"token {JTI}: event 1\n"),
    "a user by id": (("revoke", "--subject", USER), f"subject {USER}: event 1\n"),
    "a user by id, in its business": (("revoke", "--subject", USER, "--tenant", "1"), f"subject {USER}: event 1\n"),
    "a user by number": (
        ("revoke", "--subject", "12", "--tenant", "1"),
        f"subject {USER} (user 12 of business 1): event 1\n",
    ),
    "a signing key": (("revoke", "--key", KID), f"key {KID}: event 1; tokens that ended: 0\n"),
    "a business by id": (("revoke", "--business", BUSINESS), f"suspend {BUSINESS}: event 1\n"),
    "a business by number": (("suspend", "--business", "1"), f"suspend {BUSINESS} (business 1): event 1\n"),
    "a resumption": (("resume", "--business", "1"), f"resume {BUSINESS} (business 1): event 1\n"),
    "another plan": (("plan", "--business", "1", "--plan", "scale"), f"plan {BUSINESS} scale (business 1): event 1\n"),
    "the token's own plan": (("plan", "--business", "1"), f"plan {BUSINESS} (business 1): event 1\n"),
}


@pytest.mark.parametrize(("words", "said"), CHANGES.values(), ids=CHANGES.keys())
def test_says_what_it_has_appended(told: dict[str, str], words: tuple[str, ...], said: str) -> None:
    done = oauth(told, *words)
    assert (done.code, done.out, done.err) == (0, said, "")
    assert logged(told) == [tuple(said.partition(": event 1")[0].split()[:2])]


@pytest.mark.parametrize("kind", TokenKind)
def test_a_jti_of_each_kind_of_token_can_be_revoked(told: dict[str, str], kind: TokenKind) -> None:
    jti = new_id(JTI_PREFIXES[kind])
    assert oauth(told, "revoke", "--jti", jti).code == 0
    assert logged(told) == [("token", jti)]


def test_a_tokens_record_stands_for_its_jti(told: dict[str, str]) -> None:
    asyncio.run(made(told["OAUTH_DATABASE_URL"], f"pat_{'a' * 32}", TenantId(2)))
    given = IDS.seal("tok", TENANT, asyncio.run(made(told["OAUTH_DATABASE_URL"], JTI, TENANT)))
    done = oauth(told, "revoke", "--jti", given)
    assert (done.code, done.out, done.err) == (0, f"token {JTI} ({given}): event 1\n", "")
    assert logged(told) == [("token", JTI)]


@pytest.mark.parametrize("words", [("--jti", JTI), ("--subject", USER)], ids=["by its jti", "by its user"])
def test_the_record_of_a_token_that_is_revoked_says_so(told: dict[str, str], words: tuple[str, str]) -> None:
    asyncio.run(made(told["OAUTH_DATABASE_URL"], f"pat_{'a' * 32}", TenantId(2)))
    asyncio.run(made(told["OAUTH_DATABASE_URL"], JTI, TENANT))
    assert ended(told) == []
    assert oauth(told, "revoke", *words).code == 0
    assert ended(told) == [JTI]
    assert len(logged(told)) == 1


def test_so_does_a_record_of_a_user_who_is_a_uuid(told: dict[str, str]) -> None:
    business, user = "6f1c2f0e-52a7-4d0e-9d55-0b6a8f3f5b10", str(UUID(int=12))
    asyncio.run(made(told["OAUTH_DATABASE_URL"], JTI, TenantId(UUID(business).int)))
    assert oauth(told | {"ID_KIND": "uuid"}, "revoke", "--subject", user, "--tenant", business).code == 0
    assert ended(told) == [JTI]


def test_where_it_does_not_know_a_token_it_says_what_to_give_instead(told: dict[str, str]) -> None:
    for given in (IDS.seal("tok", TENANT, 1), "eyJhbGciOiJFUzI1NiJ9"):
        assert oauth(told, "revoke", "--jti", given).err.endswith(
            "at_ or st_ or pat_ and 32 hex digits, as the token itself says\n"
        ), given


def test_a_uuid_is_told_back_as_it_was_given(told: dict[str, str]) -> None:
    business, user = "6f1c2f0e-52a7-4d0e-9d55-0b6a8f3f5b10", "0d4c7a52-8f0b-4e0e-8f8e-6a1f5f0c9b01"
    done = oauth(told | {"ID_KIND": "uuid"}, "revoke", "--subject", user, "--tenant", business)
    assert f" (user {user} of business {business}): " in done.out


def test_the_list_is_what_is_in_force_and_the_log_everything(told: dict[str, str]) -> None:
    for words in (
        ("suspend", "--business", "1"),
        ("plan", "--business", "1", "--plan", "starter"),
        ("plan", "--business", "1", "--plan", "scale"),
        ("revoke", "--jti", JTI, "--actor", "ada"),
        ("resume", "--business", "1"),
    ):
        assert oauth(told, *words).code == 0
    assert [row[:3] for row in rows(told)] == [["plan", BUSINESS, "scale"], ["token", JTI, "-"]]
    assert rows(told)[1][-2:] == ["ada", "4"]
    assert [row[0] for row in rows(told, "--all")] == ["suspend", "plan", "plan", "token", "resume"]


REFUSED = {
    "without saying what": ("revoke",),
    "of two things at once": ("revoke", "--jti", JTI, "--business", "1"),
    "of a user's number without its business": ("revoke", "--subject", "12"),
    "of a user whose id is misspelt": ("revoke", "--subject", USER[:-1]),
    "of a user whose id has another letter": ("revoke", "--subject", USER[:-1] + ("0" if USER[-1] != "0" else "4")),
    "of a user of another business": ("revoke", "--subject", USER, "--tenant", "2"),
    "of a token, with a business that nothing asks for": ("revoke", "--jti", JTI, "--tenant", "1"),
    "of a jti that no token can have": ("revoke", "--jti", "pat 1"),
    "of a jti that is cut short": ("revoke", "--jti", JTI[:-1]),
    "of a token whose record is not here": ("revoke", "--jti", IDS.seal("tok", TENANT, 1)),
    "of a token whose record's id is misspelt": ("revoke", "--jti", "tok_1"),
    "of a key whose name is cut short": ("revoke", "--key", KID[:-1]),
    "of a business of another deployment": ("suspend", "--business", "biz_" + "0" * 26),
    "of a business that is no number": ("resume", "--business", "acme"),
    "without a business": ("suspend",),
    "to a plan that there is not": ("plan", "--business", "1", "--plan", "free"),
}


@pytest.mark.parametrize("words", REFUSED.values(), ids=REFUSED.keys())
def test_appends_nothing(told: dict[str, str], words: tuple[str, ...]) -> None:
    refused = oauth(told, *words)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith("oauth: ")
    assert refused.err.count("\n") == 1
    assert logged(told) == []


def test_without_tables_it_says_how_to_make_them(environment: dict[str, str]) -> None:
    refused = oauth(environment, "revoke", "--jti", JTI)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.endswith("run `python -m oauth migrate`\n")
    assert refused.err.count("\n") == 1
