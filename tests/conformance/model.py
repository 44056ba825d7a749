"""What a search should find: the meaning of every operator, once more, over records as answers show them."""

import unicodedata
from datetime import datetime
from decimal import Decimal
from typing import Any

from tests.conformance.examples import Body


def value_of(record: Body, field: str) -> Any:
    """What a record has there; None for nothing."""
    top, _, rest = field.partition(".")
    if not rest:
        return record[field]
    return (record[top] or {}).get(rest)


def _comparable(value: Any, field: str, group: str) -> Any:
    if isinstance(value, list):
        return [_comparable(each, field, group) for each in value]
    if group == "num":
        return Decimal(str(value))
    if group == "time" and "T" in value:
        return datetime.fromisoformat(value)
    return value.lower() if group == "set" and field == "tags" else value


def _compares(operator: str, own: Any, value: Any) -> bool:
    match operator:
        case "eq":
            return bool(own == value)
        case "in":
            return own in value
        case "gt":
            return bool(own > value)
        case "gte":
            return bool(own >= value)
        case "lt":
            return bool(own < value)
        case "lte":
            return bool(own <= value)
        case "between":
            return bool(value[0] <= own <= value[1])
        case "contains":
            return value.lower() in own.lower()
        case "starts_with":
            return bool(own.lower().startswith(value.lower()))
    raise LookupError(operator)


def _holds_set(operator: str, own: list[Any], value: Any) -> bool:
    if operator == "is_empty":
        return (not own) is value
    wanted = set(value)
    if operator == "has_none":
        return not wanted & set(own)
    return bool(own) and (wanted <= set(own) if operator == "has_all" else bool(wanted & set(own)))


def holds(record: Body, condition: Body, groups: dict[str, str]) -> bool:
    """Whether a record meets a condition or a group; `groups`: of every field."""
    for word, test in (("any", any), ("all", all)):
        if word in condition:
            return test(holds(record, part, groups) for part in condition[word])
    if "not" in condition:
        return not holds(record, condition["not"], groups)
    field, operator, value = condition["field"], condition["operator"], condition["value"]
    group, own = groups[field], value_of(record, field)
    if group == "set":
        given = value if operator == "is_empty" else _comparable(value, field, group)
        return _holds_set(operator, _comparable(own or [], field, group), given)
    if operator == "is_null":
        return (own is None) is value
    if operator in ("neq", "not_in"):
        return not holds(record, condition | {"operator": {"neq": "eq", "not_in": "in"}[operator]}, groups)
    if own is None:
        return False
    return _compares(operator, _comparable(own, field, group), _comparable(value, field, group))


def words(text: str) -> list[str]:
    """Maximal runs of letters and digits, without case and accents."""
    plain = "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each)).lower()
    return "".join(each if each.isalnum() else " " for each in plain).split()


def speaks_of(record: Body, fields: list[str], text: str) -> bool:
    """Whether every word of the text begins a word of the fields."""
    own = [word for field in fields if record[field] for word in words(record[field])]
    return all(any(word.startswith(wanted) for word in own) for wanted in words(text))


def ordered(records: list[Body], field: str, *, descending: bool) -> list[str]:
    """The ids of records, given in the order of their internal ids, by a sort key; nulls last in both directions."""

    def key(record: Body) -> Any:
        own = value_of(record, field)
        if field == "amount":
            return Decimal(own)
        if isinstance(own, str):
            return datetime.fromisoformat(own) if own[4:5] == "-" and "T" in own else own.lower()
        return own

    some = [record for record in records if value_of(record, field) is not None]
    none = [record for record in records if value_of(record, field) is None]
    if descending:
        some, none = some[::-1], none[::-1]  # sorted() keeps the order of equals, in reverse too
    return [record["id"] for record in (*sorted(some, key=key, reverse=descending), *none)]
