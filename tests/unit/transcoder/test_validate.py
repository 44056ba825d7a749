"""Bodies of contacts: everything that is wrong at once, in the order of the document, at the right pointer."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.problems import ItemError
from contract.resources import CONTACT
from tests.support.contacts import a_contact
from tests.unit.transcoder.surroundings import AROUND, FOREIGN_ID, an_id
from transcoder.validation.bodies import InvalidBody, validate_create, validate_patch
from transcoder.validation.pointers import did_you_mean, in_document_order, pointer

WHOLE_ADDRESS = {"line1": "12 Quay Street", "city": "Bristol", "postal_code": "BS1 4DB", "country": "GB"}


def create(body: Any) -> Any:
    return validate_create(CONTACT, body, AROUND)


def patch(body: Any) -> Any:
    return validate_patch(CONTACT, body, AROUND)


def faults(read: Any) -> list[tuple[str | None, str]]:
    assert isinstance(read, InvalidBody), read
    return [(error.pointer, error.code) for error in read.errors]


def test_a_whole_contact_is_taken_with_its_references_opened() -> None:
    body = a_contact(company_id=an_id("cmp", 771), owner_id=an_id("usr", 31))
    assert create(body) == {
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
        "address": WHOLE_ADDRESS,
        "tags": ["VIP", "newsletter"],
        "external_id": "erp:1042",
        "owner_id": 31,
    }


def test_an_empty_body_is_the_defaults() -> None:
    assert create({}) == {"lifecycle_stage": "lead", "do_not_contact": False, "tags": []}


def test_nulls_of_a_new_contact_are_as_if_absent() -> None:
    nullable = ["first_name", "last_name", "email", "phone", "job_title", "source", "birth_date"]
    nullable += ["company_id", "address", "external_id"]
    assert create(dict.fromkeys(nullable)) == create({})


def test_an_empty_patch_changes_nothing() -> None:
    assert patch({}) == {}


def test_a_patch_is_what_it_says_and_nulls_clear() -> None:
    assert patch({"email": None, "tags": [], "first_name": " Ada "}) == {"email": None, "tags": [], "first_name": "Ada"}


def test_a_patch_has_no_defaults() -> None:
    assert patch({"last_name": "Okafor"}) == {"last_name": "Okafor"}


def test_an_address_is_patched_member_by_member() -> None:
    assert patch({"address": {"city": "Bath", "line2": None}}) == {"address": {"city": "Bath", "line2": None}}
    assert patch({"address": None}) == {"address": None}
    assert patch({"address": {}}) == {"address": {}}


def test_an_address_of_nulls_is_no_address_of_a_new_contact() -> None:
    assert "address" not in create({"address": {"line1": None, "city": None}})
    assert "address" not in create({"address": {}})


def test_every_fault_is_told_at_once_in_the_order_of_the_document() -> None:
    body = {
        "tags": ["VIP", "", "vip", 7, "a\nb", "ok"],
        "nickname": "Ada",
        "email": "ada@",
        "id": an_id("con", 1),
        "address": {"country": "Atlantis", "street": "Quay", "line1": "x" * 201, "city": 1},
        "lifecycle_stage": None,
        "do_not_contact": "no",
        "company_id": FOREIGN_ID,
        "first_name": "x" * 101,
    }
    expected = [
        ("/tags/1", "too-short"),
        ("/tags/2", "duplicate-item"),
        ("/tags/3", "invalid-type"),
        ("/tags/4", "invalid-characters"),
        ("/nickname", "unknown-member"),
        ("/email", "invalid-email"),
        ("/id", "read-only"),
        ("/address/country", "unknown-value"),
        ("/address/street", "unknown-member"),
        ("/address/line1", "too-long"),
        ("/address/city", "invalid-type"),
        ("/lifecycle_stage", "not-nullable"),
        ("/do_not_contact", "invalid-type"),
        ("/company_id", "reference-not-found"),
        ("/first_name", "too-long"),
    ]
    assert faults(create(body)) == expected
    assert faults(patch(body)) == expected


READ_ONLY = ["id", "full_name", "created_by_id", "created_at", "updated_at", "deleted_at", "etag"]


@pytest.mark.parametrize("name", READ_ONLY)
def test_nobody_writes(name: str) -> None:
    for value in (None, "x"):
        assert faults(create({name: value})) == [(f"/{name}", "read-only")]
        assert faults(patch({name: value})) == [(f"/{name}", "read-only")]


@pytest.mark.parametrize("name", ["lifecycle_stage", "do_not_contact", "tags", "owner_id"])
def test_null_is_no_value_of(name: str) -> None:
    assert faults(create({name: None})) == [(f"/{name}", "not-nullable")]
    assert faults(patch({name: None})) == [(f"/{name}", "not-nullable")]


@pytest.mark.parametrize("body", [None, [], "x", 1, True, [{}]], ids=repr)
def test_a_body_is_an_object(body: Any) -> None:
    assert faults(create(body)) == [("", "invalid-type")]
    assert faults(patch(body)) == [("", "invalid-type")]


TAGS: dict[str, tuple[Any, list[tuple[str | None, str]]]] = {
    "51 tags": ([f"t{n}" for n in range(51)], [("/tags", "too-many-items")]),
    "one string": ("VIP", [("/tags", "invalid-type")]),
    "an object": ({"0": "VIP"}, [("/tags", "invalid-type")]),
    "a tag of 65": (["x" * 65], [("/tags/0", "too-long")]),
    "a null among them": (["VIP", None], [("/tags/1", "not-nullable")]),
    "one tag twice": (["a", "b", "a"], [("/tags/2", "duplicate-item")]),
    "one tag in two cases": (["\u00c9t\u00e9", "\u00e9T\u00c9"], [("/tags/1", "duplicate-item")]),
    "one tag in two compositions": (["\u00e9", "e\u0301"], [("/tags/1", "duplicate-item")]),
    "one tag with spaces": (["VIP", " VIP "], [("/tags/1", "duplicate-item")]),
}


@pytest.mark.parametrize(("tags", "expected"), TAGS.values(), ids=TAGS.keys())
def test_refuses_as_tags(tags: Any, expected: list[tuple[str | None, str]]) -> None:
    assert faults(create({"tags": tags})) == expected


def test_tags_keep_their_order_and_spelling() -> None:
    assert patch({"tags": [" b", "A", "\U0001f600" * 64]}) == {"tags": ["b", "A", "\U0001f600" * 64]}
    assert len(patch({"tags": [f"t{n}" for n in range(50)]})["tags"]) == 50


def test_an_address_is_an_object() -> None:
    for value in ("Bristol", [], 1, False):
        assert faults(create({"address": value})) == [("/address", "invalid-type")]


def test_an_address_has_a_short_postal_code_and_an_assigned_country() -> None:
    assert patch({"address": {"postal_code": "x" * 20, "country": " fr "}})["address"]["country"] == "FR"
    assert faults(patch({"address": {"postal_code": "x" * 21}})) == [("/address/postal_code", "too-long")]


@pytest.mark.parametrize(
    ("name", "meant"),
    [("emial", "email"), ("firstname", "first_name"), ("Email", "email"), ("companyId", "company_id")],
)
def test_a_misspelt_member_is_told_what_it_may_have_meant(name: str, meant: str) -> None:
    (error,) = create({name: "x"}).errors
    assert (error.code, error.did_you_mean) == ("unknown-member", meant)


def test_a_misspelt_member_of_the_address_too() -> None:
    (error,) = create({"address": {"postcode": "BS1"}}).errors
    assert (error.pointer, error.code, error.did_you_mean) == ("/address/postcode", "unknown-member", "postal_code")


def test_a_guess_is_never_a_member_that_cannot_be_written() -> None:
    assert create({"etagg": 1}).errors[0].did_you_mean != "etag"
    assert create({"zzzz": 1}).errors[0].did_you_mean is None


def test_a_pointer_escapes_what_its_syntax_needs() -> None:
    assert [pointer("a/b", 0, "m~n"), pointer(""), pointer(), pointer("~1")] == ["/a~1b/0/m~0n", "/", "", "/~01"]
    assert faults(create({"a/b~c": 1, "": 2})) == [("/a~1b~0c", "unknown-member"), ("/", "unknown-member")]
    assert faults(create({"address": {"x/y": 1}})) == [("/address/x~1y", "unknown-member")]


def test_no_more_than_fifty_faults_are_told_however_many_there_are() -> None:
    many = {f"emai{n}": 1 for n in range(20_000)}
    assert len(create(many).errors) == 50
    assert len(create({"address": many}).errors) == 50
    assert len(create({f"x{n}": 1 for n in range(49)} | {"tags": [""] * 50}).errors) == 50


def test_a_fault_of_a_word_says_which_are_allowed_and_of_a_form_gives_an_example() -> None:
    stage, email = create({"lifecycle_stage": "lost", "email": "x"}).errors
    assert stage.allowed == ("lead", "prospect", "customer", "former")
    assert email.example == "ada@northwind.example"


NAMES = st.sampled_from([field.name for field in CONTACT.fields]) | st.text(max_size=8)
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.just("ada@northwind.example")
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4))


@given(body=st.dictionaries(NAMES, VALUES, max_size=6))
def test_any_body_is_taken_or_refused_and_what_was_taken_is_taken_again(body: dict[str, Any]) -> None:
    taken = patch(body)
    if isinstance(taken, InvalidBody):
        assert taken.errors
        return
    assert taken.keys() == body.keys()
    references = {name: an_id(prefix, taken[name]) for name, prefix in _REFERENCES if taken.get(name) is not None}
    assert patch({**taken, **references}) == taken


_REFERENCES = (("company_id", "cmp"), ("owner_id", "usr"))


def test_guesses_are_made_among_what_is_known() -> None:
    assert did_you_mean("emial", ["phone", "email"]) == "email"
    assert did_you_mean("", ["email"]) is None


def test_errors_stand_as_their_places_do_in_the_document_and_what_is_missing_behind() -> None:
    body = {"b": {"y": 1, "x": [1, {"q": 0}]}, "a": 2}
    places = ["/zzz", "/a", "/b/none", "/b/x/1/q", "/b/x/1", "/b/x/0", "/b/y", "/b", "", "/a/below", "/b/x/9"]
    told = in_document_order([ItemError("x", "x", pointer=place) for place in places], body)
    assert [error.pointer for error in told] == [
        *("", "/b", "/b/y", "/b/x/0", "/b/x/1", "/b/x/1/q", "/b/x/9", "/b/none", "/a", "/a/below", "/zzz"),
    ]
