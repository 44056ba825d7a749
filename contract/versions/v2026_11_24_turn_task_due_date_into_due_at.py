"""A change of 2026-11-24."""

from dataclasses import replace

from contract.problems import ItemError
from contract.resources import TASK, Field
from contract.types import Date
from contract.versions.change import Body, Change, FilterCondition, Members, move_error, rename_member
from contract.vocabulary import Json

_FIRST = "T00:00:00Z"
_LAST = "T23:59:59.999Z"
_DUE = "T23:59:59Z"
_EDGES = {"gte": _FIRST, "lt": _FIRST, "gt": _LAST, "lte": _LAST}
_DAY = "2026-06-25"


def _at(day: Json, time: str) -> Json:
    # What is no string stays what it is, and is refused as that.
    return day + time if isinstance(day, str) else day


class TurnTaskDueDateIntoDueAt(Change):
    """`due_date`, a day, is now `due_at`, an instant; the day stood for its last second (UTC)."""

    resource = TASK
    older = ("due_date",)
    newer = ("due_at",)

    def forward(self, body: Body) -> tuple[Body, tuple[ItemError, ...]]:
        """A day becomes its last second."""
        brought = rename_member(body, "due_date", "due_at")
        if "due_date" in body:
            brought["due_at"] = _at(body["due_date"], _DUE)
        return brought, ()

    def back(self, record: Body) -> Body:
        """The UTC day of the instant."""
        if "due_at" not in record:
            return record
        older = rename_member(record, "due_at", "due_date")
        due_at = record["due_at"]
        older["due_date"] = None if due_at is None else due_at[:10]
        return older

    def members(self, newer: Members) -> Members:
        """A day in the place of the instant."""
        about = "The day that it is due, until its last second (UTC)."
        return tuple(
            replace(row, name="due_date", type=Date(example=_DAY), about=about)
            if isinstance(row, Field) and row.name == "due_at"
            else row
            for row in newer
        )

    def fields(self, name: str) -> tuple[str, ...]:
        """`due_date` stands for `due_at`."""
        return (self.field(name),)

    def field(self, name: str) -> str:
        """`due_date` is `due_at`."""
        return "due_at" if name == "due_date" else name

    def older_field(self, name: str) -> str:
        """`due_at` was `due_date`."""
        return "due_date" if name == "due_at" else name

    def condition(self, test: FilterCondition) -> FilterCondition:
        """A day is the span between its first and its last millisecond."""
        if test.field != "due_date":
            return test
        brought = replace(test, field="due_at")
        match test.operator:
            case "eq" | "neq":
                span = [_at(test.value, _FIRST), _at(test.value, _LAST)]
                return replace(brought, operator="between", value=span, negated=test.operator == "neq")
            case "between" if isinstance(test.value, list) and len(test.value) == 2:
                return replace(brought, value=[_at(test.value[0], _FIRST), _at(test.value[1], _LAST)])
            case str() as edge if edge in _EDGES:
                return replace(brought, value=_at(test.value, _EDGES[edge]))
        return brought

    def error(self, item: ItemError) -> ItemError:
        """At `/due_date`, where a malformed instant is a malformed day."""
        older = move_error(item, {"/due_at": "/due_date"})
        if older is item:
            return item
        if item.code == "invalid-datetime":
            older = replace(older, code="invalid-date", detail="Not a calendar day, YYYY-MM-DD.")
        return replace(older, example=_DAY)
