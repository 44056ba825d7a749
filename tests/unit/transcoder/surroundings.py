"""What values are judged by in these tests: a fixed clock, and ids that read as what they are."""

from contract import ids
from transcoder.values import Surroundings

NOW_MS = 1_781_769_600_000  # 2026-06-18T08:00:00Z
FOREIGN_ID = "cmp_" + "z" * 26


def open_id(prefix: str, text: str) -> int | ids.Malformed | ids.Foreign:
    """`con_…0007` is 7, all z is somebody else's, whatever else is no id."""
    opaque = text.removeprefix(f"{prefix}_")
    if opaque == text or len(opaque) != 26:
        return ids.MALFORMED
    return int(opaque) if opaque.isdecimal() else ids.FOREIGN


AROUND = Surroundings(NOW_MS, open_id)


def an_id(prefix: str, number: int) -> str:
    """An id that `open_id` opens."""
    return f"{prefix}_{number:026d}"
