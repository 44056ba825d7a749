"""[pure] The paths: each operation with its parameters, its body and its answers."""

from http import HTTPStatus

from apidocs.examples import example_body
from apidocs.headers import header_references, idempotency_key
from apidocs.json_schema import Schema, array, described, enum, extended, ref
from apidocs.problem_responses import ProblemResponses
from apidocs.record_schemas import action_body, members, names_in_version
from apidocs.texts import description, summary
from apidocs.type_schemas import choice_name, noun, phone_in_a_query, request_schema
from contract import headers
from contract.operations import OPERATIONS, TRACE_ID_PARAMETER, Operation, body_media_types
from contract.parameters import (
    DIRECTIONS,
    Cursor,
    IdempotencyKeyType,
    MemberNames,
    Parameter,
    SortKey,
    list_sort_keys,
    parameters_of,
)
from contract.problem_docs import EXAMPLE_TRACE_ID
from contract.resources import Field, Resource
from contract.size_and_time_limits import JSON_MEDIA_TYPE
from contract.types import Choice, Id, Ids, Phone
from contract.versions import Version
from contract.vocabulary import BODY_OPTIONAL, KINDS_WITH_BODY, KINDS_WITH_IF_MATCH, Kind

OAUTH, BEARER = "oauth2", "bearer"
EXPLAIN = "Explain"
"""The body of an explanation."""


def operation_id(row: Operation) -> str:
    """`contacts.create` as code spells it."""
    return row.id.replace(".", "_")


def paths(version: Version, answers: ProblemResponses) -> dict[str, Schema]:
    """Every path, in the contract's order."""
    found: dict[str, Schema] = {}
    for row in OPERATIONS:
        found.setdefault(row.path, {})[row.method.lower()] = _operation(row, version, answers)
    return found


def _operation(row: Operation, version: Version, answers: ProblemResponses) -> Schema:
    scopes = [] if row.scope is None else [row.scope.name]
    parameters = [*_path_parameters(row), *_header_parameters(row), *_query(row)]
    body = {"requestBody": _body(row, version)} if row.kind in KINDS_WITH_BODY else {}
    return {
        "operationId": operation_id(row),
        "tags": [row.id.partition(".")[0]],
        "summary": summary(row),
        "description": description(row),
        "security": [] if row.is_public else [{OAUTH: scopes}, {BEARER: []}],
        **({"parameters": parameters} if parameters else {}),
        **body,
        "responses": _successes(row, version) | answers.of(row),
    }


def _path_parameters(row: Operation) -> list[Schema]:
    if row.resource_row is None:
        return [ref(TRACE_ID_PARAMETER, "parameters")] if f"{{{TRACE_ID_PARAMETER}}}" in row.path else []
    above = () if row.resource_row.parent is None else (row.resource_row.parent,)
    return [
        ref(resource.parameter, "parameters")
        for resource in (*above, row.resource_row)
        if f"{{{resource.parameter}}}" in row.path
    ]


def path_parameter(resource: Resource) -> Schema:
    """The id of a record in a path."""
    return {
        "name": resource.parameter,
        "in": "path",
        "required": True,
        "description": f"The id of the {resource.noun.replace('_', ' ')}.",
        "schema": described(request_schema(Id(resource.prefix)), "", example=Id(resource.prefix).example),
    }


def trace_id_parameter() -> Schema:
    """The id of a request in a path."""
    return {
        "name": TRACE_ID_PARAMETER,
        "in": "path",
        "required": True,
        "description": "The `X-Request-Id` of the request's answer, and the `trace_id` of its problem.",
        "schema": described({"type": "string"}, "", example=EXAMPLE_TRACE_ID),
    }


def _header_parameters(row: Operation) -> list[Schema]:
    sent = {
        headers.VERSION: not row.is_public,
        headers.IDEMPOTENCY_KEY: row.takes_idempotency_key,
        headers.IF_MATCH: row.kind in KINDS_WITH_IF_MATCH,
        headers.IF_NONE_MATCH: row.kind is Kind.GET,
    }
    return [ref(header.title.replace("-", ""), "parameters") for header, taken in sent.items() if taken]


def _query(row: Operation) -> list[Schema]:
    return [_parameter(row, each) for each in parameters_of(row)]


