"""A change of 2026-11-24."""

from contract.problems import ItemError
from contract.resources import DEAL, Field
from contract.versions.change import Body, Change, Members, NestedObject, move_error
from contract.vocabulary import Json

_MEMBERS = ("amount", "currency")
_FIELDS = {f"value.{name}": name for name in _MEMBERS}
_OLDER = {name: older for older, name in _FIELDS.items()}


class FlattenDealValue(Change):
    """`value.amount` and `value.currency` are now `amount` and `currency` of the deal itself."""

    resource = DEAL
    older = ("value", "value.amount", "value.currency")
    newer = _MEMBERS

    def forward(self, body: Body) -> tuple[Body, tuple[ItemError, ...]]:
        """The members of `value` in its place; null stands for both, `{}` for neither."""
        brought: Body = {}
        errors: list[ItemError] = []
        for name, given in body.items():
            if name == "value":
                brought |= self._members(given, errors)
            else:
                brought[name] = given
        return brought, tuple(errors)

    def _members(self, given: Json, errors: list[ItemError]) -> Body:
        if given is None:
            return dict.fromkeys(_MEMBERS)
        if not isinstance(given, dict):
            errors.append(ItemError("invalid-type", "Expected an object.", pointer="/value"))
            return {}
        for name in given:
            if name not in _MEMBERS:
                escaped = name.replace("~", "~0").replace("/", "~1")
                errors.append(ItemError("unknown-member", "There is no such member.", pointer=f"/value/{escaped}"))
        return {name: given[name] for name in given if name in _MEMBERS}

    def back(self, record: Body) -> Body:
        """Both members inside `value`, or null."""
        if "amount" not in record:
            return record
        value = None if record["amount"] is None else {name: record[name] for name in _MEMBERS}
        older = {
            "value" if name == "amount" else name: value if name == "amount" else held for name, held in record.items()
        }
        older.pop("currency", None)
        return older

    def members(self, newer: Members) -> Members:
        """An object of both in the place of the amount."""
        inside = tuple(row for row in newer if isinstance(row, Field) and row.name in _MEMBERS)
        value = NestedObject("value", inside, "What the deal is worth; null while nobody knows.")
        return tuple(value if row.name == "amount" else row for row in newer if row.name != "currency")

    def fields(self, name: str) -> tuple[str, ...]:
        """`value` stands for both."""
        return _MEMBERS if name == "value" else (name,)

    def field(self, name: str) -> str:
        """`value.amount` is `amount`."""
        return _FIELDS.get(name, name)

    def older_field(self, name: str) -> str:
        """`amount` was `value.amount`."""
        return _OLDER.get(name, name)

    def error(self, item: ItemError) -> ItemError:
        """Inside `/value`."""
        return move_error(item, {f"/{name}": f"/value/{name}" for name in _MEMBERS})
