"""POST …/query: what it finds, in which order, page by page."""

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.filters import condition
from sandbox.query_strategy import Ways
from sandbox.tables import TABLES
from tests.sandbox.crm import Crm, fresh

Record = dict[str, Any]

LAST_NAMES = ["Zeta", "ångström", "Ångström", "alpha", None, "Alpha", "alpha beta", None, "100%", "a_b", "Émile"]
PHONES = [None, "+442079460958", "+15550100200"]
TAGS = [[], ["VIP"], ["vip", "News"], ["news"]]


@pytest.fixture(scope="module")
def marker() -> str:
    return fresh("queries")


@pytest.fixture
async def people(crm: Crm, marker: str) -> list[Record]:
    """Eleven contacts that differ in everything a query asks for; made once, told apart by their `source`."""
    found = await crm.ok("POST", "contacts/query", {"where": ["source", "=", marker], "sort": ["id"], "limit": 200})
    if found:
        return list(found)
    made = []
    for n, last_name in enumerate(LAST_NAMES):
        fields = {"last_name": last_name, "phone": PHONES[n % 3], "birth_date": f"19{50 + n}-01-01" if n % 4 else None}
        given = {name: value for name, value in fields.items() if value is not None}
        extra = {"lifecycle_code": n % 4 + 1, "dnd": n % 2, "tags": TAGS[n % 4], "source": marker}
        made.append(await crm.contact(**given, **extra))
    return made


def folded(record: Record, name: str) -> str | None:
    value = record.get(name)
    return None if value is None else str(value).lower()


CONDITIONS: dict[str, tuple[list[object], Callable[[Record], bool]]] = {
    "= is exact about case": (["last_name", "=", "Alpha"], lambda r: r.get("last_name") == "Alpha"),
    "!= finds nulls": (["last_name", "!=", "Alpha"], lambda r: r.get("last_name") != "Alpha"),
    "in": (["last_name", "in", ["Alpha", "Zeta"]], lambda r: r.get("last_name") in ("Alpha", "Zeta")),
    "!in finds nulls": (["last_name", "!in", ["Alpha", "Zeta"]], lambda r: r.get("last_name") not in ("Alpha", "Zeta")),
    "~ ignores case": (["last_name", "~", "ALPHA"], lambda r: "alpha" in (folded(r, "last_name") or "")),
    "~ ignores case of any letter": (
        ["last_name", "~", "NGSTRÖM"],
        lambda r: "ngström" in (folded(r, "last_name") or ""),
    ),
    "~ takes % as it is": (["last_name", "~", "0%"], lambda r: "0%" in (folded(r, "last_name") or "")),
    "~ takes _ as it is": (["last_name", "~", "_"], lambda r: "_" in (folded(r, "last_name") or "")),
    "^ ignores case": (["last_name", "^", "Å"], lambda r: (folded(r, "last_name") or "").startswith("å")),
    "null": (["last_name", "null", True], lambda r: "last_name" not in r),
    "not null": (["phone", "null", 0], lambda r: "phone" in r),
    "> on days": (["birth_date", ">", "1955-01-01"], lambda r: r.get("birth_date", "") > "1955-01-01"),
    ".. has both ends": (
        ["birth_date", "..", ["1951-01-01", "1953-01-01"]],
        lambda r: "1951-01-01" <= r.get("birth_date", "") <= "1953-01-01",
    ),
    "a code": (["lifecycle_code", "!=", 2], lambda r: r["lifecycle_code"] != 2),
    "a flag": (["dnd", "=", 1], lambda r: r["dnd"] == 1),
    "any ignores case": (["tags", "any", ["Vip", "gone"]], lambda r: "vip" in map(str.lower, r["tags"])),
    "all": (["tags", "all", ["VIP", "news"]], lambda r: {"vip", "news"} <= set(map(str.lower, r["tags"]))),
    "all, with one twice": (["tags", "all", ["VIP", "vip"]], lambda r: "vip" in map(str.lower, r["tags"])),
    "none finds empty sets": (["tags", "none", ["news"]], lambda r: "news" not in map(str.lower, r["tags"])),
    "empty": (["tags", "empty", True], lambda r: not r["tags"]),
    "not empty": (["tags", "empty", 0], lambda r: bool(r["tags"])),
}


@pytest.mark.parametrize(("leaf", "holds"), CONDITIONS.values(), ids=CONDITIONS.keys())
async def test_a_condition_finds_what_it_says_and_its_not_the_rest(
    crm: Crm, people: list[Record], marker: str, leaf: list[object], holds: Callable[[Record], bool]
) -> None:
    ours = ["source", "=", marker]
    expected = [person["id"] for person in people if holds(person)]
    assert 0 < len(expected) < len(people)
    assert await crm.ids({"all": [ours, leaf]}) == expected
    rest = [person["id"] for person in people if not holds(person)]
    assert await crm.ids({"all": [ours, {"not": leaf}]}) == rest
    assert await crm.ids({"all": [ours, {"not": {"not": leaf}}]}) == expected


