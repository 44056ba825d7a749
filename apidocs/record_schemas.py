"""[pure] A resource in one version: its record in answers, and the bodies that create and change it."""

import json
from collections.abc import Callable

from apidocs.json_schema import Schema, array, described, nullable, ref, request_object, response_object, to_json
from apidocs.type_schemas import (
    ADDRESS,
    NEW_ADDRESS,
    address,
    choice_name,
    new_address,
    noun,
    part_name,
    part_preview_name,
    part_schema,
    request_schema,
    response_schema,
)
from contract.resources import Field, Resource, Writable
from contract.types import Address, Choice, Date, DateTime, FieldType, Parts
from contract.versions import Version, changes_since
from contract.versions.change import Members, NestedObject
from contract.vocabulary import Json, Kind


def members(resource: Resource, version: Version) -> Members:
    """What a record is made of in a version, whoever shows it; what is shown once is apart."""
    rows: Members = tuple(row for row in resource.fields if not row.shown_once)
    for change in reversed(changes_since(version)):
        if change.resource is resource:
            rows = change.members(rows)
    return rows


def names_in_version(resource: Resource, version: Version, names: tuple[str, ...]) -> tuple[str, ...]:
    """Today's filter fields or sort keys, as a version knows them."""
    for change in reversed(changes_since(version)):
        if change.resource is resource:
            names = tuple(change.older_field(name) for name in names)
    return names


def example(resource: Resource, version: Version) -> dict[str, Json]:
    """A record as an answer of a version shows it."""
    record = {row.name: to_json(_filled(row)) for row in resource.fields if not row.shown_once}
    for change in reversed(changes_since(version)):
        if change.resource is resource:
            record = change.back(record)
    return record


def _filled(row: Field) -> Json:
    if row.name == "deleted_at" or (row.requires is not None):
        return None
    match row.type:
        case Address(members=inside):
            return {name: row.type.example.get(name) for name, _ in inside}
        case Parts():
            return []
    return row.type.example


def schemas(resource: Resource, version: Version) -> dict[str, Schema]:
    """The schemas that the resource's operations of a version speak of."""
    rows = members(resource, version)
    name = noun(resource)
    found: dict[str, Schema] = {name: _record(resource, rows, version)}
    if Kind.CREATE in resource.kinds:
        found[f"{name}Create"] = _create(resource, rows, _default_on_create)
        found[f"{name}Preview"] = _preview(resource, found[name])
    if resource.shown_once:
        found[f"{name}Made"] = _made(resource, found[name])
    if resource.upsert_on:
        found[f"{name}Upsert"] = _create(resource, rows, _default_on_upsert)
    if Kind.UPDATE in resource.kinds:
        found[f"{name}Update"] = _update(resource, rows)
    for row in resource.fields:
        match row.type:
            case Address():
                found |= {ADDRESS: address(row.type), NEW_ADDRESS: new_address(row.type)}
            case Parts():
                found[part_name(row.type)] = part_schema(row.type)
            case Choice():
                found[choice_name(resource, row.name)] = response_schema(row.type)
    return found


def _record(resource: Resource, rows: Members, version: Version) -> Schema:
    about = (
        f"{resource.about} Every member is there, null where it is empty; where `fields` was given, only those.".strip()
    )
    properties = {row.name: _shown(resource, row) for row in rows}
    return {**described(response_object(properties, required=("id",)), about), "examples": [example(resource, version)]}


def _made(resource: Resource, record: Schema) -> Schema:
    """The record with what this one answer shows."""
    again = "Null where an `Idempotency-Key` brings this answer again: the secret is stored nowhere."
    once = {
        row.name: described(
            nullable(response_schema(row.type)), f"{row.about} {again}".strip(), example=row.type.example
        )
        for row in resource.shown_once
    }
    shown_now = to_json({row.name: row.type.example for row in resource.shown_once})
    about = "A record as it was just made, with what no other answer shows."
    made = response_object({**record["properties"], **once}, required=tuple(record["required"]))
    return {**described(made, about), "examples": [{**record["examples"][0], **shown_now}]}


def _shown(resource: Resource, row: Field | NestedObject) -> Schema:
    if isinstance(row, NestedObject):
        inside = {
            each.name: described(response_schema(each.type), each.about, example=each.type.example)
            for each in row.members
        }
        return described(nullable(response_object(inside, required=tuple(inside))), row.about)
    schema = ref(choice_name(resource, row.name)) if isinstance(row.type, Choice) else response_schema(row.type)
    return described(nullable(schema) if row.nullable else schema, row.about, example=_sample(row.type))


def _sample(kind: FieldType) -> Json:
    """An example beside a schema of its own; components have theirs."""
    return None if isinstance(kind, Address | Parts | Choice) else kind.example


def _preview(resource: Resource, record: Schema) -> Schema:
    """What a dry run shows of a record that is not there yet, nor are its parts."""
    properties = {**record["properties"], "id": described(nullable(_WORDS), "Null: the record was not created.")}
    if resource.parent is not None:
        name = resource.parent.parameter
        properties[name] = described(nullable(_WORDS), f"Null where the {resource.parent.noun} was not created either.")
    for row in resource.fields:
        if isinstance(row.type, Parts):
            properties[row.name] = described(
                array(ref(part_preview_name(row.type)), high=row.type.max_items), row.about
            )
    about = "A record as a dry run would create it: without an id."
    return described(response_object(properties, required=tuple(record["required"])), about)


