"""The dated versions, newest first. Inside, only the newest exists; a version lists the changes that came with it."""

import re
from dataclasses import dataclass

from contract.problems import VERSION_INVALID, VERSION_REQUIRED, VERSION_RETIRED, VERSION_UNSUPPORTED, Problem
from contract.versions.change import Change
from contract.versions.v2026_11_24_flatten_deal_value import FlattenDealValue
from contract.versions.v2026_11_24_rename_note_content_to_body import RenameNoteContentToBody
from contract.versions.v2026_11_24_turn_task_due_date_into_due_at import TurnTaskDueDateIntoDueAt


@dataclass(frozen=True, slots=True)
class Version:
    """A dated behaviour contract; `date` is what the `Version` header says.

    A version is deprecated from `deprecated_at_s` on and retired from `sunset_at_s` on (epoch seconds; None: not yet).
    """

    date: str
    changes: tuple[Change, ...] = ()
    deprecated_at_s: int | None = None
    sunset_at_s: int | None = None

    def deprecated(self, now_s: int) -> bool:
        """Whether its answers warn."""
        return self.deprecated_at_s is not None and self.deprecated_at_s <= now_s

    def retired(self, now_s: int) -> bool:
        """Whether it is served no more."""
        return self.sunset_at_s is not None and self.sunset_at_s <= now_s


VERSIONS: tuple[Version, ...] = (
    Version("2026-11-24", changes=(RenameNoteContentToBody(), FlattenDealValue(), TurnTaskDueDateIntoDueAt())),
    Version("2026-06-17"),
)
LATEST_VERSION = VERSIONS[0]

_FORM = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", re.ASCII)


def supported(now_s: int, versions: tuple[Version, ...] = VERSIONS) -> tuple[str, ...]:
    """The dates that are served, newest first."""
    return tuple(version.date for version in versions if not version.retired(now_s))


def requested_version(header: str | None, now_s: int, versions: tuple[Version, ...] = VERSIONS) -> Version | Problem:
    """The version that a `Version` header names, or the problem with it. Exact match: no nearest date is guessed."""
    if header is None or not header.strip():
        return VERSION_REQUIRED
    date = header.strip()
    if not _FORM.fullmatch(date):
        return VERSION_INVALID
    for version in versions:
        if version.date == date:
            return VERSION_RETIRED if version.retired(now_s) else version
    return VERSION_UNSUPPORTED


def changes_since(version: Version, versions: tuple[Version, ...] = VERSIONS) -> tuple[Change, ...]:
    """What changed after a version, oldest first."""
    newer = versions[: versions.index(version)]
    return tuple(change for each in reversed(newer) for change in each.changes)
