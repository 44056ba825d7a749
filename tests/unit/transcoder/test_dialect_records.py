"""Records and queries across the border to the CRM; whatever it says that we cannot read is Unreadable."""

from typing import Any

import pytest

from tests.support.contacts import a_stored_contact
from tests.unit.transcoder.inside import held, to_record
from transcoder.dialect.contacts import CONTACTS
from transcoder.dialect.conversions import UnreadableResponse
from transcoder.dialect.to_internal import to_changes, to_fields

NEUTRAL = {
    "first_name": "Ada",
    "last_name": "Okafor",
    "email": "ada@northwind.example",
    "phone": "+442079460958",
    "job_title": "Head of Operations",
    "lifecycle_stage": "prospect",
    "source": "webinar",
    "birth_date": "1988-03-14",
    "do_not_contact": False,
    "company_id": 771,
    "address": {
        "line1": "12 Quay Street",
        "line2": None,
        "city": "Bristol",
        "region": None,
        "postal_code": "BS1 4DB",
        "country": "GB",
    },
    "tags": ["VIP", "newsletter"],
    "external_id": "erp:1042",
    "custom_fields": {},
    "owner_id": 31,
    "created_by_id": 31,
    "created_at": 1781706600000,
    "updated_at": 1781769912250,
}


def record(**changes: Any) -> Any:
    return to_record(CONTACTS, a_stored_contact(**changes))


def test_a_stored_contact_is_read_whole() -> None:
    read = record()
    assert (read.number, read.revision, read.deleted_at_ms) == (90211, 2, None)
    assert read.values == NEUTRAL


OPTIONAL = ["first_name", "last_name", "email", "phone", "job_title", "source", "birth_date", "company_id"]
OPTIONAL += ["external_id"]


@pytest.mark.parametrize("name", OPTIONAL)
def test_what_the_crm_leaves_out_is_not_there(name: str) -> None:
    assert name not in held(record(**{name: None}))


def test_an_address_without_a_part_is_no_address() -> None:
    parts = ["address_line1", "address_city", "address_postal_code", "address_country"]
    assert "address" not in held(record(**dict.fromkeys(parts)))


@pytest.mark.parametrize(("code", "word"), [(1, "lead"), (2, "prospect"), (3, "customer"), (4, "former")])
def test_stages_are_numbers_inside(code: int, word: str) -> None:
    assert record(lifecycle_code=code).values["lifecycle_stage"] == word
    assert to_fields(CONTACTS, {"lifecycle_stage": word}) == {"lifecycle_code": code}


def test_flags_are_numbers_inside() -> None:
    assert record(dnd=1).values["do_not_contact"] is True
    assert to_fields(CONTACTS, {"do_not_contact": True}) == {"dnd": 1}
    assert to_fields(CONTACTS, {"do_not_contact": False}) == {"dnd": 0}


def test_a_deleted_record_tells_when_and_one_that_was_deleted_once_does_not() -> None:
    assert record(is_deleted=1, deleted_at=1781769912250).deleted_at_ms == 1781769912250
    assert record(is_deleted=0, deleted_at=1781769912250).deleted_at_ms is None


def test_members_that_nobody_knows_are_passed_over() -> None:
    assert record(loyalty="gold", custom=[]) == record()


NEEDED = ["id", "revision", "lifecycle_code", "dnd", "tags", "owner_user_id", "created_by_user_id"]
NEEDED += ["created_at", "updated_at", "is_deleted"]


@pytest.mark.parametrize("name", NEEDED)
def test_half_a_record_is_none_without(name: str) -> None:
    with pytest.raises(UnreadableResponse):
        record(**{name: None})


WRONG: dict[str, dict[str, Any]] = {
    "an id as text": {"id": "90211"},
    "an id that is true": {"id": True},
    "a negative id": {"id": -1},
    "an id that no codec seals": {"id": 2**63},
    "a revision of 0": {"revision": 0},
    "a revision with a fraction": {"revision": 2.0},
    "a number for a name": {"first_name": 5},
    "an object for an e-mail address": {"email": {}},
    "a stage that is true": {"lifecycle_code": True},
    "a stage in an array": {"lifecycle_code": [2]},
    "a stage by its word": {"lifecycle_code": "prospect"},
    "a flag of 2": {"dnd": 2},
    "a flag as a boolean": {"dnd": True},
    "a flag in an array": {"dnd": [0]},
    "a tag that is a number": {"tags": ["VIP", 1]},
    "tags as one string": {"tags": "VIP"},
    "a company as text": {"company_id": "771"},
    "a company that no codec seals": {"company_id": 2**64},
    "a negative owner": {"owner_user_id": -31},
    "an instant as text": {"created_at": "2026-06-17T14:30:00Z"},
    "an instant of the year 10000": {"created_at": 253_402_300_800_000},
    "an instant in nanoseconds": {"created_at": 1781706600000 * 10**6},
    "a negative instant": {"updated_at": -1},
    "an instant with a fraction": {"updated_at": 1781769912250.5},
    "a number in the address": {"address_city": 7},
    "a zero in the address": {"address_city": 0},
    "a day that is none": {"birth_date": "1988-02-30"},
    "a day with a time": {"birth_date": "1988-03-14T00:00:00Z"},
    "own values in an object": {"custom": {"17": 3}},
    "an own value that is none": {"custom": [3]},
    "an object in the address": {"address_line1": {"street": "Quay"}},
    "deletion as a boolean": {"is_deleted": True},
    "deletion without an instant": {"is_deleted": 1},
    "deletion at no instant": {"is_deleted": 1, "deleted_at": "yesterday"},
    "deletion of 2": {"is_deleted": 2, "deleted_at": 1781769912250},
}


@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG.keys())
def test_cannot_read(changes: dict[str, Any]) -> None:
    with pytest.raises(UnreadableResponse):
        record(**changes)


@pytest.mark.parametrize("row", [None, [], "x", 1, True], ids=repr)
def test_a_record_is_an_object(row: Any) -> None:
    with pytest.raises(UnreadableResponse):
        to_record(CONTACTS, row)


def test_a_new_contact_inward_is_the_stored_one_but_for_what_the_crm_assigns() -> None:
    written = {name: value for name, value in NEUTRAL.items() if name not in ("created_by_id", "created_at")}
    del written["updated_at"]
    assigned = ("id", "created_by_user_id", "created_at", "updated_at", "is_deleted", "revision")
    expected = {name: value for name, value in a_stored_contact().items() if name not in assigned}
    del written["custom_fields"]
    assert to_fields(CONTACTS, written) == expected


def test_a_change_sets_and_unsets() -> None:
    put, unset = to_changes(CONTACTS, {"email": None, "first_name": "Ada", "do_not_contact": False, "owner_id": 12})
    assert put == {"first_name": "Ada", "dnd": 0, "owner_user_id": 12}
    assert unset == ["email"]


def test_a_null_address_unsets_all_six() -> None:
    put, unset = to_changes(CONTACTS, {"address": None})
    assert put == {}
    assert unset == [
        "address_line1",
        "address_line2",
        "address_city",
        "address_region",
        "address_postal_code",
        "address_country",
    ]


def test_a_patched_address_touches_the_members_it_names() -> None:
    changes = to_changes(CONTACTS, {"address": {"city": "Bath", "line2": None}})
    assert changes == ({"address_city": "Bath"}, ["address_line2"])
    assert to_changes(CONTACTS, {"address": {}}) == ({}, [])
