"""[pure] A whole document: OpenAPI 3.1 of one version of the API."""

import json
from collections.abc import Iterable

from apidocs.headers import API_VERSION, header_components, request_headers
from apidocs.json_schema import Schema, enum, ref
from apidocs.meta_schemas import caller_schemas, meta_schemas
from apidocs.openapi_3_0 import to_openapi_3_0
from apidocs.operations import (
    BEARER,
    OAUTH,
    action_schemas,
    parameter_schemas,
    path_parameter,
    paths,
    trace_id_parameter,
)
from apidocs.problem_responses import ProblemResponses, example_components
from apidocs.problem_schemas import problem_schemas
from apidocs.record_schemas import answer_schemas, schemas
from apidocs.request_bodies import batch_schemas, search_schemas, shared_schemas
from apidocs.texts import TITLE, introduction
from apidocs.type_schemas import scope_schemas
from contract.documents import EXAMPLE_API_URL, EXAMPLE_AUTH_URL, GUIDES_PAGE
from contract.operations import OPERATIONS, SCOPES, TRACE_ID_PARAMETER
from contract.resources import RESOURCES
from contract.versions import Version
from contract.vocabulary import Json, Kind

SPEC = "3.1.1"


def openapi_document(version: Version, dialect: str) -> Schema:
    """The document in a dialect of OpenAPI, `3.1` or `3.0`."""
    whole = _document(version)
    return whole if SPEC.startswith(dialect) else to_openapi_3_0(whole)


def openapi_text(version: Version, dialect: str) -> str:
    """The document as its file holds it."""
    return json.dumps(openapi_document(version, dialect), ensure_ascii=False, indent=1) + "\n"


def _document(version: Version) -> Schema:
    answers = ProblemResponses(OPERATIONS)
    operations = paths(version, answers)
    told_of = json.dumps([operations, answers.components])
    return {
        "openapi": SPEC,
        "info": {"title": TITLE, "version": version.date, "description": introduction(version)},
        "externalDocs": {"description": "Guides", "url": f"{EXAMPLE_API_URL}{GUIDES_PAGE.path}"},
        "servers": [{"url": EXAMPLE_API_URL}],
        "security": [{OAUTH: []}, {BEARER: []}],
        "tags": _tags(),
        "paths": operations,
        "components": {
            "securitySchemes": security_schemes(),
            "parameters": _parameters(version),
            "headers": _told_of(header_components(), "headers", told_of),
            "responses": answers.components,
            "examples": _told_of(example_components(), "examples", told_of),
            "schemas": dict(sorted(_schemas(version).items())),
        },
    }


def _told_of(components: Schema, kind: str, text: str) -> Schema:
    """The components that something refers to."""
    return {name: each for name, each in components.items() if f'"{ref(name, kind)["$ref"]}"' in text}


def _tags() -> list[Schema]:
    of_none = {
        "me": "Who the token is.",
        "requests": "What became of requests.",
        "authorize": "What would be decided, and why.",
        "versions": "The dated versions of the API.",
    }
    return [
        *({"name": resource.name, "description": resource.about} for resource in RESOURCES),
        *({"name": name, "description": about} for name, about in of_none.items()),
    ]


def security_schemes() -> Schema:
    """How to get in."""
    scopes = {scope.name: scope.description for scope in SCOPES}
    return {
        OAUTH: {
            "type": "oauth2",
            "description": "Authorization code with PKCE for marketplace apps, client credentials for services.",
            "flows": {
                "authorizationCode": {
                    "authorizationUrl": f"{EXAMPLE_AUTH_URL}/authorize",
                    "tokenUrl": f"{EXAMPLE_AUTH_URL}/token",
                    "refreshUrl": f"{EXAMPLE_AUTH_URL}/token",
                    "scopes": scopes,
                },
                "clientCredentials": {"tokenUrl": f"{EXAMPLE_AUTH_URL}/token", "scopes": scopes},
            },
        },
        BEARER: {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "A personal access token for server-to-server use, made by an admin of the business.",
        },
    }


def _parameters(version: Version) -> Schema:
    named = {
        row.parameter: path_parameter(row)
        for row in RESOURCES
        if any(_takes(row.parameter, at.path) for at in OPERATIONS)
    }
    return named | {TRACE_ID_PARAMETER: trace_id_parameter()} | request_headers(version)


def _takes(parameter: str, path: str) -> bool:
    return f"{{{parameter}}}" in path


def _schemas(version: Version) -> dict[str, Json]:
    parts = [
        problem_schemas(),
        meta_schemas(),
        caller_schemas(),
        shared_schemas(),
        scope_schemas(),
        {API_VERSION: enum((version.date,))},
    ]
    for resource in RESOURCES:
        parts += [schemas(resource, version), answer_schemas(resource), batch_schemas(resource)]
        parts += [action_schemas(resource), parameter_schemas(resource, version)]
        if Kind.SEARCH in resource.kinds:
            parts.append(search_schemas(resource, version))
    return _joined(parts)


def _joined(parts: Iterable[dict[str, Schema]]) -> dict[str, Schema]:
    """All of them; two that differ must not have one name."""
    found: dict[str, Schema] = {}
    for part in parts:
        for name, schema in part.items():
            if found.setdefault(name, schema) != schema:
                raise ValueError(f"two schemas are called {name}")
    return found
