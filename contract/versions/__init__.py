"""The dated versions, newest first. Inside, only the newest exists; a version lists the changes that came with it.

A change is a module here, `v<date>_<what it does>`, with one class in it: nothing else lists it, and a new date is a
version.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from contract.discovery import modules
from contract.problems import VERSION_INVALID, VERSION_REQUIRED, VERSION_RETIRED, VERSION_UNSUPPORTED, Problem
from contract.versions.change import Change


@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """A dated behaviour contract, a row of which there is one; `date` is what the `Version` header says.

    A version is deprecated from `deprecated_at_s` on and retired from `sunset_at_s` on (epoch seconds; None: not yet).
    """

    date: str
    changes: tuple[Change, ...] = ()
    deprecated_at_s: int | None = None
    sunset_at_s: int | None = None

    def is_deprecated(self, now_s: int) -> bool:
        """Whether its answers warn."""
        return self.deprecated_at_s is not None and self.deprecated_at_s <= now_s

    def is_retired(self, now_s: int) -> bool:
        """Whether it is served no more."""
        return self.sunset_at_s is not None and self.sunset_at_s <= now_s


FIRST_DATE = "2026-06-17"
LIFECYCLES: Mapping[str, tuple[int, int]] = {}
"""Of the versions that are to end: when they are deprecated and when retired, in epoch seconds, ≥ 24 months apart."""

_DATED = re.compile(r"v(\d{4})_(\d\d)_(\d\d)_\w+")


def _changes_by_date() -> dict[str, list[Change]]:
    found: dict[str, list[Change]] = defaultdict(list, {FIRST_DATE: []})
    for module in modules(__name__, __path__):
        if named := _DATED.fullmatch(module.__name__.rpartition(".")[2]):
            held = [value for value in vars(module).values() if isinstance(value, type)]
            own = [value() for value in held if issubclass(value, Change) and value.__module__ == module.__name__]
            found["-".join(named.groups())] += own
    return found


VERSIONS: tuple[Version, ...] = tuple(
    Version(date, tuple(changes), *LIFECYCLES.get(date, ()))
    for date, changes in sorted(_changes_by_date().items(), reverse=True)
)
LATEST_VERSION = VERSIONS[0]

_FORM = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", re.ASCII)


def supported_versions(now_s: int, versions: tuple[Version, ...] = VERSIONS) -> tuple[str, ...]:
    """The dates that are served, newest first."""
    return tuple(version.date for version in versions if not version.is_retired(now_s))


def requested_version(header: str | None, now_s: int, versions: tuple[Version, ...] = VERSIONS) -> Version | Problem:
    """The version that a `Version` header names, or the problem with it. Exact match: no nearest date is guessed."""
    date = (header or "").strip()
    for version in versions:
        if version.date == date:
            return VERSION_RETIRED if version.is_retired(now_s) else version
    if not date:
        return VERSION_REQUIRED
    return VERSION_UNSUPPORTED if _FORM.fullmatch(date) else VERSION_INVALID


def changes_since(version: Version, versions: tuple[Version, ...] = VERSIONS) -> tuple[Change, ...]:
    """What changed after a version, oldest first."""
    newer = versions[: versions.index(version)]
    return tuple(change for each in reversed(newer) for change in each.changes)