async def test_groups_nest_and_not_reaches_through_them(crm: Crm, people: list[Record], marker: str) -> None:
    either = {"any": [["phone", "null", True], {"all": [["dnd", "=", 1], ["lifecycle_code", "in", [2]]]}]}

    def holds(person: Record) -> bool:
        return "phone" not in person or (person["dnd"] == 1 and person["lifecycle_code"] == 2)

    ours = ["source", "=", marker]
    assert await crm.ids({"all": [ours, either]}) == [p["id"] for p in people if holds(p)]
    assert await crm.ids({"all": [ours, {"not": either}]}) == [p["id"] for p in people if not holds(p)]


async def test_an_empty_all_finds_everything_and_an_empty_any_nothing(
    crm: Crm, people: list[Record], marker: str
) -> None:
    ours = ["source", "=", marker]
    assert len(await crm.ids({"all": [ours, {"all": []}]})) == len(people)
    assert await crm.ids({"all": [ours, {"any": []}]}) == []


BAD_QUERIES = {
    "an unknown field": {"where": ["nickname", "=", "x"]},
    "a field that is not for filters": {"where": ["revision", "=", 1]},
    "an operator of another kind": {"where": ["tags", "=", "VIP"]},
    "an unknown operator": {"where": ["last_name", "like", "x"]},
    "a value of another type": {"where": ["lifecycle_code", "=", "1"]},
    "a number that no column holds": {"where": ["id", "=", 2**63]},
    "an empty in": {"where": ["last_name", "in", []]},
    "an in of 201 values": {"where": ["id", "in", list(range(201))]},
    "a group of two kinds": {"where": {"any": [], "all": []}},
    "a tree without end": {"where": json.loads('{"not":' * 40 + "null" + "}" * 40)},
    "a tree of 500 conditions": {"where": {"all": [["dnd", "=", 1]] * 500}},
    "an order that is not offered": {"sort": ["job_title", "id"]},
    "an order of two directions": {"sort": ["-created_at", "id"]},
    "a page of 0": {"limit": 0},
    "a page of 201": {"limit": 201},
    "a key and a place": {"after_key": "x", "after": [1, 1]},
    "an unknown member": {"page": 2},
}


@pytest.mark.parametrize("body", BAD_QUERIES.values(), ids=BAD_QUERIES.keys())
async def test_a_query_is_a_callers_mistake_with(crm: Crm, body: object) -> None:
    status, answer = await crm.raw("POST", "contacts/query", body)
    assert (status, list(answer)) == (400, ["message"])


def in_order(people: list[Record], name: str, *, descending: bool) -> list[int]:
    """Nulls last in both directions, strings by code point once lower-cased, ties by id in the same direction."""
    filled = [person for person in people if name in person]
    blank = [person for person in people if name not in person]

    def value(person: Record) -> tuple[object, int]:
        return (person[name].lower() if isinstance(person[name], str) else person[name], person["id"])

    filled.sort(key=value, reverse=descending)
    blank.sort(key=lambda person: int(person["id"]), reverse=descending)
    return [person["id"] for person in filled + blank]


@pytest.mark.parametrize("limit", [1, 3, 11])
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("name", ["id", "last_name", "email", "created_at", "updated_at"])
async def test_pages_join_to_the_whole_in_order(
    crm: Crm, people: list[Record], marker: str, name: str, descending: bool, limit: int
) -> None:
    sign = "-" if descending else ""
    body: Record = {"where": ["source", "=", marker], "sort": [f"{sign}{name}", f"{sign}id"], "limit": limit}
    body |= {"with_total": 1}
    found: list[int] = []
    for _ in range(len(people) + 1):
        answer = await crm.say("POST", "contacts/query", body)
        found += [record["id"] for record in answer["result"]]
        paging = answer["paging"]
        assert (paging["limit"], paging["total"]) == (limit, len(people))
        assert paging["has_more"] is (paging["next_key"] is not None)
        if not paging["has_more"]:
            break
        body["after_key"] = paging["next_key"]
    assert found == in_order(people, name, descending=descending)


async def test_what_comes_and_goes_between_pages_moves_nothing_else(crm: Crm) -> None:
    source = fresh("paged")
    first, second, third = [(await crm.contact(source=source, last_name=name))["id"] for name in "bdf"]
    body = {"where": ["source", "=", source], "sort": ["last_name"], "limit": 2}
    page = await crm.say("POST", "contacts/query", body)
    assert [record["id"] for record in page["result"]] == [first, second]
    await crm.ok("DELETE", f"contacts/{second}")
    await crm.contact(source=source, last_name="a")
    new = (await crm.contact(source=source, last_name="e"))["id"]
    assert await crm.ids(body["where"], sort=["last_name"], after_key=page["paging"]["next_key"]) == [new, third]


