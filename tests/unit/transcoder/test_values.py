"""Single values, type by type: what is taken and as what, what is refused and why."""

import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from contract.types import Bool, Choice, Country, Date, DateTime, Email, Id, Line, Phone
from tests.unit.transcoder.surroundings import AROUND, FOREIGN_ID, NOW_MS, an_id
from transcoder.validation.values import WHITE_SPACE, InvalidValue, KnownDefinitions, ValidationContext, check

STAGES = Choice(("lead", "prospect", "customer", "former"))
BIRTH = Date(not_future=True)
LABEL_63 = "a" * 63

TAKEN: dict[str, tuple[Any, Any, Any]] = {
    "a line as it is": (Line(10), "Ada", "Ada"),
    "a line without the white space around it": (Line(3), "\u2003\t Ada \u00a0\r\n", "Ada"),
    "a line without the blank behind it": (Line(10), "Ada ", "Ada"),
    "a line without the blank before it": (Line(10), " Ada", "Ada"),
    "a line composed": (Line(3), "Zoe\u0308", "Zo\u00eb"),
    "a line of code points, not bytes": (Line(3), "\U0001f600" * 3, "\U0001f600" * 3),
    "a line with a separator that is no control character": (Line(9), "a\u0085b\u2028c", "a\u0085b\u2028c"),
    "an e-mail address": (Email(), "ada@northwind.example", "ada@northwind.example"),
    "an e-mail address in capitals and spaces": (Email(), " Ada@NORTHWIND.example ", "ada@northwind.example"),
    "every character of a local part": (Email(), "az09.!#$%&'*+/=?^_`{}~-|@a.bc", "az09.!#$%&'*+/=?^_`{}~-|@a.bc"),
    "a local part of 64": (Email(), "a" * 64 + "@a.bc", "a" * 64 + "@a.bc"),
    "a label of 63": (Email(), f"a@{LABEL_63}.bc", f"a@{LABEL_63}.bc"),
    "254 characters of address": (Email(), "a@" + "b." * 125 + "cc", "a@" + "b." * 125 + "cc"),
    "a label with a hyphen and digits": (Email(), "a@x-1.2y", "a@x-1.2y"),
    "a phone number": (Phone(), "+442079460958", "+442079460958"),
    "a phone number as people write it": (Phone(), " +44 (20) 7946-09.58 ", "+442079460958"),
    "7 digits": (Phone(), "+1234567", "+1234567"),
    "15 digits": (Phone(), "+123456789012345", "+123456789012345"),
    "the first day": (Date(), "1900-01-01", "1900-01-01"),
    "the last day": (Date(), "2100-12-31", "2100-12-31"),
    "a leap day": (Date(), "2000-02-29", "2000-02-29"),
    "today, where the future is not": (BIRTH, "2026-06-18", "2026-06-18"),
    "an instant": (DateTime(), "2026-06-17T14:30:00Z", 1_781_706_600_000),
    "an instant in small letters": (DateTime(), "2026-06-17t14:30:00z", 1_781_706_600_000),
    "an instant east of Greenwich": (DateTime(), "2026-06-17T20:00:00+05:30", 1_781_706_600_000),
    "an instant west of Greenwich": (DateTime(), "2026-06-17T06:30:00-08:00", 1_781_706_600_000),
    "an unknown local offset": (DateTime(), "2026-06-17T14:30:00-00:00", 1_781_706_600_000),
    "an instant with milliseconds": (DateTime(), "2026-06-17T14:30:00.25Z", 1_781_706_600_250),
    "an instant cut to milliseconds": (DateTime(), "2026-06-17T14:30:00.9999999999Z", 1_781_706_600_999),
    "the first instant": (DateTime(), "1970-01-01T00:00:00Z", 0),
    "the last instant": (DateTime(), "2100-12-31T23:59:59.999Z", 4_133_980_799_999),
    "an instant whose local date lies outside": (DateTime(), "2101-01-01T00:59:59+01:00", 4_133_980_799_000),
    "a leap second": (DateTime(), "2016-12-31T23:59:60Z", 1_483_228_800_000),
    "a part of a leap second": (DateTime(), "2016-12-31T23:59:60.5Z", 1_483_228_800_500),
    "a leap second in summer": (DateTime(), "2015-06-30T23:59:60Z", 1_435_708_800_000),
    "a leap second west of Greenwich": (DateTime(), "2016-12-31T15:59:60-08:00", 1_483_228_800_000),
    "true": (Bool(), True, True),
    "false": (Bool(), False, False),
    "a listed word": (STAGES, "former", "former"),
    "a country": (Country(), "GB", "GB"),
    "a country in small letters": (Country(), " gb ", "GB"),
    "an id": (Id("cmp"), an_id("cmp", 771), 771),
}


