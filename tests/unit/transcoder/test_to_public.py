"""Records outward: every documented member, ids sealed, instants spelled, and only the fields that were asked for."""

from typing import Any

import msgspec
import pytest

from contract.ids import IdCodec
from contract.resources import CONTACT
from contract.versions import VERSIONS
from contract.vocabulary import TenantId
from transcoder.backend.interface import Record
from transcoder.presentation.to_public import PresentationContext, Presenters, encode, instant_text

CODEC = IdCodec(bytes(range(32)))
TENANT = TenantId(7)
CONTACTS = Presenters([CONTACT], CODEC)[CONTACT]
MEMBERS = [
    *("id", "first_name", "last_name", "full_name", "email", "phone", "job_title", "lifecycle_stage", "source"),
    *("birth_date", "do_not_contact", "company_id", "address", "tags", "external_id", "custom_fields", "owner_id"),
    *("created_by_id", "created_at", "updated_at", "deleted_at", "etag"),
]
LEAST = {
    "lifecycle_stage": "lead",
    "do_not_contact": False,
    "tags": [],
    "owner_id": 31,
    "created_by_id": 32,
    "created_at": 1_781_706_600_000,
    "updated_at": 1_781_769_912_250,
}


def public(
    values: dict[str, Any] | None = None, *, deleted_at_ms: int | None = None, fields: frozenset[str] | None = None
) -> dict[str, Any]:
    record = Record(90211, 2, LEAST | (values or {}), deleted_at_ms)
    [shown] = CONTACTS.to_dicts(PresentationContext(TENANT, VERSIONS[0], {}), [record])
    return CONTACTS.select_fields(shown, fields)


def test_every_documented_member_is_there_in_its_order() -> None:
    assert list(public()) == MEMBERS


def test_what_is_empty_is_null() -> None:
    empty = ["first_name", "last_name", "full_name", "email", "phone", "job_title", "source", "birth_date"]
    empty += ["company_id", "address", "external_id", "deleted_at"]
    assert {name for name, value in public().items() if value is None} == set(empty)


def test_ids_are_sealed_each_under_its_own_type() -> None:
    shown = public({"company_id": 771})
    assert shown["id"] == CODEC.seal("con", TENANT, 90211)
    assert shown["company_id"] == CODEC.seal("cmp", TENANT, 771)
    assert shown["owner_id"] == CODEC.seal("usr", TENANT, 31)
    assert shown["created_by_id"] == CODEC.seal("usr", TENANT, 32)


INSTANTS = [
    (0, "1970-01-01T00:00:00Z"),
    (1, "1970-01-01T00:00:00.001Z"),
    (1_781_706_600_000, "2026-06-17T14:30:00Z"),
    (1_781_769_912_250, "2026-06-18T08:05:12.250Z"),
    (1_781_769_912_020, "2026-06-18T08:05:12.020Z"),
    (4_133_980_799_999, "2100-12-31T23:59:59.999Z"),
    (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
]


@pytest.mark.parametrize(("ms", "text"), INSTANTS)
def test_an_instant_has_milliseconds_only_where_there_are_some(ms: int, text: str) -> None:
    assert instant_text(ms) == text
    assert public({"created_at": ms})["created_at"] == text


NAMES: dict[str, tuple[dict[str, str], str | None]] = {
    "both": ({"first_name": "Ada", "last_name": "Okafor"}, "Ada Okafor"),
    "the first alone": ({"first_name": "Ada"}, "Ada"),
    "the last alone": ({"last_name": "Okafor"}, "Okafor"),
    "none": ({"email": "ada@northwind.example"}, None),
}


@pytest.mark.parametrize(("values", "full_name"), NAMES.values(), ids=NAMES.keys())
def test_the_full_name_is_made_of(values: dict[str, str], full_name: str | None) -> None:
    assert public(values)["full_name"] == full_name


def test_an_address_shows_all_six_members() -> None:
    assert public({"address": {"city": "Bristol", "country": "GB"}})["address"] == {
        "line1": None,
        "line2": None,
        "city": "Bristol",
        "region": None,
        "postal_code": None,
        "country": "GB",
    }


def test_a_deleted_record_says_when() -> None:
    assert public(deleted_at_ms=1_781_769_912_250)["deleted_at"] == "2026-06-18T08:05:12.250Z"


def test_a_member_that_is_not_documented_is_not_shown() -> None:
    assert public({"loyalty": "gold", "address": {"city": "Bath", "w3w": "filled.count.soap"}}) == public(
        {"address": {"city": "Bath"}}
    )


def test_only_the_fields_that_were_asked_for_are_there_and_always_the_id() -> None:
    assert list(public(fields=frozenset({"email", "full_name"}))) == ["id", "full_name", "email"]
    assert list(public(fields=frozenset({"etag"}))) == ["id", "etag"]


def test_the_etag_does_not_depend_on_the_fields() -> None:
    assert public(fields=frozenset({"etag"}))["etag"] == public()["etag"]


def test_the_etag_is_another_one_in_the_other_version() -> None:
    record = Record(90211, 2, LEAST, None)
    assert (
        len({CONTACTS.to_dicts(PresentationContext(TENANT, version, {}), [record])[0]["etag"] for version in VERSIONS})
        == 2
    )


def test_json_out_is_compact_utf_8_that_reads_back() -> None:
    shown = public({"first_name": 'Zoë "😀" \u2028</script>'})
    raw = encode({"data": shown})
    assert msgspec.json.decode(raw) == {"data": shown}
    assert raw.startswith(b'{"data":{"id":"con_')
    assert "Zoë" in raw.decode()
