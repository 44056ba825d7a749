"""Settings: complete or fatal, every fault at once, and no secret in what is told."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from infra.process.settings import SettingsError, SettingsReader, load_or_exit, public_url


def number(text: str) -> int:
    if not text.isdecimal():
        raise ValueError("not a number")
    return int(text)


def test_what_is_set_is_read_and_a_default_stands_in() -> None:
    reader = SettingsReader({"A": "1"})
    assert (reader.read("A", number, "a number"), reader.read("B", number, "a number", default="2")) == (1, 2)
    reader.finish()


def test_every_fault_is_told_at_once_by_name_by_what_was_found_and_by_what_is_expected(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter2")
    reader = SettingsReader({"B": "x", "C": "", "D": "/nowhere", "E": str(secret)})
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


def test_a_setting_may_stand_in_a_file_which_another_variable_names(tmp_path: Path) -> None:
    (tmp_path / "a").write_text(" 1\n")
    reader = SettingsReader({"A_FILE": str(tmp_path / "a")})
    assert (reader.read("A", number, "a number"), reader.optional("A", number, "a number")) == (1, 1)
    reader.finish()


def test_what_may_be_missing_is_none_and_an_empty_one_is_missing() -> None:
    reader = SettingsReader({"B": "", "C_FILE": ""})
    assert [reader.optional(name, number, "a number") for name in "ABC"] == [None, None, None]
    reader.finish()


def test_what_stood_in_a_file_or_must_not_be_told_is_not_told(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("hunter2")
    (tmp_path / "empty").write_text("\n")
    reader = SettingsReader(
        {"A_FILE": str(tmp_path / "a"), "B": "hunter2", "C_FILE": str(tmp_path / "empty"), "D": "1", "D_FILE": "/d"}
        | {"E_FILE": str(tmp_path / "none")}
    )
    reader.read("A", number, "a number")
    reader.read("B", number, "a number", shown_as=False)
    reader.optional("C", number, "a number")
    reader.read("D", number, "a number")
    reader.read("E", number, "a number")
    with pytest.raises(SettingsError) as raised:
        reader.finish()
    lines = str(raised.value).split("\n")
    assert lines[:4] == [
        "A is not usable (not a number); expected a number",
        "B is not usable (not a number); expected a number",
        "C is not set; expected a number",
        "D_FILE is not usable (D is set, too); expected the path of a number",
    ]
    assert lines[4].startswith("E_FILE is not usable ([Errno 2] ")


def test_the_process_ends_with_a_line_per_fault(capsys: pytest.CaptureFixture[str]) -> None:
    def load(environment: Mapping[str, str]) -> None:
        reader = SettingsReader(environment)
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
