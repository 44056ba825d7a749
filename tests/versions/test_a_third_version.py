"""A third version is one file with one class: everything that speaks of versions takes it from there."""

from dataclasses import replace
from typing import Any

import pytest

from contract.ids import IdCodec
from contract.operations import BY_ID
from contract.problems import VERSION_UNSUPPORTED, ItemError
from contract.resources import CONTACT, NOTE, RESOURCES
from contract.versions import VERSIONS, Version, changes_since, requested_version, supported_versions
from contract.versions.change import Body, Change, move_error, rename_member
from contract.versions.v2026_11_24_rename_note_content_to_body import RenameNoteContentToBody
from contract.vocabulary import Json, TenantId
from tests.unit.transcoder.calls import a_call
from tests.unit.transcoder.surroundings import AROUND, an_id
from transcoder.backend.interface import AllOf, Condition, NotOf, Record
from transcoder.http.parameters import ParameterContext, Parameters, parse_parameters, parsers_of
from transcoder.operations import action, batch_bodies, create, search, update, upsert
from transcoder.operations.call import Call
from transcoder.operations.paging import PageRequest
from transcoder.operations.request_body import validated
from transcoder.presentation.errors import ApiError
from transcoder.presentation.to_public import PresentationContext, Presenters
from transcoder.presentation.versioning import Translation, translations
from transcoder.validation.bodies import InvalidBody, validate_create


class SplitContactConsentFromSilence(Change):
    """`may_contact` of a contact, a boolean, is now its opposite `do_not_contact`; `surname` is now `last_name`."""

    resource = CONTACT
    older = ("may_contact", "surname")
    newer = ("do_not_contact", "last_name")

    def forward(self, body: Body) -> tuple[Body, tuple[ItemError, ...]]:
        brought = rename_member(rename_member(body, "surname", "last_name"), "may_contact", "do_not_contact")
        if "may_contact" in body:
            brought["do_not_contact"] = _opposite(body["may_contact"])
        return brought, ()

    def back(self, record: Body) -> Body:
        older = rename_member(rename_member(record, "last_name", "surname"), "do_not_contact", "may_contact")
        if "do_not_contact" in record:
            older["may_contact"] = _opposite(record["do_not_contact"])
        return older

    def fields(self, name: str) -> tuple[str, ...]:
        return (self.field(name),)

    def field(self, name: str) -> str:
        return dict(zip(self.older, self.newer, strict=True)).get(name, name)

    def older_field(self, name: str) -> str:
        return dict(zip(self.newer, self.older, strict=True)).get(name, name)

    def condition(self, test: Any) -> Any:
        if test.field != "may_contact":
            return super().condition(test)
        return replace(test, field="do_not_contact", negated=not test.negated)

    def error(self, item: ItemError) -> ItemError:
        return move_error(item, {"/last_name": "/surname", "/do_not_contact": "/may_contact"})


def _opposite(value: Json) -> Json:
    return not value if isinstance(value, bool) else value


THIRD = Version("2027-03-01", changes=(SplitContactConsentFromSilence(),))
THREE = (THIRD, *VERSIONS)
NOW_S = 1_800_000_000
CODEC = IdCodec(bytes(range(32)))
BEFORE = pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.date)


def translated(version: Version) -> Translation:
    return translations(version, RESOURCES, THREE)[CONTACT]


def a_call_of(version: Version, operation_id: str, body: Json, **said: Any) -> Call:
    return a_call(operation_id, body, version=version, translation=translated(version), **said)


def refused(check: Any, call: Call) -> list[tuple[str | None, str]]:
    with pytest.raises(ApiError) as raised:
        check(call)
    return [(error.pointer, error.code) for error in raised.value.errors or ()]


def test_it_is_served_and_known_by_its_change() -> None:
    assert supported_versions(NOW_S, THREE) == ("2027-03-01", "2026-11-24", "2026-06-17")
    assert requested_version("2027-03-01", NOW_S, THREE) is THIRD
    assert requested_version("2027-03-01", NOW_S) is VERSION_UNSUPPORTED
    assert changes_since(THIRD, THREE) == ()
    assert changes_since(VERSIONS[0], THREE) == THIRD.changes
    assert changes_since(VERSIONS[1], THREE) == (*VERSIONS[0].changes, *THIRD.changes)
    assert THIRD.changes[0].description.startswith("`may_contact` of a contact")


