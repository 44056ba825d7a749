"""Settings: complete or fatal, every fault at once, and no secret in what is told."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from process.settings import Reader, SettingsError, load_or_exit, public_url


def number(text: str) -> int:
    if not text.isdecimal():
        raise ValueError("not a number")
    return int(text)


def test_what_is_set_is_read_and_a_default_stands_in() -> None:
    reader = Reader({"A": "1"})
    assert (reader.read("A", number, "a number"), reader.read("B", number, "a number", default="2")) == (1, 2)
    reader.finish()


def test_what_is_optional_may_be_left_out_and_not_be_wrong() -> None:
    def ask(reader: Reader) -> int | None:
        return reader.optional("A", lambda name: reader.read(name, number, "a number"))

    left_out, set_well, set_badly = Reader({}), Reader({"A": "1"}), Reader({"A": "x"})
    assert (ask(left_out), ask(set_well)) == (None, 1)
    left_out.finish()
    ask(set_badly)
    with pytest.raises(SettingsError, match="A='x' is not usable"):
        set_badly.finish()


def test_what_must_not_be_told_is_left_out_of_its_fault() -> None:
    reader = Reader({"A": "hunter2"})
    reader.read("A", number, "a number", told=False)
    with pytest.raises(SettingsError) as faults:
        reader.finish()
    assert str(faults.value) == "A is not usable (not a number); expected a number"


def test_every_fault_is_told_at_once_by_name_by_what_was_found_and_by_what_is_expected(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter2")
    reader = Reader({"B": "x", "C": "", "D": "/nowhere", "E": str(secret)})
    reader.read("A", number, "a number")
    reader.read("B", number, "a number")
    reader.read("C", number, "a number")
    reader.secret("D", number, "a file")
    reader.secret("E", number, "a file")
    with pytest.raises(SettingsError) as raised:
        reader.finish()
    lines = str(raised.value).split("\n")
    assert lines[0] == "A is not set; expected a number"
    assert lines[1] == "B='x' is not usable (not a number); expected a number"
    assert lines[2] == "C is not set; expected a number"
    assert lines[3].startswith("D='/nowhere' is not usable (")
    assert lines[4] == f"E={str(secret)!r} is not usable (not a number); expected the path of a file"
    assert "hunter2" not in str(raised.value)


def test_the_process_ends_with_a_line_per_fault(capsys: pytest.CaptureFixture[str]) -> None:
    def load(environment: Mapping[str, str]) -> None:
        reader = Reader(environment)
        reader.read("A", number, "a number")
        reader.read("B", number, "a number")
        reader.finish()

    with pytest.raises(SystemExit) as ended:
        load_or_exit(load, {}, "thing")
    assert ended.value.code == 2
    assert capsys.readouterr().err.splitlines() == [
        "thing: A is not set; expected a number",
        "thing: B is not set; expected a number",
    ]


@pytest.mark.parametrize("text", ["https://api.example", "https://localhost:8443", "https://[::1]:8443"])
def test_takes_an_origin(text: str) -> None:
    assert public_url(text) == text


@pytest.mark.parametrize(
    "text", ["http://api.example", "https://", "https://api.example/", "https://a/b", "api.example"]
)
def test_refuses_what_is_no_origin(text: str) -> None:
    with pytest.raises(ValueError, match="origin"):
        public_url(text)
