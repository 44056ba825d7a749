"""[pure] Records inside: neutral values as the JSON of writes. The way back is `reading`'s."""

from contract.resources import Action
from contract.vocabulary import Json
from transcoder.backend.interface import Values
from transcoder.dialect.conversions import unchanged
from transcoder.dialect.custom_values import CUSTOM, NO_CUSTOM_FIELDS, CustomFields, write_custom_values
from transcoder.dialect.mapping import ResourceMapping


def to_fields(dialect: ResourceMapping, values: Values, own: CustomFields = NO_CUSTOM_FIELDS) -> dict[str, Json]:
    """The internal fields of neutral values; a null is a member left out."""
    return to_changes(dialect, values, own)[0]


def to_changes(
    dialect: ResourceMapping, values: Values, own: CustomFields = NO_CUSTOM_FIELDS
) -> tuple[dict[str, Json], list[str]]:
    """`set` and `unset` of a change; a null unsets, a null address all of its members."""
    put: dict[str, Json] = {}
    unset: list[str] = []
    for public, value in values.items():
        if public in dialect.fields:
            stored = dialect.fields[public]
            if value is None:
                unset.append(stored.internal)
            else:
                write = stored.conversion.write
                put[stored.internal] = value if write is unchanged else write(value)
        elif public == dialect.address_name:
            members = dict.fromkeys(dialect.address) if value is None else value
            for member, part in members.items():
                if part is None:
                    unset.append(dialect.address[member])
                else:
                    put[dialect.address[member]] = part
        elif public == dialect.custom_name:
            own_put, own_unset = write_custom_values(value, own)
            if own_put:
                put[CUSTOM] = own_put
            unset += own_unset
        else:
            put[public] = [to_fields(dialect.parts[public], part, own) for part in value]
    return put, unset


def to_action(dialect: ResourceMapping, action: Action, values: Values) -> tuple[str, dict[str, Json]]:
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
