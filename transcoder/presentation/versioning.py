"""[pure] Between a caller's version and today's: bodies, records, names, filters and error places of one resource."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from contract.problems import ItemError
from contract.resources import Resource
from contract.versions import VERSIONS, Version, changes_since
from contract.versions.change import Body, Change, FilterCondition
from contract.vocabulary import Json
from transcoder.validation.pointers import did_you_mean, in_document_order, pointer


@dataclass(frozen=True, slots=True)
class Translation:
    """What changed in a resource after the caller's version, oldest first; nothing for the newest version."""

    changes: tuple[Change, ...]

    def upgrade_body(self, body: Json) -> tuple[Json, tuple[ItemError, ...]]:
        """A body brought up to date, and its faults in the caller's words; to those today's names are unknown."""
        if not self.changes or not isinstance(body, dict):
            return body, ()
        errors: list[ItemError] = []
        brought: Body = dict(body)
        for place, change in enumerate(self.changes):
            for name in [name for name in change.newer if name in brought]:
                del brought[name]
                meant = did_you_mean(name, _members(change))
                errors.append(
                    ItemError("unknown-member", "There is no such member.", pointer=pointer(name), did_you_mean=meant)
                )
            brought, told = change.forward(brought)
            # A later change speaks of what the earlier ones have made of the caller's body.
            errors += map(Translation(self.changes[:place]).to_caller_error, told)
        return brought, tuple(errors)

    def downgrade_record(self, record: Body) -> Body:
        """Our record as the caller knows it."""
        for change in reversed(self.changes):
            record = change.back(record)
        return record

    def current_names(self, name: str) -> tuple[str, ...]:
        """Today's names for a name in `fields`; none for a name that the caller's version does not have."""
        names: tuple[str, ...] = (name,)
        for change in self.changes:
            if any(name in change.newer for name in names):
                return ()
            names = tuple(new for name in names for new in change.fields(name))
        return names

    def current_name(self, name: str) -> str | None:
        """Today's name of a filter field or sort key; None for one that the caller's version does not have."""
        for change in self.changes:
            if name in change.newer:
                return None
            name = change.field(name)
        return name

    def upgrade_condition(self, test: FilterCondition) -> FilterCondition | None:
        """A filter condition brought up to date; None when the caller's version has no such field."""
        for change in self.changes:
            if test.field in change.newer:
                return None
            test = change.condition(test)
        return test

    def to_caller_names(self, names: Sequence[str]) -> tuple[str, ...]:
        """Today's filter fields or sort keys, as the caller knows them."""
        for change in reversed(self.changes):
            names = [change.older_field(name) for name in names]
        return tuple(names)

    def to_caller_error(self, item: ItemError) -> ItemError:
        """An error at the place that the caller knows, in the caller's names."""
        for change in reversed(self.changes):
            if item.did_you_mean in change.newer:
                item = replace(item, did_you_mean=change.older[0])
            elif item.code == "unknown-member" and item.did_you_mean is None:
                # It was compared with today's names.
                item = replace(item, did_you_mean=did_you_mean((item.pointer or "")[1:], _members(change)))
            item = change.error(item)
        return item

    def to_caller_errors(
        self, items: Sequence[ItemError], told: Sequence[ItemError], body: Json
    ) -> tuple[ItemError, ...]:
        """`items` about today's body, and `told` about the caller's, in the order of the caller's body."""
        if not self.changes:
            return tuple(items)
        return in_document_order([*told, *(self.to_caller_error(item) for item in items)], body)


def _members(change: Change) -> list[str]:
    """What the older version calls members of a body; the others are names in filters."""
    return [name for name in change.older if "." not in name]


_NONE = Translation(())


def translations(
    version: Version, resources: Sequence[Resource], versions: tuple[Version, ...] = VERSIONS
) -> dict[Resource, Translation]:
    """The translation of each resource for callers of a version."""
    changes = changes_since(version, versions)
    return {
        resource: Translation(own)
        if (own := tuple(change for change in changes if change.resource is resource))
        else _NONE
        for resource in resources
    }
