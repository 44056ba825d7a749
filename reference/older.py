"""[pure] The same document in OpenAPI 3.0.3, for generators that read no 3.1 yet."""

from collections.abc import Mapping

from contract.vocabulary import Json
from reference.shapes import Schema

SPEC = "3.0.3"


def older(document: Schema) -> Schema:
    """The document, rewritten; the given one is left as it is."""
    schemas = document["components"]["schemas"]
    kinds = {f"#/components/schemas/{name}": each.get("type", "object") for name, each in schemas.items()}
    return {name: _rewritten(part, name, kinds) for name, part in document.items()} | {"openapi": SPEC}


_VALUES = ("example", "examples", "default", "enum", "value")
_MAPS = ("properties", "paths", "responses", "headers", "schemas", "parameters", "content", "scopes", "securitySchemes")
"""What holds names of ours: a member called `type` is none of a schema there."""
Kinds = Mapping[str, Json]
"""The type of what is referred to."""


def _rewritten(part: Json, within: str, kinds: Kinds) -> Json:
    if within in _VALUES:
        return part
    if isinstance(part, list):
        return [_rewritten(each, "", kinds) for each in part]
    if not isinstance(part, dict):
        return part
    if within in _MAPS:
        return {name: _rewritten(each, "", kinds) for name, each in part.items()}
    return _schema({name: _rewritten(each, name, kinds) for name, each in part.items()}, kinds)


def _schema(part: Schema, kinds: Kinds) -> Schema:
    """Of whatever is a schema, what 3.0 says otherwise; all else has none of these words."""
    part = _null(part, kinds)
    if isinstance(part.get("examples"), list):
        part = {name: value for name, value in part.items() if name != "examples"} | {"example": part["examples"][0]}
    if not isinstance(part.get("exclusiveMaximum", True), bool):
        part = part | {"maximum": part["exclusiveMaximum"], "exclusiveMaximum": True}
    return part


def _null(part: Schema, kinds: Kinds) -> Schema:
    own = part.get("type")
    if isinstance(own, list):
        return {**part, "type": next(kind for kind in own if kind != "null"), "nullable": True}
    choices = part.get("anyOf")
    if not isinstance(choices, list) or _NULL not in choices:
        return part
    first, *others = (choice for choice in choices if choice != _NULL)
    rest = {name: value for name, value in part.items() if name != "anyOf"}
    word = "anyOf" if others else "allOf"
    # `nullable` counts only beside a `type` (3.0.3, schema object). Strictly, null then still fails what `allOf` refers
    # to; generators take it as it is meant.
    if "type" in first:
        return {word: [{**first, "nullable": True}, *others]} | rest
    return {"type": kinds.get(first.get("$ref", ""), "object"), "nullable": True, word: [first, *others]} | rest


_NULL = {"type": "null"}
