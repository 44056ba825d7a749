"""[pure] Records across the border: internal JSON to neutral values and back."""

from functools import partial
from typing import Any

from contract.resources import Action
from contract.vocabulary import Json
from transcoder.dialect.conversions import Unreadable, array, flag, instant, integer, number, text
from transcoder.dialect.own_fields import CUSTOM, NO_OWN_FIELDS, OwnFields, read_own, write_own
from transcoder.dialect.rows import Dialect
from transcoder.records import Record, Values


def to_record(dialect: Dialect, row: Json, own: OwnFields = NO_OWN_FIELDS) -> Record:
    """An internal record in neutral form; raises Unreadable when it is not of the known form."""
    if not isinstance(row, dict):
        raise Unreadable("a record was expected")
    values: dict[str, Any] = {}
    get = row.get
    for public, internal, read, nullable in dialect.reading:
        value = get(internal)
        if value is not None:
            values[public] = read(value)
        elif not nullable:
            raise Unreadable(f"{internal} is missing")
    if dialect.address:
        address = {member: get(internal) for member, internal in dialect.address.items()}
        if any(member is not None for member in address.values()):
            values[dialect.address_name] = {
                member: None if part is None else text(part) for member, part in address.items()
            }
    if dialect.custom_name:
        values[dialect.custom_name] = read_own(row.get(CUSTOM, []), own)
    for public, part in dialect.parts.items():
        values[public] = array(row.get(public), partial(to_record, part, own=own))
    _check_money(dialect, values)
    revision = integer(row.get("revision"))
    if revision < 1:
        raise Unreadable("a revision was expected")
    return Record(number(row.get("id")), revision, values, _deleted_at_ms(dialect, row))


def _check_money(dialect: Dialect, values: Values) -> None:
    money = dialect.resource.money
    if money is not None and (money.amount in values) != (money.currency in values):
        raise Unreadable("an amount and its currency were expected, or neither")


def _deleted_at_ms(dialect: Dialect, row: dict[str, Json]) -> int | None:
    """`deleted_at` outlives an undelete; `is_deleted` decides."""
    if not dialect.resource.deletable or not flag(row.get("is_deleted")):
        return None
    return instant(row.get("deleted_at"))


def to_fields(dialect: Dialect, values: Values, own: OwnFields = NO_OWN_FIELDS) -> dict[str, Json]:
    """The internal fields of neutral values; a null is a member left out."""
    return to_changes(dialect, values, own)[0]


def to_changes(dialect: Dialect, values: Values, own: OwnFields = NO_OWN_FIELDS) -> tuple[dict[str, Json], list[str]]:
    """`set` and `unset` of a change; a null unsets, a null address all of its members."""
    put: dict[str, Json] = {}
    unset: list[str] = []
    for public, value in values.items():
        if public == dialect.address_name:
            members = dict.fromkeys(dialect.address) if value is None else value
            for member, part in members.items():
                _change(put, unset, dialect.address[member], part)
        elif public == dialect.custom_name:
            own_put, own_unset = write_own(value, own)
            if own_put:
                put[CUSTOM] = own_put
            unset += own_unset
        elif public in dialect.parts:
            put[public] = [to_fields(dialect.parts[public], part, own) for part in value]
        else:
            stored = dialect.fields[public]
            _change(put, unset, stored.internal, None if value is None else stored.conversion.write(value))
    return put, unset


def _change(put: dict[str, Json], unset: list[str], internal: str, value: Json) -> None:
    if value is None:
        unset.append(internal)
    else:
        put[internal] = value


def to_action(dialect: Dialect, action: Action, values: Values) -> tuple[str, dict[str, Json]]:
    """The path behind the record's own, and the body, of an action."""
    call = dialect.actions[action.name]
    body = dict(call.body)
    for public, value in values.items():
        stored = dialect.fields[public]
        name = call.names.get(public, stored.internal)
        if value is not None:
            body[name] = stored.conversion.write(value)
        elif public in call.cleared:
            body[name] = None
    return call.path, body
