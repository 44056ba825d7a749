"""[pure] Records and queries across the border: neutral values to internal JSON and back."""

from typing import Any

from contract.vocabulary import Json
from transcoder.dialect.rows import Dialect, Unreadable, flag, instant, integer, number, text
from transcoder.records import Condition, Query, Record, Values

_OPERATORS = {"eq": "=", "neq": "!=", "in": "in", "not_in": "!in", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_WITH_DELETED = {"exclude": 0, "include": 1, "only": 2}


def to_record(dialect: Dialect, row: Json) -> Record:
    """An internal record in neutral form; raises Unreadable when it is not of the known form."""
    if not isinstance(row, dict):
        raise Unreadable("a record was expected")
    values: dict[str, Any] = {}
    for public, stored in dialect.fields.items():
        value = row.get(stored.internal)
        if value is not None:
            values[public] = stored.read(value)
        elif not dialect.resource.field(public).nullable:
            raise Unreadable(f"{stored.internal} is missing")
    address = {member: row.get(internal) for member, internal in dialect.address.items()}
    if any(member is not None for member in address.values()):
        values[dialect.address_name] = {
            member: None if part is None else text(part) for member, part in address.items()
        }
    revision = integer(row.get("revision"))
    if revision < 1:
        raise Unreadable("a revision was expected")
    # `deleted_at` outlives an undelete.
    deleted_at_ms = instant(row.get("deleted_at")) if flag(row.get("is_deleted")) else None
    return Record(number(row.get("id")), revision, values, deleted_at_ms)


def to_fields(dialect: Dialect, values: Values) -> dict[str, Json]:
    """The internal fields of neutral values; a null is a member left out."""
    return to_changes(dialect, values)[0]


def to_changes(dialect: Dialect, values: Values) -> tuple[dict[str, Json], list[str]]:
    """`set` and `unset` of a change; a null unsets, a null address all of its members."""
    put: dict[str, Json] = {}
    unset: list[str] = []
    for public, value in values.items():
        if public == dialect.address_name:
            members = dict.fromkeys(dialect.address) if value is None else value
            for member, part in members.items():
                _change(put, unset, dialect.address[member], part)
            continue
        stored = dialect.fields[public]
        _change(put, unset, stored.internal, None if value is None else stored.write(value))
    return put, unset


def _change(put: dict[str, Json], unset: list[str], internal: str, value: Json) -> None:
    if value is None:
        unset.append(internal)
    else:
        put[internal] = value


def to_query(dialect: Dialect, query: Query) -> dict[str, Json]:
    """The body of a query call."""
    order = _internal_name(dialect, query.order_by)
    mark = "-" if query.descending else ""
    conditions = [_condition(dialect, condition) for condition in query.conditions]
    return {
        "where": {"all": conditions} if conditions else None,
        "sort": [f"{mark}{order}", f"{mark}id"],
        "limit": query.limit,
        "after_key": query.place,
        "with_deleted": _WITH_DELETED[query.deleted],
        "with_total": int(query.with_total),
    }


def _internal_name(dialect: Dialect, public: str) -> str:
    return public if public == "id" else dialect.fields[public].internal


def _condition(dialect: Dialect, condition: Condition) -> list[Json]:
    stored = dialect.fields.get(condition.field)
    value = condition.value if stored is None else stored.write(condition.value)
    return [_internal_name(dialect, condition.field), _OPERATORS[condition.operator], value]
