"""Bodies of batches: what fails the whole call, every fault of it at once, and what is an item's own."""

from collections.abc import Callable
from typing import Any

import pytest

from contract import ids
from tests.unit.transcoder.calls import a_call, an_older_call
from tests.unit.transcoder.surroundings import an_id, nobody
from transcoder.http.parameters import Parameters
from transcoder.operations.batch_bodies import UpdateItem, create_items, id_items, update_items, upsert_items
from transcoder.operations.call import Call
from transcoder.presentation.errors import ApiError
from transcoder.presentation.etags import AnyRevision, NamedTags
from transcoder.validation.bodies import InvalidBody

BY_EMAIL = {"parameters": Parameters(on="email")}
ONE, TWO = an_id("con", 1), an_id("con", 2)


def refused(read: Callable[[Call], Any], call: Call) -> list[tuple[str | None, str]]:
    with pytest.raises(ApiError) as raised:
        read(call)
    assert raised.value.problem.code == "validation-failed"
    return [(error.pointer, error.code) for error in raised.value.errors or ()]


def faults(read: Any) -> list[tuple[str | None, str]]:
    assert isinstance(read, InvalidBody), read
    return [(error.pointer, error.code) for error in read.errors]


def got(call: Call) -> list[Any]:
    return id_items(call, distinct=False)


def deleted(call: Call) -> list[Any]:
    return id_items(call, distinct=True)


READERS: dict[str, tuple[str, str, Callable[[Call], Any], dict[str, Any]]] = {
    "create": ("contacts.batch_create", "items", create_items, {}),
    "upsert": ("contacts.batch_upsert", "items", upsert_items, BY_EMAIL),
    "update": ("contacts.batch_update", "items", update_items, {}),
    "get": ("contacts.batch_get", "ids", got, {}),
    "delete": ("contacts.batch_delete", "ids", deleted, {}),
}
LACKS = ("/<name>", "too-few-items")
MISSHAPEN: dict[str, tuple[Any, list[tuple[str, str]]]] = {
    "null": (None, [("", "invalid-type")]),
    "an array": ([], [("", "invalid-type")]),
    "an empty object": ({}, [("/<name>", "required")]),
    "another member beside it, in front": ({"also": 1, "<name>": []}, [("/also", "unknown-member"), LACKS]),
    "another member behind it": ({"<name>": [], "also": 1}, [LACKS, ("/also", "unknown-member")]),
    "a null": ({"<name>": None}, [("/<name>", "not-nullable")]),
    "an object for the array": ({"<name>": {}}, [("/<name>", "invalid-type")]),
    "101 of them": ({"<name>": [{}] * 101}, [("/<name>", "too-many-items")]),
}


@pytest.mark.parametrize(("body", "expected"), MISSHAPEN.values(), ids=MISSHAPEN.keys())
@pytest.mark.parametrize("kind", READERS)
def test_fails_as_a_whole(kind: str, body: Any, expected: list[tuple[str, str]]) -> None:
    operation_id, name, read, said = READERS[kind]
    if isinstance(body, dict):
        body = {each.replace("<name>", name): value for each, value in body.items()}
    told = [(place.replace("<name>", name), code) for place, code in expected]
    assert refused(read, a_call(operation_id, body, **said)) == told


def test_a_misspelt_array_is_told_its_name() -> None:
    with pytest.raises(ApiError) as raised:
        create_items(a_call("contacts.batch_create", {"itms": []}))
    assert [error.did_you_mean for error in raised.value.errors or ()] == ["items", None]


def test_a_hundred_items_are_read_each_by_itself() -> None:
    items: list[Any] = [{"last_name": f"n{n}"} for n in range(98)]
    read = create_items(a_call("contacts.batch_create", {"items": [*items, 5, {"email": "x", "nickname": 1}]}))
    assert len(read) == 100
    assert read[0] == {"last_name": "n0", "lifecycle_stage": "lead", "do_not_contact": False, "tags": []}
    assert faults(read[98]) == [("", "invalid-type")]
    assert faults(read[99]) == [("/email", "invalid-email"), ("/nickname", "unknown-member")]


def test_ids_are_opened_and_those_of_nobody_are_their_items_own_matter() -> None:
    assert got(a_call("contacts.batch_get", {"ids": [TWO, nobody("con"), TWO]})) == [2, ids.FOREIGN, 2]


@pytest.mark.parametrize("given", [5, None, [], "x"], ids=str)
def test_what_is_no_object_is_called_what_it_is(given: Any) -> None:
    (one,) = create_items(a_call("contacts.batch_create", {"items": [given]}))
    (other,) = upsert_items(a_call("contacts.batch_upsert", {"items": [given]}, **BY_EMAIL))
    (update,) = update_items(a_call("contacts.batch_update", {"items": [{"id": ONE, "patch": given}]}))
    told = [
        [each.detail for each in read.errors] for read in (one, other, update.values) if isinstance(read, InvalidBody)
    ]
    item = "The item must be a JSON object."
    assert told == [[item], [item], ["The patch must be a JSON object."]]


BAD_IDS: list[Any] = [ONE, 7, None, "x", an_id("cmp", 1), ONE]
TOLD_IDS = [("/ids/1", "invalid-type"), ("/ids/2", "not-nullable"), ("/ids/3", "invalid-id"), ("/ids/4", "invalid-id")]


