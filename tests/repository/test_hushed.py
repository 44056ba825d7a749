"""The search that ends every suite finds what a log should not hold."""

import secrets
from pathlib import Path

import pytest

from tests.support.hushed import assert_none_tells, hush, hush_form, tellers

SECRET = secrets.token_urlsafe(32)
JWT = f"{'h' * 20}.{secrets.token_urlsafe(30)}.{secrets.token_urlsafe(40)}"

LOWER = secrets.token_hex(20)

TOLD = {
    "as it is": "{}",
    "in a query": "GET /authorize?code={}&state=x",
    "escaped": "code%3D{}%26state",
    "in JSON": '{{"token": "{}"}}',
    "glued to a word": "token-{}_end",
}


@pytest.mark.parametrize("secret", [SECRET, LOWER], ids=["mixed", "lower"])
@pytest.mark.parametrize("line", TOLD.values(), ids=TOLD.keys())
def test_a_log_is_found_that_tells_a_secret(tmp_path: Path, line: str, secret: str) -> None:
    hush(secret)
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "quiet.log").write_text(f"{secrets.token_urlsafe(32)}\n")
    assert_none_tells(tmp_path)
    (tmp_path / "logs" / "oauth.log").write_text(f"one line\n{line.format(secret)}\n")
    assert tellers(tmp_path) == [f"logs/oauth.log tells {secret[:6]}…"]


@pytest.mark.parametrize("part", [1, 2])
def test_a_part_of_a_token_is_told_as_well_but_not_what_all_tokens_have(tmp_path: Path, part: int) -> None:
    hush(JWT)
    (tmp_path / "authz.log").write_text(JWT.split(".")[0])
    assert_none_tells(tmp_path)
    (tmp_path / "authz.log").write_text(JWT.split(".")[part])
    with pytest.raises(AssertionError):
        assert_none_tells(tmp_path)


def test_of_a_form_what_is_secret_is_remembered_and_nothing_else(tmp_path: Path) -> None:
    client, verifier = secrets.token_hex(16), secrets.token_urlsafe(32)
    hush_form(f"client_id={client}&code_verifier={verifier}")
    (tmp_path / "envoy.log").write_text(client)
    assert_none_tells(tmp_path)
    (tmp_path / "envoy.log").write_text(verifier)
    assert len(tellers(tmp_path)) == 1
