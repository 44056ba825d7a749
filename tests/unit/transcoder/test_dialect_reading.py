"""The struct of a resource takes what its rows say, and nothing else: beside it, the same judged field by field."""

from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.resources import Field
from contract.size_and_time_limits import MAX_INTEGER
from contract.types import Amount, Bool, Choice, Date, DateTime, Id, Ids, Int, Options, Tags
from tests.unit.transcoder.inside import as_sent, to_record
from tests.unit.transcoder.test_dialect_rows import OWN, records
from transcoder.dialect import DIALECTS
from transcoder.dialect.conversions import UnreadableResponse
from transcoder.dialect.envelope import Envelope, envelope_reader, read_envelope
from transcoder.dialect.from_internal import StoredField
from transcoder.dialect.mapping import ResourceMapping
from transcoder.dialect.to_internal import to_fields

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
LEAVES = st.none() | st.booleans() | st.integers(-2, 5) | st.integers(-(2**70), 2**70) | FLOATS
LEAVES |= st.text(max_size=5) | st.sampled_from(["2026-02-28", "2026-02-30", "2026-02-28T00:00:00Z", "GBP", "won", "x"])
LEAVES |= st.sampled_from([253_402_300_799_999, 253_402_300_800_000, 2**53 - 1, 2**53, 2**63 - 1, 2**63])
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=2))
JSON |= st.dictionaries(st.text(max_size=3), LEAVES, max_size=1)


class Refused(Exception):
    """What must not be read."""


def number(value: Any, low: int, high: int) -> int:
    if type(value) is not int or not low <= value <= high:
        raise Refused
    return value


def text(value: Any) -> str:
    if not isinstance(value, str):
        raise Refused
    return value


def among(value: Any, words: dict[Any, Any]) -> Any:
    if isinstance(value, bool | list | dict | float) or value not in words:
        raise Refused
    return words[value]


def array(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Refused
    return value


def neutral(row: Field, stored: StoredField, value: Any) -> Any:
    """The value of a plain field, by its type and by what its conversion writes."""
    write = stored.conversion.write
    match row.type:
        case Choice(values=values):
            words = {write(word): word for word in values}
            if all(isinstance(code, str) for code in words):
                return text(value)
            return words.get(number(value, -MAX_INTEGER, MAX_INTEGER), value)
        case Bool():
            return among(value, {0: False, 1: True})
        case DateTime():
            return number(value, 0, 253_402_300_799_999)
        case Id():
            return number(value, 0, 2**63 - 1) or None
        case Ids():
            return [number(each, 0, 2**63 - 1) for each in array(value)]
        case Tags():
            return [text(each) for each in array(value)]
        case Options():
            return [{"value": text(each["value"]), "label": text(each["label"])} for each in options(value)]
        case Amount():
            return number(value, 0, MAX_INTEGER)
        case Int() if row.name == "position":
            return number(value, 1, MAX_INTEGER) - 1
        case Int():
            return number(value, -MAX_INTEGER, MAX_INTEGER) // write(1)
        case Date():
            return day(text(value))
    return text(value)


def options(value: Any) -> list[dict[str, Any]]:
    if any(not isinstance(each, dict) or {"id", "value", "label"} - each.keys() for each in array(value)):
        raise Refused
    return list(value)


def day(value: str) -> str:
    try:
        if len(value) != 10 or date.fromisoformat(value).isoformat() != value:
            raise Refused
    except ValueError:
        raise Refused from None
    return value


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.path)
@settings(max_examples=100)
@given(content=st.data())
def test_a_record_with_anything_in_it_is_read_or_refused_as_its_rows_say(
    dialect: ResourceMapping, content: st.DataObject
) -> None:
    values = content.draw(records(dialect.resource).map(lambda held: held | no_money(dialect)))
    stored = to_fields(dialect, values, OWN) | {"id": 7, "revision": 3, "is_deleted": 0}
    name = content.draw(st.sampled_from(sorted(dialect.fields.keys() - no_money(dialect).keys())))
    field, value = dialect.fields[name], content.draw(JSON)
    stored[field.internal] = value
    try:
        if value is None and not field.nullable:
            raise Refused
        expected = None if value is None else neutral(dialect.resource.field(name), field, value)
    except Refused:
        with pytest.raises(UnreadableResponse):
            to_record(dialect, stored, OWN)
    else:
        read = to_record(dialect, stored, OWN).values[name]
        assert (read, type(read)) == (expected, type(expected))


def no_money(dialect: ResourceMapping) -> dict[str, None]:
    """An amount and its currency, which are judged together."""
    money = dialect.resource.money
    return {} if money is None else {money.amount: None, money.currency: None}


BESIDE = [name for name in Envelope.__struct_fields__ if name != "result"]
ANSWERS = {
    "is of the form": ('{"ok":true,"result":[1,2],"paging":{"has_more":false}}', [1, 2]),
    "is of another form": ('{"ok":true,"result":[1,"2"]}', msgspec.Raw(b'[1,"2"]')),
    "is null": ('{"ok":true,"result":null}', msgspec.Raw(b"null")),
    "is not there": ('{"ok":false,"error_code":"E_BUSY"}', msgspec.Raw(b"null")),
}


@pytest.mark.parametrize(("raw", "result"), ANSWERS.values(), ids=ANSWERS.keys())
def test_an_answer_is_read_all_at_once_unless_its_result(raw: str, result: Any) -> None:
    plain, read = read_envelope(raw.encode()), envelope_reader(list[int])(raw.encode())
    assert read.result == result
    assert [getattr(read, name) for name in BESIDE] == [getattr(plain, name) for name in BESIDE]


@pytest.mark.parametrize("raw", ['{"ok":1}', '{"ok":true,"result":[1]', '{"ok":true,"result":[1],"paging":3}', "[]"])
def test_what_is_no_answer_is_none_whatever_was_expected_in_it(raw: str) -> None:
    with pytest.raises(UnreadableResponse) as expected:
        read_envelope(raw.encode())
    with pytest.raises(UnreadableResponse) as told:
        envelope_reader(list[int])(raw.encode())
    assert str(told.value) == str(expected.value)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.path)
@settings(max_examples=10)
@given(content=st.data())
def test_records_are_the_same_read_with_their_answer_or_after_it(
    dialect: ResourceMapping, content: st.DataObject
) -> None:
    values = content.draw(records(dialect.resource).map(lambda held: held | no_money(dialect)))
    stored = to_fields(dialect, values, OWN) | {"id": 7, "revision": 3, "is_deleted": 0}
    one, page = as_sent({"ok": True, "result": stored}), as_sent({"ok": True, "result": [stored, stored]})
    record, reading = to_record(dialect, stored, OWN), dialect.reader
    read = reading.answer(one).result
    assert isinstance(read, reading.row)
    assert reading.read(read, OWN) == record
    assert (
        reading.read_many(reading.page(page).result, OWN)
        == reading.read_many(read_envelope(page).result, OWN)
        == [record, record]
    )