def test_every_bad_id_is_told() -> None:
    assert refused(got, a_call("contacts.batch_get", {"ids": BAD_IDS})) == TOLD_IDS


def test_what_is_wrong_beside_them_is_told_with_them() -> None:
    body = {"force": True, "ids": BAD_IDS}
    assert refused(got, a_call("contacts.batch_get", body)) == [("/force", "unknown-member"), *TOLD_IDS]
    updates = {"items": [{"id": "x"}], "force": True}
    assert refused(update_items, a_call("contacts.batch_update", updates)) == [
        *(("/items/0/id", "invalid-id"), ("/items/0/patch", "required"), ("/force", "unknown-member")),
    ]


def test_one_id_twice_cannot_be_deleted() -> None:
    body = {"ids": BAD_IDS}
    assert refused(deleted, a_call("contacts.batch_delete", body)) == [*TOLD_IDS, ("/ids/5", "duplicate-item")]
    assert refused(deleted, a_call("contacts.batch_delete", {"ids": [nobody("con")] * 2})) == [
        ("/ids/1", "duplicate-item")
    ]


def test_an_update_names_its_record_its_patch_and_perhaps_a_revision() -> None:
    items = [
        {"id": ONE, "patch": {"first_name": " Ada "}, "if_match": "r2-abcdefg"},
        {"patch": {"email": None}, "id": TWO, "if_match": "*"},
        {"id": nobody("con"), "patch": {}, "if_match": 'W/"r2-abcdefg"'},
        {"id": an_id("con", 4), "patch": {}, "if_match": None},
        {"id": an_id("con", 5), "patch": []},
    ]
    read = update_items(a_call("contacts.batch_update", {"items": items}))
    named = NamedTags(frozenset({"r2-abcdefg"}))
    assert read[:4] == [
        UpdateItem(1, {"first_name": "Ada"}, named),
        UpdateItem(2, {"email": None}, AnyRevision()),
        UpdateItem(ids.FOREIGN, {}, named),
        UpdateItem(4, {}, None),
    ]
    assert faults(read[4].values) == [("", "invalid-type")]


def test_every_fault_in_the_shape_of_updates_is_told_at_once_in_the_order_of_the_document() -> None:
    items = [
        {"if_match": 7, "id": "x", "patch": {}},
        {"id": ONE},
        5,
        None,
        {"patch": {}, "pach": {}, "if_match": ""},
        {"id": None, "patch": {}},
        {"id": ONE, "patch": {}},
    ]
    assert refused(update_items, a_call("contacts.batch_update", {"items": items})) == [
        ("/items/0/if_match", "invalid-type"),
        ("/items/0/id", "invalid-id"),
        ("/items/1/patch", "required"),
        ("/items/2", "invalid-type"),
        ("/items/3", "not-nullable"),
        ("/items/4/pach", "unknown-member"),
        ("/items/4/if_match", "invalid-value"),
        ("/items/4/id", "required"),
        ("/items/5/id", "not-nullable"),
        ("/items/6/id", "duplicate-item"),
    ]


def test_an_update_whose_patch_is_wrong_is_that_items_own_fault() -> None:
    items = [{"id": ONE, "patch": {"id": TWO, "email": "x"}}, {"id": TWO, "patch": {}}]
    first, second = update_items(a_call("contacts.batch_update", {"items": items}))
    assert faults(first.values) == [("/id", "read-only"), ("/email", "invalid-email")]
    assert second.values == {}


def test_two_upserts_of_one_value_fail_as_a_whole_once_they_are_normalised() -> None:
    items = [{"email": "Ada@x.example"}, {"email": "bo@x.example"}, {"email": " ada@X.example"}]
    call = a_call("contacts.batch_upsert", {"items": items}, **BY_EMAIL)
    assert refused(upsert_items, call) == [("/items/2/email", "duplicate-item")]
    for index in (0, 2):
        amiss = [each | {"phone": "x"} if n == index else each for n, each in enumerate(items)]
        call = a_call("contacts.batch_upsert", {"items": amiss}, **BY_EMAIL)
        assert refused(upsert_items, call) == [("/items/2/email", "duplicate-item")], "whatever else is wrong with one"


def test_an_upsert_without_the_value_it_is_matched_by_is_that_items_own_fault() -> None:
    items = [{"last_name": 5}, {"email": None}, {"email": "x"}, {"email": "bo@x.example"}]
    read = upsert_items(a_call("contacts.batch_upsert", {"items": items}, **BY_EMAIL))
    assert [faults(each) for each in read[:3]] == [
        [("/last_name", "invalid-type"), ("/email", "required")],
        [("/email", "not-nullable")],
        [("/email", "invalid-email")],
    ]
    assert read[3] == {"email": "bo@x.example"}


def test_items_are_read_and_blamed_in_the_callers_version() -> None:
    items = [{"content": "Call.", "contact_id": ONE}, {"body": "Call."}, {"content": ""}]
    read = create_items(an_older_call("notes.batch_create", {"items": items}))
    assert read[0] == {"body": "Call.", "contact_id": 1, "is_pinned": False}
    assert faults(read[1]) == [("/body", "unknown-member"), ("/content", "required")]
    assert faults(read[2]) == [("/content", "too-short")]
    patches = [{"id": an_id("note", 1), "patch": {"content": None}}]
    (update,) = update_items(an_older_call("notes.batch_update", {"items": patches}))
    assert faults(update.values) == [("/content", "not-nullable")]
