"""[pure] Bodies beyond one record: searches with their filters, batches."""

from apidocs.headers import TAGS
from apidocs.json_schema import Schema, array, described, enum, ref, request_object
from apidocs.record_schemas import code, names_in_version
from apidocs.type_schemas import noun, request_schema
from contract.parameters import DIRECTIONS, filter_names
from contract.resources import Resource
from contract.size_and_time_limits import (
    DEFAULT_LIMIT,
    MAX_BATCH_ITEMS,
    MAX_CONDITIONS,
    MAX_FILTER_DEPTH,
    MAX_LIMIT,
    MAX_SEARCH_TEXT,
)
from contract.types import OPERATORS, Id
from contract.versions import Version
from contract.vocabulary import Kind

_WORDS = tuple(dict.fromkeys(word for words in OPERATORS.values() for word in words))


def search_schemas(resource: Resource, version: Version) -> dict[str, Schema]:
    """The body of a search, and the filters in it."""
    name = noun(resource)
    nodes = array(ref(f"{name}Filter"), low=1, high=MAX_CONDITIONS)
    groups = {"Any": ("any", nodes), "All": ("all", nodes), "Not": ("not", ref(f"{name}Filter"))}
    found = {
        f"{name}Search": _search(resource),
        f"{name}Filter": described(
            {"anyOf": [ref(f"{name}{kind}") for kind in ("Condition", *groups)]},
            f"A condition, or a group of conditions and groups: at most {MAX_FILTER_DEPTH} deep.",
        ),
        f"{name}Condition": _condition(resource),
        f"{name}FilterField": enum(names_in_version(resource, version, filter_names(resource))),
        f"{name}SearchOrder": enum(names_in_version(resource, version, resource.sort_keys)),
    }
    for kind, (word, inner) in groups.items():
        found[f"{name}{kind}"] = request_object({word: inner}, required=(word,))
    return found


def _search(resource: Resource) -> Schema:
    name = noun(resource)
    return request_object(
        {
            "filters": described(
                array(ref(f"{name}Filter")), f"All of these must hold; at most {MAX_CONDITIONS} conditions in all."
            ),
            "search_text": described(
                {"type": "string", "maxLength": MAX_SEARCH_TEXT},
                "Every word must begin a word in a searchable member; case and accents do not matter.",
                example="ada north",
            ),
            "order_by": described(ref(f"{name}SearchOrder"), f"Default: {code(resource.order_by)}."),
            "sort_direction": described(ref("SortDirection"), f"Default: {code(DIRECTIONS[resource.descending])}."),
            "limit": described(
                {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT},
                f"The most records a page holds. Default: {code(DEFAULT_LIMIT)}.",
            ),
            "cursor": described({"type": "string", "minLength": 1}, "`meta.cursor.next` of the page before."),
        }
    )


def _condition(resource: Resource) -> Schema:
    known = ref(f"{noun(resource)}FilterField")
    own: Schema = {"type": "string", "pattern": r"^custom_fields\.[a-z][a-z0-9_]*$"}
    field = {"anyOf": [known, own]} if resource.has_custom_fields else known
    about = (
        "One value; an array for `in`, `not_in`, `has_any`, `has_all`, `has_none`; `[lowest, highest]` for `between`; "
        "true or false for `is_null` and `is_empty`."
    )
    return request_object(
        {
            "field": field,
            "operator": ref("FilterOperator"),
            "value": {"description": about},
        },
        required=("field", "operator", "value"),
    )


def shared_schemas() -> dict[str, Schema]:
    """What the searches of all resources have in common."""
    return {"FilterOperator": described(enum(_WORDS), _operators_by_type()), "SortDirection": enum(DIRECTIONS)}


def _operators_by_type() -> str:
    lines = [f"{group.value}: {', '.join(f'`{word}`' for word in words)}" for group, words in OPERATORS.items()]
    return "By the type of the field. " + "; ".join(lines) + ". `is_null` only where the field may be null."


def batch_schemas(resource: Resource) -> dict[str, Schema]:
    """The bodies of the resource's batches."""
    name, found = noun(resource), {}
    if Kind.BATCH_CREATE in resource.kinds:
        found[f"{name}BatchCreate"] = _batch("items", ref(f"{name}Create"))
    if Kind.BATCH_UPSERT in resource.kinds:
        found[f"{name}BatchUpsert"] = _batch("items", ref(f"{name}Upsert"))
    if Kind.BATCH_GET in resource.kinds:
        found[f"{name}Ids"] = _batch("ids", request_schema(Id(resource.prefix)))
    if Kind.BATCH_UPDATE in resource.kinds:
        item = {
            "id": request_schema(Id(resource.prefix)),
            "patch": ref(f"{name}Update"),
            "if_match": described(
                {"type": ["string", "null"], "pattern": TAGS},
                "The record's `etag`: the item is refused with 412 when it is not the current one.",
            ),
        }
        found[f"{name}BatchUpdateItem"] = request_object(item, required=("id", "patch"))
        found[f"{name}BatchUpdate"] = _batch("items", ref(f"{name}BatchUpdateItem"))
    return found


def _batch(member: str, items: Schema) -> Schema:
    return request_object({member: array(items, low=1, high=MAX_BATCH_ITEMS)}, required=(member,))