_WORDS: Schema = {"type": "string"}


def _create(resource: Resource, rows: Members, absent: Callable[[Field], str]) -> Schema:
    kept = [row for row in rows if isinstance(row, NestedObject) or row.write is not Writable.NEVER]
    required = tuple(row.name for row in kept if isinstance(row, Field) and row.required)
    return request_object({row.name: _given(resource, row, absent) for row in kept}, required=required)


def _update(resource: Resource, rows: Members) -> Schema:
    about = "A merge patch (RFC 7396): absent members stay, null clears, arrays are replaced."
    kept = [row for row in rows if isinstance(row, NestedObject) or row.write is Writable.ALWAYS]
    return described(request_object({row.name: _given(resource, row, _nothing) for row in kept}), about)


def _given(resource: Resource, row: Field | NestedObject, absent: Callable[[Field], str]) -> Schema:
    """Describe a member of a body; `absent` says what happens where it is left out.

    Never by the keyword `default`: generated clients fill it in and send it, which would overwrite the member of a
    record that an upsert matches, and some make a member with a default required.
    """
    if isinstance(row, NestedObject):
        inside = {each.name: _given(resource, each, absent) for each in row.members}
        return described(nullable(request_object(inside)), row.about)
    schema = ref(choice_name(resource, row.name)) if isinstance(row.type, Choice) else request_schema(row.type)
    return _said(row, schema, absent(row))


def _nothing(_: Field) -> str:
    return ""


def _default_on_create(row: Field) -> str:
    return "" if row.default is None else f"Default: {code(row.default)}."


def _default_on_upsert(row: Field) -> str:
    if row.default is None:
        return ""
    return f"If absent, a record that exists keeps its value, and a new one gets {code(row.default)}."


def code(value: Json) -> str:
    """Write a value as JSON in backquotes, text without its quotes."""
    return f"`{value if isinstance(value, str) else json.dumps(to_json(value))}`"


_BOUNDS = {
    Date: "From 1900-01-01 to 2100-12-31.",
    DateTime: "With any offset; from 1970 to 2100.",
}
"""What no schema can say of a body's values."""


def _said(row: Field, schema: Schema, absent: str) -> Schema:
    schema = nullable(schema) if row.nullable else schema
    about = " ".join(part for part in (row.about, _BOUNDS.get(type(row.type), ""), absent) if part)
    if row.requires is not None:
        name, values = row.requires
        about = f"{about} Only beside `{name}` {' or '.join(f'`{value}`' for value in values)}.".strip()
    return described(schema, about, example=_sample(row.type))


def action_body(fields: tuple[Field, ...]) -> Schema:
    """What an action is told."""
    required = tuple(row.name for row in fields if row.required)
    return request_object(
        {row.name: _said(row, request_schema(row.type), _default_on_create(row)) for row in fields}, required=required
    )


def answer_schemas(resource: Resource) -> dict[str, Schema]:
    """The envelopes that the resource's operations answer with."""
    name = noun(resource)
    record = ref(name)
    found = {
        f"{name}List": response_object({"data": array(record), "meta": ref("PageMeta")}, required=("data", "meta"))
    }
    if Kind.GET in resource.kinds:
        found[f"{name}Response"] = response_object({"data": record, "meta": ref("WriteMeta")}, required=("data",))
    if resource.shown_once:
        found[f"{name}MadeResponse"] = response_object(
            {"data": ref(f"{name}Made"), "meta": ref("WriteMeta")}, required=("data",)
        )
    if Kind.CREATE in resource.kinds:
        preview = response_object({"data": ref(f"{name}Preview"), "meta": ref("WriteMeta")}, required=("data", "meta"))
        found[f"{name}PreviewResponse"] = preview
    if resource.upsert_on:
        found[f"{name}UpsertResponse"] = response_object(
            {"data": _born_or_not(name), "meta": ref("UpsertMeta")}, required=("data", "meta")
        )
    if Kind.BATCH_GET in resource.kinds:
        found |= _batch_answer(name)
    return found


def _born_or_not(name: str) -> Schema:
    return {"anyOf": [ref(name), ref(f"{name}Preview")]}


def _batch_answer(name: str) -> dict[str, Schema]:
    whole = described(nullable(_born_or_not(name)), "The record; null once it is deleted.")
    outcome = response_object(
        {
            "status": described({"type": "integer"}, "What the call for this item alone would answer.", example=200),
            "data": whole,
            "result": ref("UpsertResult"),
            "error": ref("Problem"),
        },
        required=("status",),
    )
    about = "What became of one item: `data`, or the problem in `error`."
    return {
        f"{name}BatchItem": described(outcome, about),
        f"{name}BatchResponse": response_object(
            {
                "data": described(array(ref(f"{name}BatchItem")), "One outcome an item, in order."),
                "meta": ref("BatchMeta"),
            },
            required=("data", "meta"),
        ),
    }
