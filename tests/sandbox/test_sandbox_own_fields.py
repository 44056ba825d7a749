"""A business's own fields: every type is kept, checked, changed one by one, and searched."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.sandbox.crm import INACTIVE, MANAGER, NOWHERE, STRANGER, Crm, fresh, said

Record = dict[str, Any]
ALL_OPTIONS = [1, 2, 3]
GOOD: dict[str, list[Any]] = {
    "nickname": ["Ada", "ada", "O'Neill 100%"],
    "background": ["Two\nlines.", "x"],
    "seats": [25, 0, -3, 0.5, 1234.123456, 10**12, -(10**12)],
    "newsletter_consent": [0, 1],
    "consent_date": ["2026-06-17"],
    "last_webinar_at": [0, 1_781_769_912_250],
    "loyalty_tier": [1, 3],
    "interests": [[2], [3, 1]],
    "private_email": ["ada@northwind.example"],
    "mobile": ["+447900000000"],
    "profile_url": ["https://n.example/ada"],
    "account_manager": [MANAGER],
}
BAD: list[tuple[str, Any, str]] = [
    ("nickname", "x" * 256, "LEN_MAX"),
    ("nickname", "a\nb", "FORMAT"),
    ("nickname", 1, "TYPE"),
    ("nickname", None, "NULL"),
    ("background", " ", "LEN_MIN"),
    ("seats", "25", "TYPE"),
    ("seats", True, "TYPE"),
    ("seats", 10**12 + 1, "RANGE"),
    ("seats", 0.1234567, "DECIMALS"),
    ("newsletter_consent", 2, "TYPE"),
    ("consent_date", "2026-02-30", "FORMAT"),
    ("last_webinar_at", -1, "RANGE"),
    ("loyalty_tier", 4, "ENUM"),
    ("loyalty_tier", "gold", "TYPE"),
    ("interests", [1, 4], "ENUM"),
    ("interests", [1, 1], "DUP_ITEM"),
    ("interests", 1, "TYPE"),
    ("private_email", "ada@", "FORMAT"),
    ("mobile", "0790", "FORMAT"),
    ("profile_url", "ftp://n.example", "FORMAT"),
    ("account_manager", "13", "TYPE"),
]


@pytest.fixture
async def numbers(crm: Crm) -> dict[str, int]:
    """The ids of the contacts' own fields, by key."""
    found = await crm.ok("GET", "field_defs?limit=200&offset=0")
    return {row["key"]: row["id"] for row in found if row["resource"] == "contacts"}


def entries(numbers: dict[str, int], **values: Any) -> list[Record]:
    return [{"field_id": numbers[key], "value": value} for key, value in values.items()]


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in GOOD.items() for value in values])
async def test_a_value_is_kept_as_it_is(crm: Crm, numbers: dict[str, int], key: str, value: Any) -> None:
    contact = await crm.contact(custom=entries(numbers, **{key: value}))
    assert contact["custom"] == entries(numbers, **{key: value})
    assert (await crm.ok("GET", f"contacts/{contact['id']}"))["custom"] == contact["custom"]
    name, kind = f"custom.{numbers[key]}", isinstance(value, list)
    if key != "background":
        leaf = [name, "all", value] if kind else [name, "=", value]
        assert contact["id"] in await crm.ids({"all": [leaf, ["id", "=", contact["id"]]]})


@pytest.mark.parametrize(("key", "value", "rule"), BAD)
async def test_a_value_is_refused(crm: Crm, numbers: dict[str, int], key: str, value: Any, rule: str) -> None:
    custom = entries(numbers, **{key: value})
    answer = ("E_VALIDATION", f"custom.{numbers[key]}", rule)
    assert said(await crm.no("POST", "contacts", {"first_name": "A", "custom": custom})) == answer
    contact = await crm.contact()
    assert said(await crm.no("PUT", f"contacts/{contact['id']}", {"set": {"custom": custom}})) == answer


