"""Which dialect a deployment speaks is a setting, and the dialect's own settings are told of with all others."""

from pathlib import Path

import pytest

from examples.foreign.dialect import AddressBook
from infra.process.settings import SettingsError
from transcoder.backend.upstream import Upstream
from transcoder.dialect.backend import CrmBackend
from transcoder.settings import load

FOREIGN = "examples.foreign.dialect:load"
NOWHERE: Upstream = object()  # type: ignore[assignment]


@pytest.fixture
def good(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "id.key").write_text("ab" * 32)
    (tmp_path / "cursor.keys").write_text("1 " + "cd" * 32)
    (tmp_path / "token").write_text("a-token\n")
    return {
        "LISTEN": "unix:/x/t.sock",
        "INTERNAL_URL": "unix:/x/i.sock",
        "OAUTH_INTERNAL_URL": "unix:/x/o.sock",
        "VALKEY_URL": "unix:///x/v.sock",
        "PUBLIC_API_URL": "https://api.example",
        "PUBLIC_AUTH_URL": "https://auth.example",
        "ID_KEY_FILE": str(tmp_path / "id.key"),
        "CURSOR_KEYS_FILE": str(tmp_path / "cursor.keys"),
    }


def test_it_is_the_crms_unless_another_is_named(good: dict[str, str]) -> None:
    assert isinstance(load(good).connect(NOWHERE), CrmBackend)


def test_the_named_one_reads_settings_of_its_own(good: dict[str, str], tmp_path: Path) -> None:
    told = good | {"DIALECT": FOREIGN, "DIALECT_TOKEN_FILE": str(tmp_path / "token")}
    assert isinstance(load(told).connect(NOWHERE), AddressBook)


def test_what_it_misses_is_told_together_with_everything_else(good: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as told:
        load(good | {"DIALECT": FOREIGN, "VALKEY_URL": "nowhere"})
    assert [line.split("=")[0].split(" ")[0] for line in str(told.value).split("\n")] == [
        "DIALECT_TOKEN_FILE",
        "VALKEY_URL",
    ]


WRONG = {
    "has no function": "examples.foreign.dialect",
    "is no module": "examples.nowhere:load",
    "has no such function": "examples.foreign.dialect:lod",
    "is no function": "examples.foreign.dialect:STAGES",
    "is no name": "../dialect:load",
}


@pytest.mark.parametrize("name", WRONG.values(), ids=WRONG.keys())
def test_refuses_a_name_that(name: str, good: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=r"^DIALECT=.* is not usable \(.*\); expected module:function"):
        load(good | {"DIALECT": name})


def test_the_worked_dialect_is_short_and_leans_on_the_seam_alone() -> None:
    text = Path("examples/foreign/dialect.py").read_text()
    # Thirty lines more than it had: the contract's longer names make the formatter break calls over several lines.
    assert len(text.splitlines()) < 180
    assert "transcoder.dialect" not in text
    assert "examples" not in text


def test_the_transcoder_which_believes_identity_headers_listens_on_a_socket_alone(good: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as told:
        load(good | {"LISTEN": "tcp:127.0.0.1:8080"})
    assert str(told.value).startswith("LISTEN='tcp:127.0.0.1:8080' is not usable (only a UNIX socket is safe here")
