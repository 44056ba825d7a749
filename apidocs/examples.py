"""[pure] Bodies that read well: an example for every operation that takes one."""

from apidocs.json_schema import to_json
from apidocs.record_schemas import members, names_in_version
from contract.operations import Operation
from contract.resources import Field, Resource, Writable
from contract.resources.shape import LINKS
from contract.types import CustomFields, DateTime, Id, Ids, Line, Tags, Text
from contract.versions import Version
from contract.versions.change import NestedObject
from contract.vocabulary import Json, Kind

Body = dict[str, Json]


def example_body(row: Operation, version: Version) -> Body:
    """A body that a version takes; ids in it are examples."""
    if row.kind is Kind.EXPLAIN:
        return {"operation": "deals.update", "scopes": ["deals:read"], "role": "member"}
    if row.resource_row is None:
        return {}
    resource = row.resource_row
    match row.kind:
        case Kind.CREATE:
            return example_record(resource, version)
        case Kind.UPSERT:
            return _matching(resource, version)
        case Kind.SEARCH:
            return _search(resource, version)
        case Kind.UPDATE:
            return _patch(resource, version)
        case Kind.BATCH_CREATE:
            return {"items": [example_record(resource, version)]}
        case Kind.BATCH_UPSERT:
            return {"items": [_matching(resource, version)]}
        case Kind.BATCH_UPDATE:
            return {"items": [{"id": Id(resource.prefix).example, "patch": _patch(resource, version)}]}
        case Kind.BATCH_GET | Kind.BATCH_DELETE:
            return {"ids": [Id(resource.prefix).example]}
    told = () if row.action is None else row.action.fields
    return {
        each.name: to_json(each.type.example) for each in told if each.required or isinstance(each.type, Line | Tags)
    }


def example_record(resource: Resource, version: Version) -> Body:
    """A new record: no links but the first where one is needed, and no member that only a state allows."""
    body: Body = {}
    linked = resource.by_name.keys() >= {row.name for row in LINKS}
    for row in members(resource, version):
        if isinstance(row, NestedObject):
            body[row.name] = {each.name: to_json(each.type.example) for each in row.members}
        elif row.name == LINKS[0].name and linked:
            body[row.name] = row.type.example
        elif _reads_well(row):
            body[row.name] = to_json(row.type.example)
    return body


def _matching(resource: Resource, version: Version) -> Body:
    first = resource.field(resource.upsert_on[0])
    return example_record(resource, version) | {first.name: to_json(first.type.example)}


def _reads_well(row: Field) -> bool:
    if row.write is Writable.NEVER or row.requires is not None or row.name == "external_id":
        return False
    if isinstance(row.type, DateTime) and row.write is Writable.ON_CREATE and not row.required:
        return False  # an end that lies ahead today has passed tomorrow
    return not isinstance(row.type, Id | Ids | CustomFields)


def _patch(resource: Resource, version: Version) -> Body:
    """The first text that may be changed and need not be the only one of its kind."""
    for row in members(resource, version):
        if isinstance(row, NestedObject) or row.write is not Writable.ALWAYS or row.name in resource.upsert_on:
            continue
        if isinstance(row.type, Line | Text):
            return {row.name: to_json(row.type.example)}
    return {}


def _search(resource: Resource, version: Version) -> Body:
    field = resource.field(resource.sort_keys[0])
    [name] = names_in_version(resource, version, (field.name,))
    condition = {"field": name, "operator": "is_null", "value": False}
    if not field.nullable:
        condition |= {"operator": "eq", "value": to_json(field.type.example)}
    return {"filters": [condition], "limit": 10}
