"""What the machine itself did is told apart from what we did."""

import subprocess
import sys

import pytest

from benchmarks.flooding import Answer, Seen
from benchmarks.witness import Sample
from benchmarks.witnessing import Witness, witnessed

USUAL_S = 0.0001
GO_FIRST = "import os; os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))"


def samples(until_s: float, **slow: float) -> list[Sample]:
    """A sample each hundredth of a second; `slow`: since when, until when, how many times."""
    since_s, ends_s, times = slow.get("since_s", 0.0), slow.get("ends_s", 0.0), slow.get("times", 1.0)
    whens = [number / 100 + 0.005 for number in range(round(until_s * 100))]
    return [(at_s, USUAL_S * (times if since_s <= at_s < ends_s else 1.0)) for at_s in whens]


def left(witness: Witness, *answers: Answer) -> list[Answer]:
    return list(witness.undisturbed(Seen(1.0, 10.0, 1.0, answers, {}, 1.0)).answers)


def test_a_window_is_slow_in_which_the_work_took_more_than_twice_as_long() -> None:
    assert Witness(samples(1.0, since_s=0.5, ends_s=0.6, times=2.1)).slow == {10, 11}
    assert Witness(samples(1.0, since_s=0.5, ends_s=0.6, times=1.9)).slow == set()


def test_a_window_in_which_nothing_was_done_is_slow() -> None:
    stopped = [(at_s, took_s) for at_s, took_s in samples(1.0) if not 0.3 <= at_s < 0.4]
    assert Witness(stopped).slow == {6, 7}


@pytest.mark.parametrize(
    ("due_s", "took_s", "is_left"),
    [
        (0.30, 0.1, True),
        (0.30, 0.19, True),
        (0.30, 0.21, False),  # it was under way
        (0.52, 0.01, False),
        (0.30, 0.6, False),
        (0.69, 0.01, False),  # what came up is being worked off
        (0.71, 0.01, True),
    ],
)
def test_answers_are_left_out_that_were_under_way_then_or_were_due_just_after(
    due_s: float, took_s: float, is_left: bool
) -> None:
    moved = [(at_s + 10.0, took) for at_s, took in samples(2.0, since_s=0.5, ends_s=0.6, times=10.0)]
    answer = (due_s, took_s, 200)
    assert left(Witness(moved), answer) == ([answer] if is_left else [])


def test_a_slow_answer_of_a_machine_that_was_well_stays() -> None:
    moved = [(at_s + 10.0, took) for at_s, took in samples(2.0)]
    assert left(Witness(moved), (0.3, 1.5, 503)) == [(0.3, 1.5, 503)]


def test_where_nobody_may_look_nothing_is_left_out_and_that_is_said() -> None:
    witness = Witness()
    assert left(witness, (0.3, 1.5, 503)) == [(0.3, 1.5, 503)]
    assert "CAP_SYS_NICE" in str(witness)


async def test_the_witness_tells_what_it_saw_where_it_may_go_first() -> None:
    may = subprocess.run((sys.executable, "-c", GO_FIRST), capture_output=True).returncode == 0
    async with witnessed() as witness:
        pass
    assert bool(witness.samples) is may
