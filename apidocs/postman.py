"""[pure] A Postman collection (format v2.1) of a version: every operation, ready to be sent and to be run in order.

What a create or a list answers with is kept in variables, which later requests use. Knows no deployment: `base_url` and
`token` are its user's.
"""

import json
import re

from apidocs.examples import example_body
from apidocs.json_schema import Schema
from apidocs.texts import TITLE, description, summary
from contract import headers
from contract.documents import EXAMPLE_API_URL
from contract.operations import OPERATIONS, TRACE_ID_PARAMETER, Operation
from contract.parameters import Parameter, parameters_of
from contract.problem_docs import EXAMPLE_TRACE_ID
from contract.rate_plans import DEFAULT_PLAN
from contract.resources import RESOURCES, Resource
from contract.types import Bool, Email, Id, Line
from contract.versions import Version
from contract.vocabulary import BATCH_KINDS, KINDS_WITH_BODY, KINDS_WITH_IF_MATCH, Json, Kind

FORMAT = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_VARIABLE = re.compile(r"{{(\w+)}}")
_NEW = "{{$guid}}"
"""Another one in every request."""
_BATCH = "batch_"
"""Begins the name of the id that a batch has made: trying out a batch of deletes takes nothing else away."""
_ABOUT = f"""Every operation of version `{{version}}`. Set `base_url` and `token`, and send; or run the whole in its \
order: what is created is kept in variables, and used by what comes later.

Limits count: a run takes about {{units}} units, more than the {DEFAULT_PLAN.burst.limit} that a common plan allows in \
{DEFAULT_PLAN.burst.window_s} seconds. Set a delay between requests."""


def collection_file(version: Version) -> str:
    """The name of a version's committed collection."""
    return f"postman-{version.date}.json"


def collection(version: Version) -> str:
    """The collection as its file holds it."""
    about = _ABOUT.format(version=version.date, units=sum(row.cost for row in OPERATIONS))
    folders = _in_order(_folders(version))
    whole = {
        "info": {"name": f"{TITLE} {version.date}", "description": about, "schema": FORMAT},
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{token}}", "type": "string"}]},
        "variable": _variables(version, folders),
        "item": folders,
    }
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def _variables(version: Version, folders: list[Schema]) -> list[Schema]:
    """What the requests speak of, with something to begin with."""
    given = {"base_url": EXAMPLE_API_URL, "token": "", "version": version.date, "idempotency_key": "not-sent-yet"}
    given[TRACE_ID_PARAMETER] = EXAMPLE_TRACE_ID
    for resource in RESOURCES:
        example = Id(resource.prefix).example
        given |= {resource.parameter: example, f"{_BATCH}{resource.parameter}": example}
    used = {"token", *_VARIABLE.findall(json.dumps(folders))}
    return [{"key": name, "value": value} for name, value in given.items() if name in used]


def _folders(version: Version) -> list[Schema]:
    words = dict.fromkeys(row.id.partition(".")[0] for row in OPERATIONS)
    about = {row.name: row.about for row in RESOURCES}
    return [
        {
            "name": word.replace("_", " "),
            "description": about.get(word, ""),
            "item": [_item(row, version) for row in OPERATIONS if row.id.startswith(f"{word}.")],
        }
        for word in words
    ]


def _in_order(folders: list[Schema]) -> list[Schema]:
    """Each folder behind those whose ids it needs."""
    names = {resource.parameter: resource.name.replace("_", " ") for resource in RESOURCES}
    needs = {
        folder["name"]: {names[name] for name in _VARIABLE.findall(json.dumps(folder)) if name in names}
        for folder in folders
    }
    placed: list[Schema] = []
    while len(placed) < len(folders):
        there = {folder["name"] for folder in placed}
        waiting = [folder for folder in folders if folder["name"] not in there]
        placed.append(next(each for each in waiting if needs[each["name"]] <= {*there, each["name"]}))
    return placed


def _item(row: Operation, version: Version) -> Schema:
    body = {"body": _body(row, version)} if row.kind in KINDS_WITH_BODY else {}
    request = {
        "method": row.method,
        "header": _headers(row),
        **body,
        "url": _url(row),
        "description": description(row),
        **({"auth": {"type": "noauth"}} if row.is_public else {}),
    }
    return {"name": summary(row), **_kept(row), "request": request, "response": []}


def _headers(row: Operation) -> list[Schema]:
    typed = (headers.CONTENT_TYPE.title, "application/json", row.kind in KINDS_WITH_BODY, True)
    rows = (
        (headers.VERSION.title, "{{version}}", not row.is_public, True),
        typed,
        (headers.IDEMPOTENCY_KEY.title, _NEW, row.takes_idempotency_key, True),
        (headers.IF_MATCH.title, "*", row.kind in KINDS_WITH_IF_MATCH, False),
        (headers.IF_NONE_MATCH.title, "", row.kind is Kind.GET, False),
    )
    return [_enabled({"key": key, "value": value}, sent) for key, value, taken, sent in rows if taken]


