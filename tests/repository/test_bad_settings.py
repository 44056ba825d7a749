"""Every program that reads settings: each fault is a line that names the variable, all of them at once.

Nothing else comes of a bad one, whatever stands in a file that it names.
"""

from pathlib import Path

import pytest

from apidocs.settings_page import PROGRAMS, Program, settings_of
from infra.process.settings import RequestedSetting, SettingsError

NONSENSE = "\x07?"
TOLD_WITH_ANOTHER = {"INTERNAL_PRIVATE_KEY_FILE"}
"""With its certificate: the two are read as one."""
ANY_PATH = {"python -m infra.process.keys"}
"""It makes the files that these name."""
ANY_TEXT = {"OIDC_CLIENT_ID"}
SECRETS_OF_OTHERS = {"OIDC_CLIENT_SECRET_FILE", "PEOPLE_SECRET_FILE"}
"""Whoever has made them says what stands there."""
WRITTEN = {"REVOCATIONS_FILE"}
"""What is in it is judged later: a garbled one is as good as none."""
PICKY = [program for program in PROGRAMS if program.command not in ANY_PATH]
OF_FILES = [
    pytest.param(program, asked, id=f"{program.command} {asked.name}")
    for program in PICKY
    for asked in settings_of(program)
    if asked.name not in WRITTEN | SECRETS_OF_OTHERS and (asked.secret or asked.name.endswith(("_FILE", "_DIR")))
]
CONTENTS = {
    "nothing": b"",
    "bytes that are no text": b"\xff\x00\xfe",
    "a list": b"[]",
    "an object": b"{}",
    "an object of the wrong shape": b'{"businesses": [1]}',
    "a member of the wrong shape": b'{"businesses": [{"id": "x", "plan": 1, "users": 2}]}',
}


def faults(program: Program, environment: dict[str, str]) -> list[str]:
    """The lines that it would end with; none if it would start."""
    try:
        program.load(environment)
    except SettingsError as error:
        return str(error).split("\n")
    return []


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.command)
def test_what_has_to_be_set_is_asked_for_by_name_all_at_once(program: Program) -> None:
    lines = faults(program, {})
    required = [asked for asked in settings_of(program) if asked.default is None]
    assert required
    assert lines == [f"{asked.name} is not set; expected {asked.expected}" for asked in required]


@pytest.mark.parametrize("program", PICKY, ids=lambda program: program.command)
def test_nonsense_in_every_setting_is_told_in_a_line_each(program: Program) -> None:
    asked = settings_of(program)
    lines = faults(program, dict.fromkeys((each.name for each in asked), NONSENSE))
    named = [line.partition("=")[0].partition(" ")[0] for line in lines]
    assert named == [each.name for each in asked if each.name not in TOLD_WITH_ANOTHER | ANY_TEXT]
    for line, name in zip(lines, named, strict=True):
        [expected] = {each.expected for each in asked if each.name == name}
        assert line.endswith(f"; expected {expected}")


@pytest.mark.parametrize(("program", "asked"), OF_FILES)
@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS.keys())
def test_a_file_that_holds_something_else_is_told_in_a_line(
    program: Program, asked: RequestedSetting, content: bytes, tmp_path: Path
) -> None:
    file = tmp_path / "file.pem"
    file.write_bytes(content)
    file.chmod(0o600)
    place = tmp_path if asked.name.endswith("_DIR") else file
    lines = faults(program, {asked.name: str(place), "LOCAL_MODE": "1"})
    [line] = [line for line in lines if line.startswith((asked.name, "INTERNAL_CERTIFICATE_FILE"))]
    assert "is not usable" in line or "is not set" in line
    assert line.isprintable()


@pytest.mark.parametrize(("program", "asked"), OF_FILES)
def test_a_folder_where_a_file_should_be_is_told_in_a_line(
    program: Program, asked: RequestedSetting, tmp_path: Path
) -> None:
    lines = faults(program, {asked.name: str(tmp_path), "LOCAL_MODE": "1"})
    assert [line for line in lines if line.startswith((asked.name, "INTERNAL_CERTIFICATE_FILE"))]