@pytest.mark.parametrize(("kind", "given_value", "kept"), TAKEN.values(), ids=TAKEN.keys())
def test_takes(kind: Any, given_value: Any, kept: Any) -> None:
    taken = check(kind, given_value, AROUND)
    assert taken == kept
    assert type(taken) is type(kept)


REFUSED: dict[str, tuple[Any, Any, str]] = {
    "a line that is a number": (Line(9), 5, "invalid-type"),
    "a line that is an array": (Line(9), ["Ada"], "invalid-type"),
    "an empty line": (Line(9), "", "too-short"),
    "a line of white space": (Line(9), " \u3000 ", "too-short"),
    "a line one over": (Line(3), "Adas", "too-long"),
    "a line break inside": (Line(9), "a\nb", "invalid-characters"),
    "a tab inside": (Line(9), "a\tb", "invalid-characters"),
    "DEL": (Line(9), "a\x7f", "invalid-characters"),
    "a file separator at the end": (Line(9), "a\x1c", "invalid-characters"),
    "an e-mail address that is none": (Email(), "ada", "invalid-email"),
    "an empty e-mail address": (Email(), "", "invalid-email"),
    "no local part": (Email(), "@a.bc", "invalid-email"),
    "two at-signs": (Email(), "a@b@c.de", "invalid-email"),
    "a domain of one label": (Email(), "a@localhost", "invalid-email"),
    "an empty label": (Email(), "a@b..cd", "invalid-email"),
    "a dot at the end": (Email(), "a@b.cd.", "invalid-email"),
    "a label that begins with a hyphen": (Email(), "a@-b.cd", "invalid-email"),
    "a label that ends with a hyphen": (Email(), "a@b-.cd", "invalid-email"),
    "a label of 64": (Email(), f"a@{LABEL_63}a.bc", "invalid-email"),
    "an underscore in the domain": (Email(), "a@b_c.de", "invalid-email"),
    "a local part of 65": (Email(), "a" * 65 + "@a.bc", "invalid-email"),
    "255 characters of address": (Email(), "a@" + "b." * 126 + "c", "invalid-email"),
    "a space inside an address": (Email(), "a b@c.de", "invalid-email"),
    "quotes in an address": (Email(), '"a"@c.de', "invalid-email"),
    "an address that is not ASCII": (Email(), "zo\u00eb@c.de", "invalid-email"),
    "an address that lower-casing makes ASCII": (Email(), "ada@\u212aelvin.de", "invalid-email"),
    "a line break behind an address": (Email(), "a@b.cd\nx", "invalid-email"),
    "an address that is a number": (Email(), 1, "invalid-type"),
    "a phone number without a plus": (Phone(), "442079460958", "invalid-phone"),
    "a phone number of the old way": (Phone(), "00442079460958", "invalid-phone"),
    "a phone number that begins with 0": (Phone(), "+0442079460958", "invalid-phone"),
    "6 digits": (Phone(), "+123456", "invalid-phone"),
    "16 digits": (Phone(), "+1234567890123456", "invalid-phone"),
    "letters in a phone number": (Phone(), "+44 FLOWERS", "invalid-phone"),
    "digits of another script": (Phone(), "+44\u0662\u0660\u0667\u0669\u0664\u0666", "invalid-phone"),
    "a slash in a phone number": (Phone(), "+44/2079460958", "invalid-phone"),
    "an empty phone number": (Phone(), "", "invalid-phone"),
    "a phone number as a number": (Phone(), 442079460958, "invalid-type"),
    "a day before the first": (Date(), "1899-12-31", "out-of-range"),
    "a day behind the last": (Date(), "2101-01-01", "out-of-range"),
    "a day that no year has": (Date(), "2026-02-30", "invalid-date"),
    "a leap day of no leap year": (Date(), "1900-02-29", "invalid-date"),
    "a day without hyphens": (Date(), "20260131", "invalid-date"),
    "a day of a week": (Date(), "2026-W01-1", "invalid-date"),
    "a day with an hour": (Date(), "2026-01-31T00:00:00Z", "invalid-date"),
    "a day with spaces": (Date(), " 2026-01-31", "invalid-date"),
    "an empty day": (Date(), "", "invalid-date"),
    "a day as a number": (Date(), 20260131, "invalid-type"),
    "tomorrow, where the future is not": (BIRTH, "2026-06-19", "out-of-range"),
    "an instant without an offset": (DateTime(), "2026-06-17T14:30:00", "invalid-datetime"),
    "an instant without seconds": (DateTime(), "2026-06-17T14:30Z", "invalid-datetime"),
    "a space for the T": (DateTime(), "2026-06-17 14:30:00Z", "invalid-datetime"),
    "a day alone": (DateTime(), "2026-06-17", "invalid-datetime"),
    "an hour that no day has": (DateTime(), "2026-06-17T25:00:00Z", "invalid-datetime"),
    "an offset without a colon": (DateTime(), "2026-06-17T14:30:00+0100", "invalid-datetime"),
    "an offset of 24 hours": (DateTime(), "2026-06-17T14:30:00+24:00", "invalid-datetime"),
    "an offset of 60 minutes": (DateTime(), "2026-06-17T14:30:00+01:60", "invalid-datetime"),
    "second 61": (DateTime(), "2016-12-31T23:59:61Z", "invalid-datetime"),
    "second 60 of another minute": (DateTime(), "2016-12-31T23:58:60Z", "invalid-datetime"),
    "second 60 of another hour": (DateTime(), "2016-12-31T22:59:60Z", "invalid-datetime"),
    "second 60 of another place's midnight": (DateTime(), "2016-12-31T23:59:60+01:00", "invalid-datetime"),
    "second 60 of a day that no leap second ends": (DateTime(), "2016-05-31T23:59:60Z", "invalid-datetime"),
    "second 60 behind 2100": (DateTime(), "2100-12-31T23:59:60Z", "out-of-range"),
    "second 60 before the calendar": (DateTime(), "0001-01-01T00:59:60+01:00", "out-of-range"),
    "second 60 behind the calendar": (DateTime(), "9999-12-31T23:59:60Z", "invalid-datetime"),
    "a dot without digits": (DateTime(), "2026-06-17T14:30:00.Z", "invalid-datetime"),
    "a comma for the dot": (DateTime(), "2026-06-17T14:30:00,5Z", "invalid-datetime"),
    "an instant as a number": (DateTime(), 1_781_706_600, "invalid-type"),
    "an instant before 1970": (DateTime(), "1969-12-31T23:59:59.999Z", "out-of-range"),
    "an instant behind 2100": (DateTime(), "2101-01-01T00:00:00Z", "out-of-range"),
    "an instant before the calendar": (DateTime(), "0001-01-01T00:00:00+01:00", "out-of-range"),
    "an instant behind the calendar": (DateTime(), "9999-12-31T23:59:59-01:00", "out-of-range"),
    "a number for a boolean": (Bool(), 1, "invalid-type"),
    "a string for a boolean": (Bool(), "true", "invalid-type"),
    "a word in capitals": (STAGES, "Lead", "unknown-value"),
    "a word with spaces": (STAGES, " lead", "unknown-value"),
    "an empty word": (STAGES, "", "unknown-value"),
    "a number for a word": (STAGES, 1, "invalid-type"),
    "a country of three letters": (Country(), "GBR", "unknown-value"),
    "a country that is not assigned": (Country(), "UK", "unknown-value"),
    "a letter that upper-casing makes two": (Country(), "\u00df", "unknown-value"),
    "a ligature that upper-casing makes Finland": (Country(), "\ufb01", "unknown-value"),
    "an empty country": (Country(), "", "unknown-value"),
    "a number for a country": (Country(), 44, "invalid-type"),
    "an id of another type": (Id("cmp"), an_id("con", 771), "invalid-id"),
    "an id one character short": (Id("cmp"), an_id("cmp", 771)[:-1], "invalid-id"),
    "an empty id": (Id("cmp"), "", "invalid-id"),
    "an id that does not open": (Id("cmp"), FOREIGN_ID, "reference-not-found"),
    "an internal number for an id": (Id("cmp"), 771, "invalid-type"),
}


