"""[pure] The same document in OpenAPI 3.0.3, for generators that read no 3.1 yet."""

import json
from collections.abc import Mapping

from apidocs.json_schema import Schema
from contract.vocabulary import Json

SPEC = "3.0.3"


def to_openapi_3_0(document: Schema) -> Schema:
    """The document, rewritten; the given one is left as it is."""
    named = {f"#/components/schemas/{name}": each for name, each in document["components"]["schemas"].items()}
    rewritten = {name: _rewritten(part, name, named) for name, part in document.items()} | {"openapi": SPEC}
    components = rewritten["components"]
    text = json.dumps(rewritten)
    # Those that were written out wherever they stood.
    kept = {name: each for name, each in components["schemas"].items() if f'"#/components/schemas/{name}"' in text}
    return rewritten | {"components": components | {"schemas": kept}}


_VALUES = ("example", "examples", "default", "enum", "value")
_MAPS = ("properties", "paths", "responses", "headers", "schemas", "parameters", "content", "scopes", "securitySchemes")
"""What holds names of ours: a member called `type` is none of a schema there."""
Named = Mapping[str, Schema]
"""What references refer to."""


def _rewritten(part: Json, within: str, named: Named) -> Json:
    if within in _VALUES:
        return part
    if isinstance(part, list):
        return [_rewritten(each, "", named) for each in part]
    if not isinstance(part, dict):
        return part
    if within in _MAPS:
        return {name: _rewritten(each, "", named) for name, each in part.items()}
    return _schema({name: _rewritten(each, name, named) for name, each in part.items()}, named)


def _schema(part: Schema, named: Named) -> Schema:
    """Of whatever is a schema, what 3.0 says otherwise; all else has none of these words."""
    part = _null(part, named)
    if isinstance(part.get("examples"), list):
        part = {name: value for name, value in part.items() if name != "examples"} | {"example": part["examples"][0]}
    if not isinstance(part.get("exclusiveMaximum", True), bool):
        part = part | {"maximum": part["exclusiveMaximum"], "exclusiveMaximum": True}
    return part


def _null(part: Schema, named: Named) -> Schema:
    own = part.get("type")
    if isinstance(own, list):
        return {**part, "type": next(kind for kind in own if kind != "null"), "nullable": True}
    choices = part.get("anyOf")
    if not isinstance(choices, list) or _NULL not in choices:
        return part
    *others, last = (choice for choice in choices if choice != _NULL)
    rest = {name: value for name, value in part.items() if name != "anyOf"}
    empty = _or_null(last, named)
    return {"anyOf": [*others, empty], **rest} if others else {**empty, **rest}


def _or_null(choice: Schema, named: Named) -> Schema:
    """A choice that null is as good as. `nullable` counts beside a `type` alone (3.0.3): a reference is written out."""
    whole = _rewritten(named[choice["$ref"]], "", named) if "$ref" in choice else choice
    more = {"enum": [*whole["enum"], None]} if "enum" in whole else {}
    return {**whole, "nullable": True, **more}


_NULL = {"type": "null"}