async def test_a_key_of_another_order_is_refused(crm: Crm, people: list[Record], marker: str) -> None:
    where = ["source", "=", marker]
    page = await crm.say("POST", "contacts/query", {"where": where, "sort": ["last_name"], "limit": 1})
    key = page["paging"]["next_key"]
    for sort, bad in ((["-last_name"], key), (["email"], key), (["last_name"], key[:-3]), (["last_name"], "ключ")):
        refusal = await crm.no("POST", "contacts/query", {"where": where, "sort": sort, "after_key": bad})
        assert refusal["error_code"] == "E_BAD_KEY"


async def test_a_bookmark_starts_behind_any_place_and_with_id_0_ahead_of_it(crm: Crm) -> None:
    source = fresh("bookmarked")
    one, two, three = [await crm.contact(source=source) for _ in range(3)]
    where, sort = ["source", "=", source], ["updated_at", "id"]
    assert await crm.ids(where, sort=sort, after=[two["updated_at"], two["id"]]) == [three["id"]]
    assert await crm.ids(where, sort=sort, after=[two["updated_at"], 0]) == [two["id"], three["id"]]
    await crm.ok("PUT", f"contacts/{one['id']}", {"set": {"job_title": "Buyer"}})
    after = [three["updated_at"], three["id"]]
    assert await crm.ids(where, sort=sort, after=after) == [one["id"]]


async def test_deleted_records_are_left_out_included_or_alone(crm: Crm) -> None:
    source = fresh("deleted")
    live, dead = [(await crm.contact(source=source))["id"] for _ in range(2)]
    await crm.ok("DELETE", f"contacts/{dead}")
    where = ["source", "=", source]
    assert await crm.ids(where) == [live]
    assert await crm.ids(where, with_deleted=1) == [live, dead]
    assert await crm.ids(where, with_deleted=2) == [dead]


async def test_a_business_never_finds_anothers_records(crm: Crm) -> None:
    theirs = crm.but(business=2, user=23)
    source = fresh("mine")
    contact = await crm.contact(source=source, tags=[source])
    for where in (["id", "=", contact["id"]], ["source", "=", source], ["tags", "any", [source]], None):
        assert contact["id"] not in await theirs.ids(where, with_deleted=1)
    assert (await theirs.no("GET", f"contacts/{contact['id']}"))["error_code"] == "E_NOT_FOUND"
    for method, body in (("PUT", {"set": {"dnd": 1}}), ("DELETE", None)):
        refusal = await theirs.but(permissions=("contacts:write_all", "contacts:delete_all")).no(
            method, f"contacts/{contact['id']}", body
        )
        assert refusal["error_code"] == "E_NOT_FOUND"


async def test_a_record_has_all_of_as_many_items_as_are_asked_for(crm: Crm) -> None:
    tags = [f"T{n}" for n in range(50)]
    full, short = [(await crm.contact(tags=some))["id"] for some in (tags, tags[:49])]
    ours = ["id", "in", [full, short]]
    for wanted, found in (
        (tags, [full]),
        (tags[:49], [full, short]),
        (tags[:49] * 4, [full, short]),
        ([tag.lower() for tag in tags], [full]),
        ([*tags, "one more"], []),
    ):
        leaf, others = ["tags", "all", wanted], [one for one in (full, short) if one not in found]
        assert await crm.ids({"all": [ours, leaf]}) == found
        assert await crm.ids({"all": [ours, {"not": leaf}]}) == others


def test_the_longest_condition_asks_few_queries_ahead() -> None:
    leaf, ways = ["tags", "all", [f"t{n}" for n in range(200)]], Ways()
    condition({"all": [leaf] * 50}, TABLES["contacts"], 1, ways=ways)
    assert len(ways.asked) == 50 * 4


async def test_users_come_by_offset_and_with_a_total(crm: Crm) -> None:
    pages = [await crm.say("GET", f"users?limit=2&offset={offset}&with_deleted=0") for offset in (0, 2, 4)]
    assert [user["id"] for user in itertools.chain(*(page["result"] for page in pages))] == [11, 12, 13, 14, 15]
    assert pages[1]["paging"] == {"limit": 2, "offset": 2, "total": 5}
    user = await crm.ok("GET", "users/15")
    assert (user["is_active"], user["role_code"], user["revision"]) == (0, 3, 1)
    assert (await crm.no("GET", "users/21"))["error_code"] == "E_NOT_FOUND"


async def test_the_profile_is_the_callers_business_and_user(crm: Crm) -> None:
    profile = await crm.but(user=14).ok("GET", "profile")
    assert profile["business"] == {
        "id": 1, "name": "Acme Brokers", "plan_code": 2, "default_currency": "GBP", "tz": "Europe/London"
    }  # fmt: skip
    assert profile["user"]["id"] == 14
    assert "tz" not in profile["user"]


async def test_an_empty_database_begins_with_companies_and_contacts_of_each_business(crm: Crm) -> None:
    for user in (crm, crm.but(business=2, user=23)):
        for resource, at_least in (("companies", 6), ("contacts", 30)):
            paging = (await user.say("POST", f"{resource}/query", {"with_total": 1}))["paging"]
            assert paging["total"] >= at_least
