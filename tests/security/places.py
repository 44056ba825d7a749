"""Every place in a request where an id of a record may stand, for every operation, with a request that fills it.

Owns the list, made from the documentation's tables; must not know whose ids are put there.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from tests.conformance.calls import good
from tests.conformance.examples import Body
from tests.conformance.world import Request, World
from tests.spec.operations import ITEM_NAMES, OF_RECORDS, PREFIXES, Promised
from tests.spec.resources import LIST_FILTERS, MEMBERS, OPERATORS, Member

NAMED = tuple(name for name in PREFIXES if name != "custom_fields")
"""The resources whose records a request can name; only the first business has definitions of custom fields."""
_OF_PREFIX = {prefix: resource for resource, prefix in PREFIXES.items()}
_IN_BODY = ("create", "update", "upsert", "batch_create", "batch_update", "batch_upsert")
_GROUPS = ("plain", "any", "all", "not")


class Place(NamedTuple):
    """Where an id of `names` stands: what is asked with it, by whom."""

    operation: Promised
    where: str
    names: str
    ask: Callable[[World, str], Request]

    @property
    def title(self) -> str:
        return f"{self.operation.id} {self.where}"


def places() -> Iterator[Place]:
    """All of them."""
    for row in OF_RECORDS:
        yield from _in_path(row)
        yield from _in_query(row)
        yield from _in_search(row)
        yield from _in_body(row)
        yield from _in_batch(row)


def _target(member: Member) -> str | None:
    """The resource that a member names."""
    kind, _, limits = member.type.partition("(")
    return _OF_PREFIX[limits.rstrip(")").partition(",")[0]] if kind in ("id", "ids") else None


def _references(resource: str) -> Iterator[tuple[Member, str]]:
    for member in MEMBERS[resource]:
        target = _target(member)
        if target:
            yield member, target


def _in_path(row: Promised) -> Iterator[Place]:
    for resource, name in ITEM_NAMES.items():
        if f"{{{name}}}" in row.path:

            def ask(world: World, other: str, resource: str = resource) -> Request:
                request = good(row, world)
                own = world.one("stages")["pipeline_id"] if resource == "pipelines" else world.id_of(resource)
                return request.but(path=request.path.replace(str(own), other))

            yield Place(row, f"path {name}", resource, ask)


def _in_query(row: Promised) -> Iterator[Place]:
    if row.act != "list" or row.resource in ("custom_fields", "requests"):
        return

    def by(name: str) -> Callable[[World, str], Request]:
        return lambda world, other: good(row, world).but(params=((name, other),))

    if row.resource not in ("personal_access_tokens", "apps"):
        yield Place(row, "query ids", row.resource, by("ids"))
    for name in LIST_FILTERS[row.resource]:
        if name.endswith("_id") and name != "external_id":
            resource = "users" if name in ("owner_id", "user_id") else f"{name.removesuffix('_id')}s"
            yield Place(row, f"query {name}", resource.replace("companys", "companies"), by(name))


def _in_search(row: Promised) -> Iterator[Place]:
    if row.act != "search" or row.resource not in NAMED:
        return
    for member, target in _references(row.resource):
        for operator in OPERATORS.get(member.group or "", ()):
            if operator not in ("is_null", "is_empty"):
                many = operator in ("in", "not_in") or operator.startswith("has_")

                def ask(
                    world: World, other: str, many: bool = many, name: str = member.name, op: str = operator
                ) -> Request:
                    condition = {"field": name, "operator": op, "value": [other] if many else other}
                    return good(row, world).but(json={"filters": [condition], "limit": 1})

                yield Place(row, f"filter {member.name} {operator}", target, ask)
        for group in _GROUPS[1:]:

            def within(world: World, other: str, group: str = group, name: str = member.name) -> Request:
                condition = {"field": name, "operator": "eq", "value": other}
                value = condition if group == "not" else [condition]
                return good(row, world).but(json={"filters": [{group: value}], "limit": 1})

            if member.group == "id":
                yield Place(row, f"filter {member.name} {group}", target, within)


def _in_body(row: Promised) -> Iterator[Place]:
    if row.act not in _IN_BODY and row.act != "move":
        return
    members = [("stage_id", "stages", False)] if row.act == "move" else _written(row.resource)
    for name, target, many in members:

        def ask(world: World, other: str, name: str = name, many: bool = many) -> Request:
            request = good(row, world)
            return request.but(json=_filled(request.json, {name: [other] if many else other}))

        yield Place(row, f"body {name}", target, ask)


def _written(resource: str) -> Iterator[tuple[str, str, bool]]:
    """Read-only ones too: who sends them learns nothing either."""
    return ((member.name, target, member.kind == "ids") for member, target in _references(resource))


def _filled(body: Body, more: Body) -> Body:
    """The record in a body, an item's or a patch's too, with more members."""
    if "items" in body:
        return {"items": [_filled(item, more) for item in body["items"]]}
    if "patch" in body:
        return body | {"patch": body["patch"] | more}
    return body | more


def _in_batch(row: Promised) -> Iterator[Place]:
    if row.act in ("batch_get", "batch_delete"):
        yield Place(row, "item", row.resource, lambda world, other: good(row, world).but(json={"ids": [other]}))
    if row.act == "batch_update":

        def ask(world: World, other: str) -> Request:
            request = good(row, world)
            return request.but(json={"items": [item | {"id": other} for item in request.json["items"]]})

        yield Place(row, "item", row.resource, ask)