async def test_only_the_fields_that_are_named_change(crm: Crm, numbers: dict[str, int]) -> None:
    contact = await crm.contact(custom=entries(numbers, nickname="Ad", seats=5, interests=[1]))
    path = f"contacts/{contact['id']}"
    body = {"set": {"custom": entries(numbers, seats=7)}, "unset": [f"custom.{numbers['nickname']}"]}
    after = await crm.ok("PUT", path, body)
    assert (after["custom"], after["revision"]) == (entries(numbers, seats=7, interests=[1]), 2)
    assert await crm.ok("PUT", path, body) == after
    gone = await crm.ok("PUT", path, {"set": {"custom": entries(numbers, interests=[])}})
    assert gone["custom"] == entries(numbers, seats=7)
    assert await crm.ids({"all": [["id", "=", contact["id"]], [f"custom.{numbers['nickname']}", "null", 1]]})
    assert not await crm.ids({"all": [["id", "=", contact["id"]], [f"custom.{numbers['interests']}", "empty", 0]]})


async def test_a_user_has_to_be_active_when_named_first(crm: Crm, numbers: dict[str, int]) -> None:
    contact = await crm.contact()
    for user in (NOWHERE, STRANGER, INACTIVE):
        body = {"set": {"custom": entries(numbers, account_manager=user)}}
        refusal = await crm.no("PUT", f"contacts/{contact['id']}", body)
        assert said(refusal) == ("E_BAD_REF", f"custom.{numbers['account_manager']}", None)


async def test_a_field_of_another_resource_or_business_is_unknown(crm: Crm) -> None:
    deals = next(row for row in await crm.ok("GET", "field_defs") if row["resource"] == "deals")
    theirs = (await crm.but(business=2, user=STRANGER).ok("GET", "field_defs"))[0]
    for number in (deals["id"], theirs["id"], NOWHERE):
        custom = [{"field_id": number, "value": 1}]
        refusal = await crm.no("POST", "contacts", {"first_name": "A", "custom": custom})
        assert said(refusal) == ("E_VALIDATION", f"custom.{number}", "UNKNOWN")
        assert (await crm.raw("POST", "contacts/query", {"where": [f"custom.{number}", "null", 1]}))[0] == 400


SEATS: list[int | float | None] = [None, -1, 0, 2.5, 10, 25]
CONDITIONS: dict[str, tuple[str, str, Any, Callable[[Record], bool]]] = {
    "=": ("seats", "=", 2.5, lambda r: r["seats"] == 2.5),
    "!= finds none": ("seats", "!=", 10, lambda r: r["seats"] != 10),
    "in": ("seats", "in", [0, 25], lambda r: r["seats"] in (0, 25)),
    "!in finds none": ("seats", "!in", [0, 25], lambda r: r["seats"] not in (0, 25)),
    ">": ("seats", ">", 2.4, lambda r: r["seats"] is not None and r["seats"] > 2.4),
    "<=": ("seats", "<=", 0, lambda r: r["seats"] is not None and r["seats"] <= 0),
    "..": ("seats", "..", [0, 10], lambda r: r["seats"] is not None and 0 <= r["seats"] <= 10),
    "null": ("seats", "null", 1, lambda r: r["seats"] is None),
    "not null": ("seats", "null", 0, lambda r: r["seats"] is not None),
    "~ ignores case": ("nickname", "~", "DA 1", lambda r: "da 1" in (r["nickname"] or "").lower()),
    "^": ("nickname", "^", "ada", lambda r: (r["nickname"] or "").lower().startswith("ada")),
    "exact about case": ("nickname", "=", "ada 1", lambda r: r["nickname"] == "ada 1"),
    "an option": ("loyalty_tier", "!=", 2, lambda r: r["loyalty_tier"] != 2),
    "any": ("interests", "any", [1], lambda r: 1 in r["interests"]),
    "all": ("interests", "all", [1, 2], lambda r: {1, 2} <= set(r["interests"])),
    "none finds the empty": ("interests", "none", [3], lambda r: 3 not in r["interests"]),
    "empty": ("interests", "empty", 1, lambda r: not r["interests"]),
}
NAMES = ["Ada 1", "ada 1", None, "x", "Ada", "Eve"]
INTERESTS: list[list[int]] = [[], [1], [1, 2], [3], [2, 1, 3], []]


@pytest.fixture(scope="module")
def marker() -> str:
    return fresh("own-fields")


@pytest.fixture
async def people(crm: Crm, numbers: dict[str, int], marker: str) -> list[Record]:
    """Six contacts that differ in their own fields; made once."""
    rows: list[Record] = [
        {"seats": SEATS[n], "nickname": NAMES[n], "loyalty_tier": n % 3 + 1 if n else None, "interests": INTERESTS[n]}
        for n in range(6)
    ]
    known = await crm.ids(["source", "=", marker])
    for n, row in enumerate(rows):
        given = {key: value for key, value in row.items() if value is not None}
        made = known[n] if known else (await crm.contact(source=marker, custom=entries(numbers, **given)))["id"]
        row["id"] = made
    return rows


