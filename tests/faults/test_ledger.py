"""The audit notices each way in which callers could have been told what is not so."""

import pytest

from tests.faults.ledger import Changes, Found, Told, Write, told_by, totals, violations


def a_write(*said: Told, keyed: bool = True, made: str | None = "con_1") -> Write:
    write = Write("mark", 1, keyed)
    for told in said:
        write.hears(told, made if told is Told.DONE else None)
    return write


HERE = Found("mark", 1, "con_1")
GOOD = {
    "acknowledged, and there once": (a_write(Told.DONE), [HERE]),
    "refused, and absent": (a_write(Told.REFUSED), []),
    "unknown, settled by a retry": (a_write(Told.UNKNOWN, Told.REFUSED, Told.DONE), [HERE]),
    "unknown without a key, and there": (a_write(Told.UNKNOWN, keyed=False), [HERE]),
    "unknown without a key, and absent": (a_write(Told.UNKNOWN, keyed=False), []),
    "acknowledged without an id, and there": (a_write(Told.DONE, made=None), [HERE]),
}
BAD = {
    "LOST": (a_write(Told.DONE), []),
    "DOUBLED": (a_write(Told.UNKNOWN, keyed=False), [HERE, Found("mark", 1, "con_2")]),
    "OTHER ID": (a_write(Told.DONE), [Found("mark", 1, "con_2")]),
    "REFUSED AND THERE": (a_write(Told.REFUSED), [HERE]),
    "UNSETTLED": (a_write(Told.UNKNOWN, Told.REFUSED), [HERE]),
    "CROSSED": (a_write(Told.DONE), [Found("mark", 2, "con_1")]),
    "UNASKED": (a_write(Told.DONE), [HERE, Found("another", 1, "con_2")]),
}


@pytest.mark.parametrize(("write", "found"), GOOD.values(), ids=GOOD)
def test_all_is_well_with_what_is(write: Write, found: list[Found]) -> None:
    assert violations([write], found) == []


@pytest.mark.parametrize(("wrong", "write", "found"), [(name, *case) for name, case in BAD.items()], ids=BAD)
def test_the_audit_notices_what_is(wrong: str, write: Write, found: list[Found]) -> None:
    [told] = violations([write], found)
    assert told.startswith(f"{wrong} ")


def test_one_key_with_two_answers_is_noticed_even_if_one_record_is_gone() -> None:
    write = a_write(Told.DONE)
    write.hears(Told.DONE, "con_2")
    assert [told.partition(" mark")[0] for told in violations([write], [HERE])] == ["TWO ANSWERS", "OTHER ID"]


def test_what_a_change_left_is_one_of_what_it_may_have_left() -> None:
    record = Changes("con_1", 1, "first")
    record.hears("refused", Told.REFUSED)
    record.hears("perhaps", Told.UNKNOWN)
    assert record.is_found("first") is None, "it may be late"
    assert record.is_found("perhaps") is None
    assert record.is_found("first") is not None, "and stays"
    record.hears("second", Told.DONE)
    assert record.is_found("perhaps") == "CHANGED con_1: perhaps, told second"


@pytest.mark.parametrize("value", ["first", "refused"])
def test_a_change_that_was_acknowledged_and_is_not_there_is_noticed(value: str) -> None:
    record = Changes("con_1", 1, "first")
    record.hears("second", Told.DONE)
    record.hears("refused", Told.REFUSED)
    assert record.is_found(value) is not None


@pytest.mark.parametrize(
    ("status", "problem", "told"),
    [
        (201, None, Told.DONE),
        (422, {"code": "validation-failed"}, Told.REFUSED),
        (503, {"code": "overloaded", "outcome": "not-applied"}, Told.REFUSED),
        (504, {"code": "upstream-timeout", "outcome": "unknown"}, Told.UNKNOWN),
    ],
)
def test_an_answer_says_what_became_of_what_was_asked(status: int, problem: dict[str, str] | None, told: Told) -> None:
    assert told_by(status, problem) is told


def test_totals_count_writes_by_what_was_said_and_what_is_there() -> None:
    told = totals([a_write(Told.DONE), a_write(Told.UNKNOWN, keyed=False)], [HERE])
    assert told == {"keyed writes": 1, "keyless writes": 1, "done": 1, "refused": 0, "unknown": 1, "records": 1}
