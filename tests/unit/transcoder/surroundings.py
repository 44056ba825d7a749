"""What values are judged by in these tests: a fixed clock, ids that read as what they are, a field of each own type."""

from contract import ids
from contract.resources import RESOURCES, Resource
from contract.types import CustomType
from contract.versions import VERSIONS
from transcoder.backend.interface import CustomFieldDefinition
from transcoder.presentation.versioning import Translation, translations
from transcoder.validation.values import KnownDefinitions, ValidationContext

NOW_MS = 1_781_769_600_000  # 2026-06-18T08:00:00Z
FOREIGN_ID = "cmp_" + "z" * 26


def open_id(prefix: str, text: str) -> int | ids.MalformedId | ids.ForeignId:
    """`con_…0007` is 7, all z is somebody else's, whatever else is no id."""
    opaque = text.removeprefix(f"{prefix}_")
    if opaque == text or len(opaque) != 26:
        return ids.MALFORMED
    return int(opaque) if opaque.isdecimal() else ids.FOREIGN


_OPTIONS = {CustomType.SELECT: {"gold": 3, "silver": 4}, CustomType.MULTI_SELECT: {"red": 5, "green": 6, "blue": 7}}
DEFINITIONS = {
    f"a_{kind.value}": CustomFieldDefinition(number, f"a_{kind.value}", kind, _OPTIONS.get(kind, {}))
    for number, kind in enumerate(CustomType, start=17)
}
"""`a_text`, `a_select` and so on: one of each type."""


def around() -> ValidationContext:
    """Fresh ones, for tests that look at what was missed."""
    return ValidationContext(NOW_MS, open_id, KnownDefinitions(DEFINITIONS))


AROUND = around()

TODAY, OLDEST = VERSIONS[0], VERSIONS[-1]
_BY_VERSION = {version: translations(version, RESOURCES) for version in VERSIONS}
SAME = Translation(())


def older(resource: Resource) -> Translation:
    """Between a caller of the oldest version and today."""
    return _BY_VERSION[OLDEST][resource]


def an_id(prefix: str, number: int) -> str:
    """An id that `open_id` opens."""
    return f"{prefix}_{number:026d}"


def nobody(prefix: str) -> str:
    """A well-formed id that does not open."""
    return f"{prefix}_{'z' * 26}"
