"""The dated versions, newest first. Inside, only the newest exists; a version lists the changes that came with it."""

import re
from dataclasses import dataclass

from contract.problems import (
    VERSION_INVALID,
    VERSION_REQUIRED,
    VERSION_UNSUPPORTED,
    Problem,
)


@dataclass(frozen=True, slots=True)
class Version:
    """A dated behaviour contract; `date` is what the `Version` header says."""

    date: str


VERSIONS: tuple[Version, ...] = (Version("2026-11-24"), Version("2026-06-17"))
LATEST_VERSION = VERSIONS[0]
SUPPORTED_DATES = tuple(version.date for version in VERSIONS)

_BY_DATE = {version.date: version for version in VERSIONS}
_FORM = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", re.ASCII)


def requested_version(header: str | None) -> Version | Problem:
    """The version that a `Version` header names, or the problem with it. Exact match: no nearest date is guessed."""
    if header is None or not header.strip():
        return VERSION_REQUIRED
    date = header.strip()
    if not _FORM.fullmatch(date):
        return VERSION_INVALID
    return _BY_DATE.get(date, VERSION_UNSUPPORTED)