def _parameter(row: Operation, parameter: Parameter) -> Schema:
    default = {} if parameter.default is None else {"default": parameter.default}
    schema = _held(row, parameter)
    # A comma list: without this a client would send `ids=a&ids=b`, and a parameter may stand once.
    listed = {"style": "form", "explode": False} if schema.get("type") == "array" else {}
    return {
        "name": parameter.name,
        "in": "query",
        "description": parameter.about,
        **({"required": True} if parameter.required else {}),
        **listed,
        "schema": extended(schema, default),
    }


def _held(row: Operation, parameter: Parameter) -> Schema:
    match parameter.type:
        case MemberNames():
            return array(ref(f"{noun(row.resource)}Field"), low=1)
        case SortKey():
            return ref(f"{noun(row.resource)}Order")
        case Choice(values=values) if values == DIRECTIONS:
            return ref("SortDirection")
        case Choice(values=values, is_open=True):
            return enum(values)
        case Choice() if parameter.filters is not None:
            return ref(choice_name(row.resource, parameter.filters))
        case Choice() if row.kind in (Kind.UPSERT, Kind.BATCH_UPSERT):
            return ref(f"{noun(row.resource)}Match")
        case IdempotencyKeyType():
            return idempotency_key()
        case Cursor():
            return {"type": "string", "minLength": 1}
        case Ids(prefix=prefix, max_items=most):
            return array(request_schema(Id(prefix)), low=1, high=most)
        case Phone():
            return phone_in_a_query()
        case kind:
            return request_schema(kind)


def parameter_schemas(resource: Resource, version: Version) -> dict[str, Schema]:
    """The words that the resource's parameters choose from."""
    name = noun(resource)
    found = {f"{name}Field": enum(row.name for row in members(resource, version))}
    if Kind.LIST in resource.kinds:
        found[f"{name}Order"] = enum(names_in_version(resource, version, list_sort_keys(resource)))
    if resource.upsert_on:
        found[f"{name}Match"] = enum(resource.upsert_on)
    return found


_REQUESTS: dict[Kind, str] = {
    Kind.CREATE: "{noun}Create",
    Kind.UPDATE: "{noun}Update",
    Kind.SEARCH: "{noun}Search",
    Kind.UPSERT: "{noun}Upsert",
    Kind.BATCH_CREATE: "{noun}BatchCreate",
    Kind.BATCH_GET: "{noun}Ids",
    Kind.BATCH_UPDATE: "{noun}BatchUpdate",
    Kind.BATCH_DELETE: "{noun}Ids",
    Kind.BATCH_UPSERT: "{noun}BatchUpsert",
}


def body_name(row: Operation) -> str:
    """The schema of an operation's body."""
    if row.kind is Kind.EXPLAIN:
        return EXPLAIN
    if row.action is not None:
        return f"{noun(row.resource)}{row.action.name.title().replace('_', '')}"
    return _REQUESTS[row.kind].format(noun=noun(row.resource))


def action_schemas(resource: Resource) -> dict[str, Schema]:
    """The bodies of the resource's actions."""
    return {
        body_name(row): action_body(row.action.fields)
        for row in OPERATIONS
        if row.resource_row is resource and row.action is not None
    }


def _body(row: Operation, version: Version) -> Schema:
    needed = row.kind not in BODY_OPTIONAL or any(each.required for each in _told_to(row))
    shown = {"example": example_body(row, version)} if row.kind in _SHOWN else {}
    content = {"schema": ref(body_name(row)), **shown}
    return {"required": needed, "content": dict.fromkeys(body_media_types(row.method), content)}


_SHOWN = (Kind.CREATE, Kind.UPSERT, Kind.SEARCH, Kind.EXPLAIN)
"""Kinds whose schema alone says too little."""


def _told_to(row: Operation) -> tuple[Field, ...]:
    return () if row.action is None else row.action.fields


