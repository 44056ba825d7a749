"""[pure] The small pieces that schemas are made of. Knows nothing of the contract."""

from collections.abc import Iterable

from contract.vocabulary import Json

Schema = dict[str, Json]


def ref(name: str, kind: str = "schemas") -> Schema:
    """A reference to a component."""
    return {"$ref": f"#/components/{kind}/{name}"}


def nullable(schema: Schema) -> Schema:
    """The schema, or null."""
    if "anyOf" in schema:
        return {**schema, "anyOf": [*schema["anyOf"], {"type": "null"}]}
    if "type" not in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    more = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return {**schema, "type": [*kinds, "null"], **more}


def described(schema: Schema, about: str, *, example: Json = None) -> Schema:
    """The schema with a sentence about it, and an example."""
    words = {"description": about} if about else {}
    shown = {} if example is None else {"examples": [to_json(example)]}
    return extended(schema, words | shown)


def extended(schema: Schema, more: Schema) -> Schema:
    """The schema with more said of it. A reference is wrapped for that: many readers look at nothing beside one."""
    return {"allOf": [schema], **more} if more and "$ref" in schema else {**schema, **more}


def enum(values: Iterable[str]) -> Schema:
    """One of several words."""
    return {"type": "string", "enum": list(values)}


def to_json(value: Json) -> Json:
    """A value as JSON has it: rows hold tuples where answers hold arrays."""
    if isinstance(value, tuple | list):
        return [to_json(each) for each in value]
    if isinstance(value, dict):
        return {name: to_json(each) for name, each in value.items()}
    return value


def request_object(properties: dict[str, Schema], *, required: tuple[str, ...] = ()) -> Schema:
    """An object of ours to read: what it does not name is refused."""
    return {**response_object(properties, required=required), "additionalProperties": False}


def response_object(properties: dict[str, Schema], *, required: tuple[str, ...] = ()) -> Schema:
    """An object for others to read: more members may come, and are to be ignored."""
    must = {"required": list(required)} if required else {}
    return {"type": "object", "properties": properties, **must}


def array(items: Schema, *, low: int | None = None, high: int | None = None, distinct: bool = False) -> Schema:
    """An array."""
    bounds = {"minItems": low, "maxItems": high, "uniqueItems": distinct or None}
    return {"type": "array", "items": items} | {name: bound for name, bound in bounds.items() if bound is not None}