def _enabled(entry: Schema, is_sent: bool) -> Schema:
    return entry if is_sent else {**entry, "disabled": True}


def _url(row: Operation) -> Schema:
    names = re.findall(r"{(\w+)}", row.path)
    path = [part.replace("{", ":").replace("}", "") for part in row.path.strip("/").split("/")]
    query = [_query(row, each) for each in parameters_of(row)]
    sent = "&".join(f"{each['key']}={each['value']}" for each in query if "disabled" not in each)
    return {
        "raw": "/".join(("{{base_url}}", *path)) + (f"?{sent}" if sent else ""),
        "host": ["{{base_url}}"],
        "path": path,
        **({"query": query} if query else {}),
        **({"variable": [{"key": name, "value": f"{{{{{name}}}}}"} for name in names]} if names else {}),
    }


def _query(row: Operation, parameter: Parameter) -> Schema:
    entry = {"key": parameter.name, "value": _value(row, parameter), "description": parameter.about}
    return _enabled(entry, parameter.required)


def _value(row: Operation, parameter: Parameter) -> str:
    if row.kind is Kind.REQUESTS:
        return "{{idempotency_key}}"
    if parameter.name == "on":
        return row.resource.upsert_on[0]
    given = parameter.default if parameter.default is not None else getattr(parameter.type, "example", "")
    return given if isinstance(given, str) else json.dumps(given).strip("[]")


def _body(row: Operation, version: Version) -> Schema:
    body = example_body(row, version)
    if row.resource_row is not None:
        body = _variable(body, row.resource_row, of_batch=row.kind in BATCH_KINDS)
    text = json.dumps(body, ensure_ascii=False, indent=2)
    return {"mode": "raw", "raw": text, "options": {"raw": {"language": "json"}}}


def _variable(value: Json, resource: Resource, *, of_batch: bool) -> Json:
    """The example with variables for ids, and something new where a value may be taken already."""
    match value:
        case list():
            return [_variable(each, resource, of_batch=of_batch) for each in value]
        case dict():
            kept = {name: each for name, each in value.items() if not _is_switch(resource, name)}
            changed = {name: _variable(each, resource, of_batch=of_batch) for name, each in kept.items()}
            return changed | {
                name: _unique(resource, name, each) for name, each in kept.items() if _once(resource, name)
            }
        case str():
            return _ids(resource, of_batch=of_batch).get(value, value)
    return value


def _is_switch(resource: Resource, name: str) -> bool:
    """What is either so or not stays as it is by itself: an example is no reason to change the default pipeline."""
    return name in resource.by_name and isinstance(resource.field(name).type, Bool)


def _ids(resource: Resource, *, of_batch: bool) -> dict[str, str]:
    ids = {Id(each.prefix).example: f"{{{{{each.parameter}}}}}" for each in RESOURCES}
    own = f"{{{{{_BATCH if of_batch else ''}{resource.parameter}}}}}"
    return ids | {Id(resource.prefix).example: own}


def _once(resource: Resource, name: str) -> bool:
    """Whether no two records may have the same value: what an upsert matches by, and the names of configuration."""
    if name in resource.upsert_on:
        return True
    return name == "name" and "owner_id" not in resource.by_name


def _unique(resource: Resource, name: str, value: str) -> str:
    kind = resource.field(name).type
    if isinstance(kind, Email):
        return value.replace("@", f"-{_NEW}@")
    if isinstance(kind, Line):
        return f"{value} {_NEW}" if name == "name" else f"{value.partition(':')[0]}:{_NEW}"
    return f"{_NEW}.{value}"


def _kept(row: Operation) -> Schema:
    """Keep what later requests need of the answer."""
    if row.kind is Kind.ME:
        return _script(TRACE_ID_PARAMETER, f'headers.get("{headers.REQUEST_ID.title}")')
    if row.resource_row is None or "{" in row.path.removeprefix(row.resource.collection):
        return {}
    match row.kind:
        case Kind.CREATE:
            return _script(row.resource.parameter, "json().data?.id")
        case Kind.BATCH_CREATE:
            return _script(f"{_BATCH}{row.resource.parameter}", "json().data?.[0]?.data?.id")
        case Kind.LIST if Kind.CREATE not in row.resource.kinds and Kind.GET in row.resource.kinds:
            return _script(row.resource.parameter, "json().data?.[0]?.id")
    return {}


def _script(variable: str, place: str) -> Schema:
    lines = [
        f"const id = pm.response.{place};",
        f'if (id) pm.collectionVariables.set("{variable}", id);',
    ]
    return {"event": [{"listen": "test", "script": {"type": "text/javascript", "exec": lines}}]}