def test_its_own_callers_are_translated_nothing() -> None:
    assert translated(THIRD).changes == ()


@BEFORE
def test_bodies_of_creates_patches_and_upserts_are_brought_up_to_date(version: Version) -> None:
    body = {"surname": " Okafor ", "may_contact": False, "email": "a@x.example"}
    values = {"last_name": "Okafor", "do_not_contact": True, "email": "a@x.example"}
    assert create.check(a_call_of(version, "contacts.create", body)) == values | {"lifecycle_stage": "lead", "tags": []}
    assert update.check(a_call_of(version, "contacts.update", body)) == values
    on = Parameters(on="email")
    assert upsert.check(a_call_of(version, "contacts.upsert", body, parameters=on)) == values


@BEFORE
def test_so_are_the_items_of_a_batch(version: Version) -> None:
    items = [{"id": an_id("con", 1), "patch": {"surname": "x"}}, {"id": an_id("con", 2), "patch": {"last_name": "x"}}]
    first, second = batch_bodies.update_items(a_call_of(version, "contacts.batch_update", {"items": items}))
    assert first.values == {"last_name": "x"}
    assert isinstance(second.values, InvalidBody)
    assert [(error.pointer, error.code) for error in second.values.errors] == [("/last_name", "unknown-member")]


@BEFORE
def test_faults_stand_at_the_places_of_the_caller_in_the_callers_order(version: Version) -> None:
    body = {"email": "x", "surname": 5, "may_contact": "no", "do_not_contact": True, "may_contct": 1}
    expected = [
        *(("/email", "invalid-email"), ("/surname", "invalid-type"), ("/may_contact", "invalid-type")),
        *(("/do_not_contact", "unknown-member"), ("/may_contct", "unknown-member")),
    ]
    assert refused(create.check, a_call_of(version, "contacts.create", body)) == expected


def test_an_action_is_read_by_it_too() -> None:
    call = a_call_of(VERSIONS[0], "contacts.add_tags", {"tags": ["VIP"]})
    assert action.check(call) == {"tags": ["VIP"]}
    odd = a_call_of(VERSIONS[0], "contacts.add_tags", {"last_name": "x", "tags": ["VIP"]})
    assert refused(action.check, odd) == [("/last_name", "unknown-member")]


@BEFORE
def test_records_are_told_as_they_were(version: Version) -> None:
    values = {"last_name": "Okafor", "do_not_contact": True, "lifecycle_stage": "lead", "tags": [], "owner_id": 1}
    record = Record(7, 1, values | {"created_by_id": 1, "created_at": 0, "updated_at": 0}, None)
    presenter = Presenters(RESOURCES, CODEC)[CONTACT]
    around = PresentationContext(TenantId(7), version, {})
    [public] = presenter.to_dicts(around, [record])
    shown = translated(version).downgrade_record(public)
    assert (shown["surname"], shown["may_contact"]) == ("Okafor", False)
    assert not {"last_name", "do_not_contact"} & shown.keys()
    assert list(shown).index("surname") == [row.name for row in CONTACT.fields].index("last_name")
    chosen = presenter.select_fields(public, frozenset({"last_name"}))
    assert list(translated(version).downgrade_record(chosen)) == ["id", "surname"]


@BEFORE
def test_fields_and_orders_are_chosen_by_the_older_names(version: Version) -> None:
    asked = ParameterContext(BY_ID["contacts.list"], AROUND, translated(version))
    known = parsers_of(asked.operation)
    read = parse_parameters(known, [("fields", "surname,may_contact"), ("order_by", "surname")], asked)
    assert (read.fields, read.order_by) == ({"last_name", "do_not_contact"}, "last_name")
    with pytest.raises(ApiError) as raised:
        parse_parameters(known, [("fields", "last_name"), ("order_by", "last_name")], asked)
    fields, order = raised.value.errors or ()
    assert (fields.code, order.code) == ("unknown-field", "not-sortable")
    assert "surname" in fields.allowed
    assert "surname" in order.allowed
    assert not {"last_name", "do_not_contact"} & {*fields.allowed, *order.allowed}


