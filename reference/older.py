"""[pure] The same document in OpenAPI 3.0.3, for generators that read no 3.1 yet."""

from contract.vocabulary import Json
from reference.shapes import Schema

SPEC = "3.0.3"


def older(document: Schema) -> Schema:
    """The document, rewritten; the given one is left as it is."""
    rewritten = {name: _rewritten(part) for name, part in document.items()}
    return {**rewritten, "openapi": SPEC}


def _rewritten(part: Json, within: str = "") -> Json:
    if isinstance(part, list):
        return [_rewritten(each) for each in part]
    if not isinstance(part, dict):
        return part
    if within in _VALUES:
        return part
    if within in _MAPS:
        return {name: _rewritten(each) for name, each in part.items()}
    return _schema({name: _rewritten(each, name) for name, each in part.items()})


_VALUES = ("example", "examples", "default", "enum", "value")
_MAPS = ("properties", "paths", "responses", "headers", "schemas", "parameters", "content", "scopes", "securitySchemes")
"""What holds names of ours: a member called `type` is none of a schema there."""


def _schema(part: Schema) -> Schema:
    """Of whatever is a schema, what 3.0 says otherwise; all else has none of these words."""
    part = _null(part)
    if isinstance(part.get("examples"), list):
        part = {name: value for name, value in part.items() if name != "examples"} | {"example": part["examples"][0]}
    if not isinstance(part.get("exclusiveMaximum", True), bool):
        part = part | {"maximum": part["exclusiveMaximum"], "exclusiveMaximum": True}
    if "$ref" in part and len(part) > 1:
        # Beside a reference nothing is read.
        part = {"allOf": [{"$ref": part["$ref"]}]} | {name: value for name, value in part.items() if name != "$ref"}
    return part


def _null(part: Schema) -> Schema:
    kinds = part.get("type")
    if isinstance(kinds, list):
        return {**part, "type": next(kind for kind in kinds if kind != "null"), "nullable": True}
    choices = part.get("anyOf")
    if not isinstance(choices, list) or _NULL not in choices:
        return part
    kept = [choice for choice in choices if choice != _NULL]
    rest = {name: value for name, value in part.items() if name != "anyOf"}
    word = "allOf" if len(kept) == 1 else "anyOf"
    # `nullable` counts only beside a `type` (3.0.3, schema object). Strictly, null then still fails what `allOf` refers
    # to; generators take it as it is meant.
    if "type" in kept[0]:
        return {word: [{**kept[0], "nullable": True}, *kept[1:]]} | rest
    return {"type": "object", "nullable": True, word: kept} | rest


_NULL = {"type": "null"}