@pytest.mark.parametrize(("kind", "given_value", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_refuses(kind: Any, given_value: Any, code: str) -> None:
    fault = check(kind, given_value, AROUND)
    assert isinstance(fault, InvalidValue), fault
    assert fault.code == code
    assert fault.detail
    assert fault.at == ""


def test_an_unknown_word_is_told_the_words_that_are_known() -> None:
    assert check(STAGES, "leed", AROUND).allowed == ("lead", "prospect", "customer", "former")


def test_an_unknown_word_is_told_which_may_have_been_meant() -> None:
    operations = Choice(("contacts.create", "contacts.get"))
    assert check(operations, "contacts_create", AROUND).did_you_mean == "contacts.create"
    assert check(STAGES, "Customers", AROUND).did_you_mean == "customer"
    assert check(STAGES, "zzz", AROUND).did_you_mean is None


@pytest.mark.parametrize("kind", [Line(9), Email(), Phone(), Date(), DateTime(), Bool(), STAGES, Country(), Id("cmp")])
def test_the_example_in_a_refusal_is_itself_valid(kind: Any) -> None:
    fault = check(kind, None, AROUND)
    assert fault.code == "invalid-type"
    around = ValidationContext(NOW_MS, lambda prefix, text: 1, KnownDefinitions({}))
    assert not isinstance(check(kind, fault.example, around), InvalidValue)


def test_a_clock_five_seconds_ahead_of_ours_may_say_tomorrow() -> None:
    before_midnight_ms = 1_781_827_196_000  # 2026-06-18T23:59:56Z
    assert check(BIRTH, "2026-06-19", replace(AROUND, now_ms=before_midnight_ms)) == "2026-06-19"
    assert isinstance(check(BIRTH, "2026-06-19", replace(AROUND, now_ms=before_midnight_ms - 2000)), InvalidValue)


TEXTS = st.text(max_size=20)
EMAILS = st.from_regex(r"\s?[A-Za-z.+-]{1,9}@[A-Za-z0-9]{1,5}\.[A-Za-z]{2,4}\s?", fullmatch=True)
PHONES = st.from_regex(r" ?\+[0-9 ().-]{6,20} ?", fullmatch=True)


@pytest.mark.parametrize(
    ("kind", "values"),
    [(Line(12), TEXTS), (Email(), TEXTS | EMAILS), (Phone(), TEXTS | PHONES), (Country(), TEXTS)],
    ids=["line", "email", "phone", "country"],
)
@given(data=st.data())
def test_what_was_taken_is_taken_again_as_it_is(kind: Any, values: st.SearchStrategy[str], data: st.DataObject) -> None:
    taken = check(kind, data.draw(values), AROUND)
    if not isinstance(taken, InvalidValue):
        assert check(kind, taken, AROUND) == taken


@given(ms=st.integers(0, 4_133_980_799_999), east=st.integers(-1439, 1439))
def test_an_instant_is_the_same_at_every_offset(ms: int, east: int) -> None:
    instant = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
    local = instant.astimezone(timezone(timedelta(minutes=east)))
    assert check(DateTime(), local.isoformat(timespec="milliseconds"), AROUND) == ms


NEARLY_PLAIN = st.text(st.sampled_from("aZ09 -\t\n\x7f\x85\xa0e\u0301é\u2003\u212a"), max_size=8) | st.text(max_size=8)


@given(NEARLY_PLAIN)
def test_a_line_that_is_taken_as_it_stands_is_one_that_nothing_would_be_done_to(sent: str) -> None:
    trimmed = sent.strip(WHITE_SPACE)
    good = trimmed != "" and not any(ord(each) < 32 or each == "\x7f" for each in trimmed)
    composed = unicodedata.normalize("NFC", trimmed)
    read = check(Line(6), sent, AROUND)
    assert read == composed if good and len(composed) <= 6 else isinstance(read, InvalidValue)
