"""Records to search: some of every resource, whose values differ, are equal, nearly equal and absent."""

from collections.abc import Mapping
from typing import Any

import httpx

from tests.conformance.examples import Body, least, unique
from tests.conformance.world import World
from tests.spec.operations import SIX
from tests.spec.resources import MEMBERS, WITH_CUSTOM

SIZE = 18
LINES = ("Ada", "ada lovelace", "Ångström & Søn", "50%_off", "Zoë O'Neil", "50x off", None)
TEXTS = ("Prefers a call.\nBudget holder: CFO", "prefers É-mail", "100% <b>sure</b>", None)
DAYS = ("2024-02-29", "2024-03-01", "1999-12-31", None, "2026-09-30")
INSTANTS = ("2025-03-04T10:00:00Z", "2025-03-04T10:00:00.250Z", "2025-06-25T23:59:59Z", "2020-01-01T00:00:00Z")
NUMBERS = (0, 1, 540, 86400, None, 7)
TAGS = ([], ["VIP"], ["newsletter", "vip"], ["Ångström", "50%"], ["fair"])
MONEY = (("10.00", "GBP"), ("9.50", "GBP"), ("10.00", "GBP"), ("1500", "JPY"), (None, None), ("100.00", "GBP"))
PLACES = (
    {"city": "Bristol", "region": "Somerset", "postal_code": "BS1 4DB", "country": "GB"},
    {"city": "bristol", "country": "US"},
    {"line1": "Quay", "postal_code": "BS1"},
    None,
)
OWN: Mapping[str, tuple[Any, ...]] = {
    "text": LINES,
    "long_text": TEXTS,
    "number": (25, -1.5, 0, 10**12, None, 25.000001),
    "boolean": (True, False, None),
    "date": DAYS,
    "datetime": (*INSTANTS, None),
    "email": ("ada@a.example", "bob@a.example", None),
    "phone": ("+442079460958", "+12025550100", None),
    "url": ("https://a.example/", "http://b.example/A?b=1", None),
}


class Corpus:
    """The records of every resource, made in one call each, in the order of their internal ids."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._client = world.client
        self._records: dict[str, list[Body]] = {}
        self._definitions: dict[str, list[Body]] = {}
        self._targets = {name: [world.new(name) for _ in range(2)] for name in ("contacts", "companies", "deals")}
        users = world.client.get("/v1/users", params={"status": "active", "limit": "200"}).json()["data"]
        self._users = [world.id_of("users"), *(user["id"] for user in users if user["role"] == "manager")]

    def of(self, resource: str) -> list[Body]:
        """The records, as they are shown."""
        if resource not in self._records:
            bodies = [self._body(resource, number) for number in range(SIZE)]
            answer = self._client.post(f"/v1/{resource}/batch/create", json={"items": bodies})
            made = answer.json()["data"]
            assert [item["status"] for item in made] == [201] * SIZE, answer.text
            self._records[resource] = [item["data"] for item in made]
            assert resource in SIX
        return self._records[resource]

    def definitions(self, resource: str) -> list[Body]:
        """The business's own fields."""
        if resource not in self._definitions:
            params = {"resource": resource, "limit": "200"}
            self._definitions[resource] = self._client.get("/v1/custom_fields", params=params).json()["data"]
        return self._definitions[resource]

    def only(self, resource: str) -> Body:
        """The condition that keeps everyone else's records away."""
        return {"field": "id", "operator": "in", "value": [record["id"] for record in self.of(resource)]}

    def _body(self, resource: str, number: int) -> Body:
        body = least(resource, self._world)
        for place, row in enumerate(MEMBERS[resource]):
            pool = self._pool(row.kind, row.type)
            if row.write == "ro" or not pool:
                continue
            value = pool[(number + place) % len(pool)]
            if value is not None or row.null == "Y":
                body[row.name] = value
        body |= self._rest(resource, number)
        return {name: value for name, value in body.items() if value is not None or name in ("contact_id", "deal_id")}

    def _pool(self, kind: str, type_: str) -> tuple[Any, ...]:
        target = {"con": "contacts", "cmp": "companies", "deal": "deals"}.get(
            type_.partition("(")[2].split(",")[0].rstrip(")")
        )
        ids = tuple(record["id"] for record in self._targets[target]) if target else ()
        match kind:
            case "enum":
                return tuple(type_[5:-1].split(","))
            case "id" if target:
                return (*ids, None)
            case "id" if type_ == "id(usr)":
                return tuple(self._users)
            case "ids":
                return ([], [ids[0]], list(ids), [ids[1]])
        pools: dict[str, tuple[Any, ...]] = {
            "line": LINES,
            "text": TEXTS,
            "date": DAYS,
            "datetime": INSTANTS,
            "bool": (True, False),
            "int": NUMBERS,
            "tags": TAGS,
            "address": PLACES,
            "url": ("https://a.example/", "https://a.example/B", None),
            "domain": ("a.example", "b.a.example", None),
            "phone": ("+442079460958", "+12025550100", None),
        }
        return pools.get(kind, ())

    def _rest(self, resource: str, number: int) -> Body:
        """What depends on other members, or must not be twice."""
        rest: Body = {"external_id": unique("erp:") if number % 3 else None}
        if resource == "contacts":
            rest |= {
                "first_name": ("Ada", "Bob", "Zoë")[number % 3],
                "email": f"{unique()}@a.example" if number % 4 else None,
            }
        if resource in ("notes", "activities"):
            rest["company_id"] = self._targets["companies"][number % 2]["id"]
        if resource == "deals":
            amount, currency = MONEY[number % len(MONEY)]
            status = ("open", "won", "lost")[number % 3]
            closed = None if status == "open" else INSTANTS[number % len(INSTANTS)]
            reason = LINES[number % len(LINES)] if status == "lost" else None
            stages = self._world.one("pipelines")["stages"]
            rest |= {
                "title": f"{LINES[number % 6]} {number % 4}",
                "amount": amount,
                "currency": currency,
                "status": status,
            }
            rest |= {"closed_at": closed, "lost_reason": reason, "stage_id": stages[number % len(stages)]["id"]}
        if resource == "tasks":
            status = ("open", "completed")[number % 2]
            rest |= {"status": status, "completed_at": INSTANTS[number % 4] if status == "completed" else None}
            rest["due_at"] = INSTANTS[number % 4] if number % 5 else None
        if resource in WITH_CUSTOM:
            rest["custom_fields"] = self._own(resource, number)
        return rest

    def _own(self, resource: str, number: int) -> Body:
        own: Body = {}
        for place, row in enumerate(self.definitions(resource)):
            words = [option["value"] for option in row["options"]]
            pool = OWN.get(row["type"], ())
            if row["type"] == "select":
                pool = (*words, None)
            elif row["type"] == "multi_select":
                pool = (None, words[:1], words[1:], words)
            elif row["type"] == "user":
                pool = (*self._users, None)
            own[row["key"]] = pool[(number + place) % len(pool)]
        return {key: value for key, value in own.items() if value is not None}


def found(client: httpx.Client, resource: str, **body: Any) -> list[str]:
    """The ids that a search finds, all on one page."""
    answer = client.post(f"/v1/{resource}/search", params={"fields": "id"}, json=body | {"limit": 200})
    assert answer.status_code == 200, (body, answer.text)
    return [record["id"] for record in answer.json()["data"]]