@BEFORE
def test_searches_are_filtered_and_ordered_by_the_older_names(version: Version) -> None:
    filters = [
        {"field": "surname", "operator": "starts_with", "value": "Ok"},
        {"not": {"field": "may_contact", "operator": "eq", "value": True}},
    ]
    body = {"filters": filters, "order_by": "surname"}
    opposite = NotOf(NotOf(Condition("do_not_contact", "eq", True)))
    where = AllOf((Condition("last_name", "starts_with", "Ok"), opposite))
    assert search.check(a_call_of(version, "contacts.search", body)) == PageRequest(
        where, None, "last_name", True, 50, None
    )
    newer = {"order_by": "last_name", "filters": [{"field": "last_name", "operator": "eq", "value": "x"}]}
    assert refused(search.check, a_call_of(version, "contacts.search", newer)) == [
        ("/order_by", "not-sortable"),
        ("/filters/0/field", "unknown-field"),
    ]


@BEFORE
def test_what_the_internal_service_refuses_is_told_at_the_older_place(version: Version) -> None:
    error = translated(version).to_caller_error(
        ItemError("too-long", "x", pointer="/last_name", did_you_mean="do_not_contact")
    )
    assert (error.pointer, error.did_you_mean) == ("/surname", "may_contact")


# Two changes of one member, one after the other

TEXT_NOTE = replace(NOTE, fields=tuple(replace(row, name="text") if row.name == "body" else row for row in NOTE.fields))


class RenameNoteBodyToText(Change):
    """`body` is now `text`, and no longer holds markup."""

    resource = TEXT_NOTE
    older = ("body",)
    newer = ("text",)

    def forward(self, body: Body) -> tuple[Body, tuple[ItemError, ...]]:
        odd = "<" in str(body.get("body"))
        errors = (ItemError("invalid-characters", "No markup.", pointer="/body"),) if odd else ()
        return rename_member(body, "body", "text"), errors

    def back(self, record: Body) -> Body:
        return rename_member(record, "text", "body")

    def fields(self, name: str) -> tuple[str, ...]:
        return (self.field(name),)

    def field(self, name: str) -> str:
        return "text" if name == "body" else name

    def older_field(self, name: str) -> str:
        return "body" if name == "text" else name

    def error(self, item: ItemError) -> ItemError:
        return move_error(item, {"/text": "/body"})


SECOND = Translation((RenameNoteBodyToText(),))
FIRST = Translation((RenameNoteContentToBody(), RenameNoteBodyToText()))


def told(translation: Translation, body: Json) -> Any:
    call = a_call("notes.create", translation=translation)
    read = validated(call, body, lambda today: validate_create(TEXT_NOTE, today, AROUND))
    return [(error.pointer, error.code) for error in read.errors] if isinstance(read, InvalidBody) else read


@pytest.mark.parametrize(("translation", "name"), [(FIRST, "content"), (SECOND, "body")], ids=["first", "second"])
def test_a_member_that_was_renamed_twice_has_one_name_in_each_version(translation: Translation, name: str) -> None:
    others = {"content", "body", "text"} - {name}
    assert told(translation, {name: "x"}) == {"text": "x", "is_pinned": False}
    assert told(translation, {name: ""}) == [(f"/{name}", "too-short")]
    assert told(translation, {"is_pinned": 1, name: "<b>"}) == [
        ("/is_pinned", "invalid-type"),
        (f"/{name}", "invalid-characters"),
    ]
    for other in others:
        assert told(translation, {other: "x"}) == [(f"/{other}", "unknown-member"), (f"/{name}", "required")]
    assert translation.downgrade_record({"id": 1, "text": "x"}) == {"id": 1, name: "x"}
    assert translation.current_names(name) == ("text",)
    assert translation.current_name(name) == "text"
    assert translation.to_caller_names(["text"]) == (name,)


@pytest.mark.parametrize(
    ("translation", "others"), [(FIRST, ["body", "text"]), (SECOND, ["text"])], ids=["first", "second"]
)
def test_names_of_later_versions_stand_for_nothing(translation: Translation, others: list[str]) -> None:
    for other in others:
        assert translation.current_names(other) == ()
        assert translation.current_name(other) is None
