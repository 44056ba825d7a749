"""[pure] The rows: how each field of a resource is stored inside, made from its public type and a few differences."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from contract.resources import Resource
from contract.types import Address, CustomFields, Etag, FullName, Parts
from contract.vocabulary import Json
from transcoder.dialect.conversions import Conversion, conversion_of
from transcoder.dialect.custom_values import CUSTOM
from transcoder.dialect.from_internal import CompositeFields, RecordReader, StoredField
from transcoder.validation.declarations import DeclarationError


@dataclass(frozen=True, slots=True)
class ActionCall:
    """An action as a call: the path behind the record's own, what its body always holds, other names of its members.

    A null stands for a member that was not given, but for those in `cleared`: there it is told. `bad_state`: what a
    caller is told whose record is not in a state for it.
    """

    path: str
    body: Mapping[str, Json] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    cleared: tuple[str, ...] = ()
    bad_state: str = ""


@dataclass(frozen=True, slots=True)
class MappingOverrides:
    """What a resource does not share with the rule.

    `path`: its word in paths, `{parent}` where the number of the record above it goes. `names`: public name → internal
    one. `conversions`: of fields that are not stored as their type says. `actions`: a call for each. `parts`: the rows
    of the records that are shown inside it. `pages_by_offset`: it is listed whole, by offset, and cannot be queried.
    """

    path: str
    names: Mapping[str, str] = field(default_factory=dict)
    conversions: Mapping[str, Conversion] = field(default_factory=dict)
    actions: Mapping[str, ActionCall] = field(default_factory=dict)
    parts: Mapping[str, "ResourceMapping"] = field(default_factory=dict)
    pages_by_offset: bool = False


@dataclass(frozen=True, slots=True)
class ResourceMapping:
    """A resource inside: its plain fields by public name, address, parts and own fields, and the way back of names."""

    resource: Resource
    path: str
    fields: Mapping[str, StoredField]
    reader: RecordReader
    """How its records are read."""
    address: Mapping[str, str]
    """Member of the public address → internal field; empty where there is none."""
    address_name: str
    custom_name: str
    """The public member of the business's own fields; empty where there is none."""
    parts: Mapping[str, "ResourceMapping"]
    actions: Mapping[str, ActionCall]
    pages_by_offset: bool
    pointers: Mapping[str, tuple[str, ...]]
    """Internal field → the segments of its public pointer."""


_NOT_STORED = ("id", "deleted_at")
_NAMES = {"owner_id": "owner_user_id", "created_by_id": "created_by_user_id", "time_zone": "tz"}
"""Alike in every resource."""
_ACTIONS = {
    "add_tags": ActionCall("tags", names={"tags": "add"}),
    "remove_tags": ActionCall("tags", names={"tags": "remove"}),
}
"""Alike in every resource that has them."""


def _check_actions(resource: Resource, fields: Mapping[str, StoredField], actions: Mapping[str, ActionCall]) -> None:
    """Refuse an action that has no call here, or a member that is no plain field of the record and so has no name."""
    for action in resource.actions:
        at = f"{resource.name}.{action.name}"
        if action.name not in actions:
            raise DeclarationError(f"{at}: the dialect has no call for this action")
        for row in action.fields:
            if row.name not in fields:
                raise DeclarationError(f"{at}.{row.name}: a member of an action must be a plain field of the record")


def resource_mapping(resource: Resource, differences: MappingOverrides) -> ResourceMapping:
    """The rows of a resource: what its types say, but for the differences.

    Raises DeclarationError for an action whose body could not be written.
    """
    names = _NAMES | dict(differences.names)
    fields: dict[str, StoredField] = {}
    address: dict[str, str] = {}
    address_name = custom_name = ""
    for row in resource.fields:
        match row.type:
            case Etag() | FullName() | Parts():
                continue
            case Address(members=members):
                address, address_name = {member: f"{row.name}_{member}" for member, _ in members}, row.name
            case CustomFields():
                custom_name = row.name
            case _ if row.name not in _NOT_STORED:
                conversion = differences.conversions.get(row.name) or conversion_of(row.type)
                fields[row.name] = StoredField(names.get(row.name, row.name), row.nullable, conversion)
    pointers: dict[str, tuple[str, ...]] = {stored.internal: (public,) for public, stored in fields.items()}
    pointers |= {internal: (address_name, member) for member, internal in address.items()}
    pointers |= {name: (name,) for name in differences.parts}
    if custom_name:
        pointers[CUSTOM] = (custom_name,)
    actions = _ACTIONS | dict(differences.actions)
    _check_actions(resource, fields, actions)
    parts = {name: part.reader for name, part in differences.parts.items()}
    composed = CompositeFields(address, address_name, custom_name, parts)
    return ResourceMapping(
        resource=resource,
        path=differences.path,
        fields=fields,
        reader=RecordReader(resource, fields, composed),
        address=address,
        address_name=address_name,
        custom_name=custom_name,
        parts=differences.parts,
        actions=actions,
        pages_by_offset=differences.pages_by_offset,
        pointers=pointers,
    )
