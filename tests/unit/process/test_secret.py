"""The secret between our services: one word, or two while it is changed."""

from itertools import pairwise
from pathlib import Path

import pytest

from infra.process.address import TcpAddress, UnixAddress
from infra.process.settings import SettingsError, SettingsReader
from infra.process.shared_secret import SharedSecret, internal_secret

NEW, FORMER = "n" * 32, "f" * 32
NETWORK = TcpAddress("oauth", 8081)


def read(text: str) -> SharedSecret | None:
    reader = SettingsReader({"INTERNAL_SECRET": text})
    secret = internal_secret(reader, NETWORK)
    reader.finish()
    return secret


@pytest.mark.parametrize("text", [NEW, f"{NEW}\n", f"  {NEW}\r\n"], ids=repr)
def test_one_word_is_shown_and_accepted(text: str) -> None:
    secret = read(text)
    assert secret is not None
    assert secret.authorization == f"Bearer {NEW}"
    assert secret.accepts(secret.authorization)
    assert not secret.accepts(f"Bearer {FORMER}")


@pytest.mark.parametrize("text", [f"{NEW}\n{FORMER}\n", f"{NEW} {FORMER}"], ids=["two lines", "two words"])
def test_of_two_words_the_first_is_shown_and_both_are_accepted(text: str) -> None:
    secret = read(text)
    assert secret is not None
    assert secret.authorization == f"Bearer {NEW}"
    assert secret.accepts(f"Bearer {NEW}")
    assert secret.accepts(f"Bearer {FORMER}")


STEPS = (SharedSecret((FORMER,)), SharedSecret((FORMER, NEW)), SharedSecret((NEW, FORMER)), SharedSecret((NEW,)))
"""As docs/rotation.md takes them; some processes have taken a step, and some have not."""


@pytest.mark.parametrize(("before", "after"), list(pairwise(STEPS)))
def test_no_step_of_a_rotation_keeps_two_services_apart(before: SharedSecret, after: SharedSecret) -> None:
    assert before.accepts(after.authorization)
    assert after.accepts(before.authorization)


@pytest.mark.parametrize(
    "text",
    [NEW[1:], f"{NEW}\n{FORMER[1:]}", f"{NEW}\n{FORMER}\n{'t' * 32}", "\x07" * 32],
    ids=["too short", "a second one too short", "three", "not plain"],
)
def test_anything_else_is_refused_and_not_told(text: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read(text)
    assert text.split()[0] not in str(refused.value)


def test_a_unix_socket_asks_for_none(tmp_path: Path) -> None:
    assert internal_secret(SettingsReader({}), UnixAddress(tmp_path / "x.sock")) is None
