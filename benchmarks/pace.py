"""How long a run may take, and how far its sizes grow."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Pace:
    """`round_s`: one contender at one work, in one round. `section_s`: after it a section begins no further round.
    `within_s`: after it no further section begins.
    """

    round_s: float
    rounds: int
    rounds_of_programs: int
    section_s: float
    within_s: float
    open_s: float
    businesses: tuple[int, ...]
    tokens: tuple[int, ...]
    records: tuple[int, ...]


FULL = Pace(0.4, 7, 3, 75, 600, 6, (1, 100, 10_000), (1, 500, 10_000, 100_000), (1_000, 10_000, 100_000))
THOROUGH = replace(FULL, within_s=1_800, records=(*FULL.records, 1_000_000))
"""The sandbox takes minutes to make a million contacts."""
QUICK = Pace(0.25, 3, 1, 20, 170, 2, (1, 1_000), (1, 500, 5_000), (1_000, 10_000))
TINY = Pace(0.05, 1, 1, 1, 60, 0.1, (1, 20), (1, 20), (100, 200))
"""For the test that nothing of this has rotted: its figures mean nothing."""
