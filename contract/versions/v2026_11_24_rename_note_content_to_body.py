"""A change of 2026-11-24."""

from dataclasses import replace

from contract.problems import ItemError
from contract.resources import NOTE
from contract.versions.change import Body, Change, Members, move_error, rename_member


class RenameNoteContentToBody(Change):
    """`content` is now `body`."""

    resource = NOTE
    older = ("content",)
    newer = ("body",)

    def forward(self, body: Body) -> tuple[Body, tuple[ItemError, ...]]:
        """`content` → `body`."""
        return rename_member(body, "content", "body"), ()

    def back(self, record: Body) -> Body:
        """`body` → `content`."""
        return rename_member(record, "body", "content")

    def members(self, newer: Members) -> Members:
        """The same under its older name."""
        return tuple(replace(row, name=self.older_field(row.name)) for row in newer)

    def fields(self, name: str) -> tuple[str, ...]:
        """`content` stands for `body`."""
        return (self.field(name),)

    def field(self, name: str) -> str:
        """`content` is `body`."""
        return "body" if name == "content" else name

    def older_field(self, name: str) -> str:
        """`body` was `content`."""
        return "content" if name == "body" else name

    def error(self, item: ItemError) -> ItemError:
        """At `/content`."""
        return move_error(item, {"/body": "/content"})