@pytest.mark.parametrize(("key", "operator", "value", "holds"), CONDITIONS.values(), ids=CONDITIONS.keys())
async def test_a_condition_finds_what_it_says_and_its_not_the_rest(
    crm: Crm,
    people: list[Record],
    numbers: dict[str, int],
    marker: str,
    key: str,
    operator: str,
    value: Any,
    holds: Callable[[Record], bool],
) -> None:
    ours, leaf = ["source", "=", marker], [f"custom.{numbers[key]}", operator, value]
    assert await crm.ids({"all": [ours, leaf]}) == [row["id"] for row in people if holds(row)]
    assert await crm.ids({"all": [ours, {"not": leaf}]}) == [row["id"] for row in people if not holds(row)]


@pytest.mark.parametrize(
    ("key", "operator", "value"),
    [("seats", "~", "2"), ("seats", "=", "2"), ("nickname", ">", "a"), ("background", "=", "a"),
     ("interests", "=", 1), ("interests", "null", 1), ("newsletter_consent", "!=", 1), ("seats", "=", 0.1234567)],
)  # fmt: skip
async def test_an_operator_of_another_type_is_a_callers_mistake(
    crm: Crm, numbers: dict[str, int], key: str, operator: str, value: Any
) -> None:
    where = [f"custom.{numbers[key]}", operator, value]
    assert (await crm.raw("POST", "contacts/query", {"where": where}))[0] == 400


async def test_a_service_can_be_named(crm: Crm) -> None:
    theirs, service = crm.but(business=2, user=STRANGER), 2**52 + 17
    await theirs.but(user=service, permissions=("contacts:write",)).contact()
    number = next(row["id"] for row in await theirs.ok("GET", "field_defs") if row["key"] == "account_manager")
    contact = await theirs.contact(custom=[{"field_id": number, "value": service}])
    assert await theirs.ids([f"custom.{number}", "=", service]) == [contact["id"]]
    assert await theirs.ids([f"custom.{number}", "in", [service, 2**52 + 18]]) == [contact["id"]]
    assert contact["id"] not in await theirs.ids([f"custom.{number}", "!in", [service]])


async def test_a_number_that_no_field_can_hold_is_equal_to_none(crm: Crm, numbers: dict[str, int]) -> None:
    assert await crm.ids([f"custom.{numbers['account_manager']}", "=", 2**62]) == []


async def test_companies_and_deals_have_own_fields_too(crm: Crm) -> None:
    defs = await crm.ok("GET", "field_defs")
    for path, key, least in (
        ("companies", "yearly_spend", {"name": "N"}),
        ("deals", "discount_percent", {"title": "T"}),
    ):
        number = next(row["id"] for row in defs if (row["resource"], row["key"]) == (path, key))
        made = await crm.ok("POST", path, {**least, "custom": [{"field_id": number, "value": 12.5}]})
        assert made["custom"] == [{"field_id": number, "value": 12.5}]
        assert await crm.ids([f"custom.{number}", "=", 12.5], path) == [made["id"]]


async def test_a_field_or_option_is_there_once_it_is_defined(crm: Crm) -> None:
    options = [{"id": 1, "value": "s", "label": "S"}]
    body = {"resource": "contacts", "key": fresh("shirt").replace("-", "_"), "label": "Shirt", "type_code": 7}
    made = await crm.ok("POST", "field_defs", {**body, "options": options})
    assert (made["revision"], made["options"]) == (1, options)
    larger = [{"field_id": made["id"], "value": 2}]
    assert said(await crm.no("POST", "contacts", {"first_name": "A", "custom": larger}))[2] == "ENUM"
    options.append({"id": 2, "value": "l", "label": "L"})
    after = await crm.ok("PUT", f"field_defs/{made['id']}", {"set": {"options": options}})
    assert after["revision"] == 2
    assert (await crm.contact(custom=larger))["custom"] == larger
    assert said(await crm.no("PUT", f"field_defs/{made['id']}", {"set": {"type_code": 1}}))[2] == "IMMUTABLE"
    assert said(await crm.no("PUT", f"field_defs/{made['id']}", {"set": {"options": [{"id": 3}]}}))[2] == "FORMAT"
