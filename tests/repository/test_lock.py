"""The lock is whole: nothing is installed that is not pinned with hashes, nothing pinned that nobody asked for."""

import re
from dataclasses import dataclass
from functools import cache

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.repository.sources import ROOT

FOLDER = ROOT / "requirements"
MAKEFILE = ROOT / "Makefile"
GROUPS = sorted(path.stem for path in FOLDER.glob("*.in"))
TOGETHER = ("services", "runtime", "dev", "fuzz")
"""The groups of one environment; the others have one each."""
HASH = re.compile(r" {4}--hash=sha256:([0-9a-f]{64})")
VIA = re.compile(r" {4}# (?:via)? *(.*)")
EVERY = pytest.mark.parametrize("group", GROUPS)


@dataclass(frozen=True)
class Pin:
    """What a lock says of one package: the lines below it tell its hashes, and who asked for it."""

    asked: Requirement
    hashes: frozenset[str]
    via: frozenset[str]


@cache
def pins(group: str) -> list[Pin]:
    blocks = re.split(r"\n(?! )", (FOLDER / f"{group}.txt").read_text().rstrip("\n"))
    return [pin(*(line.removesuffix(" \\") for line in block.splitlines())) for block in blocks]


def pin(first: str, *below: str) -> Pin:
    hashes = [match[1] for line in below if (match := HASH.fullmatch(line))]
    via = [match[1] for line in below if (match := VIA.fullmatch(line))]
    assert len(hashes) + len(via) == len(below), f"an odd line below {first}"
    return Pin(Requirement(first), frozenset(hashes), frozenset(via) - {""})


def names(group: str) -> list[str]:
    return [pin.asked.name for pin in pins(group)]


def asked_for(group: str) -> dict[str, Requirement]:
    """What `group`.in names itself."""
    lines = [line for line in (FOLDER / f"{group}.in").read_text().splitlines() if line and line[0] not in "#-"]
    return {str(canonicalize_name(asked.name)): asked for asked in map(Requirement, lines)}


@EVERY
def test_every_package_is_pinned_to_one_version_with_hashes(group: str) -> None:
    for pin in pins(group):
        assert re.fullmatch(r"==[^*,]+", str(pin.asked.specifier)), pin
        assert not pin.asked.url, pin
        assert pin.hashes, pin
        assert pin.asked.marker or names(group).count(pin.asked.name) == 1, pin


@EVERY
def test_whatever_is_asked_for_is_pinned_as_it_is_asked_for(group: str) -> None:
    asked = asked_for(group)
    found = [pin for pin in pins(group) if f"-r requirements/{group}.in" in pin.via]
    assert {pin.asked.name for pin in found} == asked.keys()
    for pin in found:
        (version,) = pin.asked.specifier
        assert asked[pin.asked.name].specifier.contains(version.version, prereleases=True), pin


@EVERY
def test_whatever_is_pinned_is_asked_for_by_somebody_who_is_there(group: str) -> None:
    there = {*names(group), *(f"-r requirements/{each}.in" for each in GROUPS)}
    for pin in pins(group):
        askers = {asker for asker in pin.via if not asker.startswith("-c ")}
        assert askers and askers <= there, pin


@pytest.mark.parametrize("group", TOGETHER)
def test_what_is_installed_into_one_environment_is_pinned_alike(group: str) -> None:
    ours = {pin.asked.name: pin for pin in pins(group)}
    for theirs in (pin for other in TOGETHER for pin in pins(other) if pin.asked.name in ours):
        mine = ours[theirs.asked.name]
        assert (mine.asked.specifier, mine.hashes) == (theirs.asked.specifier, theirs.hashes)


def test_what_the_image_has_make_up_has_too() -> None:
    assert set(names("services")) < set(names("runtime"))


def test_make_lock_writes_every_lock_and_there_is_no_other() -> None:
    written = re.findall(r"^\t\$\(LOCK\) requirements/(\w+)\.in -o requirements/\1\.txt$", MAKEFILE.read_text(), re.M)
    assert sorted(written) == GROUPS == sorted(path.stem for path in FOLDER.glob("*.txt"))


def test_whatever_make_installs_itself_is_checked_by_its_hash() -> None:
    installs = re.findall(r"-m pip install .*", MAKEFILE.read_text())
    assert installs
    for line in installs:
        assert re.search(r"--require-hashes -r requirements/\w+\.txt$", line), line
