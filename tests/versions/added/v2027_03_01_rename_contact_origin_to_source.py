"""A change of 2027-03-01, which the tests add to a copy of the project."""

from dataclasses import replace

from contract.problems import ItemError
from contract.resources import CONTACT
from contract.versions.change import Body, Change, Members, move_error, rename_member


class RenameContactOriginToSource(Change):
    """`origin` is now `source`."""

    resource = CONTACT
    older = ("origin",)
    newer = ("source",)

    def forward(self, body: Body) -> tuple[Body, tuple[ItemError, ...]]:
        return rename_member(body, "origin", "source"), ()

    def back(self, record: Body) -> Body:
        return rename_member(record, "source", "origin")

    def members(self, newer: Members) -> Members:
        return tuple(replace(row, name=self.older_field(row.name)) for row in newer)

    def fields(self, name: str) -> tuple[str, ...]:
        return (self.field(name),)

    def field(self, name: str) -> str:
        return "source" if name == "origin" else name

    def older_field(self, name: str) -> str:
        return "origin" if name == "source" else name

    def error(self, item: ItemError) -> ItemError:
        return move_error(item, {"/source": "/origin"})