def _successes(row: Operation, version: Version) -> dict[str, Schema]:
    found = {str(row.success_status): _answer(row, version, _envelope(row), _OK[row.kind])}
    match row.kind:
        case Kind.CREATE:
            preview = f"{noun(row.resource)}PreviewResponse"
            found["200"] = _answer(row, version, preview, "A dry run: the record as it would be.", single=False)
            found["201"]["links"] = _links(row)
        case Kind.ACTION if row.success_status == HTTPStatus.CREATED:
            preview = f"{noun(row.resource)}PreviewResponse"
            found["200"] = _answer(row, version, preview, "A dry run: the record as it would be.", single=False)
        case Kind.UPSERT:
            found["201"] = _answer(row, version, _envelope(row), "The record was created.", new=True)
        case Kind.DELETE:
            found["200"] = _answer(row, version, f"{noun(row.resource)}Response", "A dry run: the record as deleted.")
            found["204"] = {"description": _OK[row.kind], "headers": header_references(*_always(row), version=version)}
        case Kind.GET:
            names = (*_always(row), headers.ETAG)
            found["304"] = {
                "description": "The record is as you know it.",
                "headers": header_references(*names, version=version),
            }
    return dict(sorted(found.items()))


_OK: dict[Kind, str] = {
    Kind.LIST: "A page of records.",
    Kind.CREATE: "The new record.",
    Kind.GET: "The record.",
    Kind.UPDATE: "The record after the change.",
    Kind.DELETE: "The record is deleted.",
    Kind.RESTORE: "The live record.",
    Kind.SEARCH: "A page of records.",
    Kind.UPSERT: "The record that matched, or what a dry run would make.",
    Kind.ACTION: "The record after the action.",
    Kind.ME: "The caller.",
    Kind.REQUESTS: "What became of them.",
    Kind.RECEIPT: "What became of it.",
    Kind.EXPLAIN: "The decision, and why.",
    Kind.VERSIONS: "The versions.",
    **dict.fromkeys(
        (Kind.BATCH_CREATE, Kind.BATCH_GET, Kind.BATCH_UPDATE, Kind.BATCH_DELETE, Kind.BATCH_UPSERT),
        "What became of each item, in order.",
    ),
}


def _envelope(row: Operation) -> str:
    match row.kind:
        case Kind.ME:
            return "MeResponse"
        case Kind.REQUESTS:
            return "RequestList"
        case Kind.RECEIPT:
            return "RequestResponse"
        case Kind.EXPLAIN:
            return "ExplainResponse"
        case Kind.VERSIONS:
            return "VersionList"
        case Kind.LIST | Kind.SEARCH:
            return f"{noun(row.resource)}List"
        case Kind.UPSERT:
            return f"{noun(row.resource)}UpsertResponse"
        case kind if kind.value.startswith("batch_"):
            return f"{noun(row.resource)}BatchResponse"
    return f"{noun(row.resource)}{'Made' if row.shows_once else ''}Response"


_SINGLE = (Kind.CREATE, Kind.GET, Kind.UPDATE, Kind.RESTORE, Kind.UPSERT, Kind.ACTION)


def _always(row: Operation) -> tuple[str, ...]:
    if row.is_public:
        return (headers.REQUEST_ID.name,)
    return (headers.REQUEST_ID.name, headers.VERSION.name, *headers.RATE_HEADERS)


def _answer(
    row: Operation, version: Version, schema: str, about: str, *, single: bool = True, new: bool = False
) -> Schema:
    names = list(_always(row))
    if single and row.kind in _SINGLE:
        names.append(headers.ETAG)
    if new or (single and row.success_status == HTTPStatus.CREATED):
        names.append(headers.LOCATION)
    if row.kind is Kind.LIST:
        names.append(headers.LINK)
    if row.takes_idempotency_key and single:
        names.append(headers.IDEMPOTENT_REPLAYED)
    return {
        "description": about,
        "headers": header_references(*names, version=version),
        "content": {JSON_MEDIA_TYPE: {"schema": ref(schema)}},
    }


def _links(row: Operation) -> Schema:
    """What can be done next with what was created."""
    resource = row.resource
    named = {} if resource.parent is None else {resource.parent.parameter: f"$request.path.{resource.parent.parameter}"}
    named[resource.parameter] = "$response.body#/data/id"
    return {
        each.id: {"operationId": operation_id(each), "parameters": named}
        for each in OPERATIONS
        if f"{{{resource.parameter}}}" in each.path and _parameters_in(each) <= named.keys()
    }


def _parameters_in(row: Operation) -> set[str]:
    return {part.strip("{}") for part in row.path.split("/") if part.startswith("{")}
