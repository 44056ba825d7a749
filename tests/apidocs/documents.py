"""The rendered documents, and their schemas made ready to judge by."""

import json
from functools import cache
from typing import Any

from openapi_schema_validator import OAS31Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from apidocs.openapi import openapi_text
from contract.documents import OPENAPI_DIALECTS
from contract.versions import VERSIONS, Version

Json = dict[str, Any]
BY_DATE = {version.date: version for version in VERSIONS}
DATES = tuple(BY_DATE)


@cache
def the_document(date: str, dialect: str = OPENAPI_DIALECTS[0]) -> Json:
    """The document of a version, as anybody would read it."""
    return dict(json.loads(openapi_text(BY_DATE[date], dialect)))


def version_of(date: str) -> Version:
    """The version of that date."""
    return BY_DATE[date]


def operations(document: Json) -> dict[str, Json]:
    """The operations by id, each with its method and path."""
    return {
        operation["operationId"]: operation | {"method": method.upper(), "path": path}
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }


def resolved(document: Json, part: Json) -> Json:
    """What a reference refers to."""
    if "$ref" not in part:
        return part
    _, kinds, kind, name = part["$ref"].split("/")
    return dict(document[kinds][kind][name])


def parameters(document: Json, operation: Json, place: str) -> dict[str, Json]:
    """The parameters in one place, by name."""
    found = (resolved(document, each) for each in operation.get("parameters", []))
    return {each["name"]: each for each in found if each["in"] == place}


def faults(document: Json, schema: Json, value: Any) -> list[str]:
    """What is wrong with a value, formats included."""
    held = Resource.from_contents(document, default_specification=DRAFT202012)
    registry: Registry[Any] = Registry().with_resource("urn:document", held)
    inside = json.loads(json.dumps(schema).replace('"#/', '"urn:document#/'))
    checker = OAS31Validator.FORMAT_CHECKER
    return [
        error.message for error in OAS31Validator(inside, registry=registry, format_checker=checker).iter_errors(value)
    ]


def named(name: str) -> Json:
    """A reference to a schema."""
    return {"$ref": f"#/components/schemas/{name}"}
