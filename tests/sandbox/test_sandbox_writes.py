"""Create, update, delete: what is checked, in which order, and what a write leaves behind."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from tests.sandbox.conftest import Place
from tests.sandbox.crm import (
    INACTIVE,
    MANAGER,
    MEMBER,
    NOWHERE,
    STRANGER,
    SUSPENDED_BUSINESS,
    VIEWER,
    Crm,
    fresh,
    said,
)

ALL_RIGHTS = ("contacts:write_all", "contacts:delete_all", "records:assign")


async def test_a_new_record_has_its_defaults_and_leaves_nulls_out(crm: Crm) -> None:
    contact = await crm.ok("POST", "contacts", {"first_name": "Ada"})
    stamp = contact["created_at"]
    assert contact == {
        "id": contact["id"],
        "first_name": "Ada",
        "lifecycle_code": 1,
        "dnd": 0,
        "tags": [],
        "custom": [],
        "owner_user_id": MEMBER,
        "created_by_user_id": MEMBER,
        "created_at": stamp,
        "updated_at": stamp,
        "revision": 1,
        "is_deleted": 0,
    }
    assert await crm.ok("GET", f"contacts/{contact['id']}") == contact


async def test_everything_that_is_given_is_kept(crm: Crm) -> None:
    company = await crm.ok("POST", "companies", {"name": "Northwind", "employees": 0, "website": "https://n.example/"})
    given = {
        "last_name": "Øst",
        "email": f"{fresh('ada')}@northwind.example",
        "phone": "+442079460958",
        "job_title": "Buyer",
        "lifecycle_code": 4,
        "source": "webinar",
        "birth_date": "1988-03-14",
        "dnd": 1,
        "company_id": company["id"],
        "address_line1": "12 Quay Street",
        "address_country": "GB",
        "tags": ["VIP", "vIp2"],
        "external_id": fresh("erp"),
    }
    contact = await crm.ok("POST", "contacts", given)
    assert {name: contact[name] for name in given} == given
    assert company["employees"] == 0


async def test_email_is_stored_in_lower_case(crm: Crm) -> None:
    name = fresh("Mixed")
    assert (await crm.contact(email=f"{name}@Example.EXAMPLE"))["email"] == f"{name}@example.example".lower()


TOMORROW = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
INVALID = {
    "a string too long": ("first_name", "x" * 101, "LEN_MAX"),
    "a blank string": ("first_name", " ", "LEN_MIN"),
    "a control character": ("first_name", "a\nb", "FORMAT"),
    "a number for a string": ("first_name", 1, "TYPE"),
    "null": ("first_name", None, "NULL"),
    "no e-mail address": ("email", "ada@", "FORMAT"),
    "an e-mail address of one label": ("email", "ada@localhost", "FORMAT"),
    "an e-mail address too long": ("email", f"{'a' * 64}@{'b.' * 95}example", "FORMAT"),
    "a local phone number": ("phone", "0207946", "FORMAT"),
    "an unknown code": ("lifecycle_code", 5, "ENUM"),
    "true for a flag": ("dnd", True, "TYPE"),
    "no day": ("birth_date", "1988-02-30", "FORMAT"),
    "a day before 1900": ("birth_date", "1899-12-31", "RANGE"),
    "a day to come": ("birth_date", TOMORROW, "FUTURE"),
    "an unknown country": ("address_country", "XX", "ENUM"),
    "a reference that is none": ("company_id", "771", "TYPE"),
    "tags that are no list": ("tags", "VIP", "TYPE"),
    "51 tags": ("tags", [str(n) for n in range(51)], "COUNT_MAX"),
    "a tag twice": ("tags", ["VIP", "vip"], "DUP_ITEM"),
    "a tag too long": ("tags", ["x" * 65], "LEN_MAX"),
    "an empty external id": ("external_id", "", "LEN_MIN"),
}


@pytest.mark.parametrize(("name", "value", "rule"), INVALID.values(), ids=INVALID.keys())
async def test_a_value_is_refused_on_create_and_on_update(crm: Crm, name: str, value: object, rule: str) -> None:
    contact = await crm.contact()
    creation = await crm.no("POST", "contacts", {"last_name": "x", name: value})
    patch = await crm.no("PUT", f"contacts/{contact['id']}", {"set": {name: value}})
    assert said(creation) == said(patch) == ("E_VALIDATION", name, rule)


INVALID_OF_COMPANIES = {
    "no name": ({}, "name", "REQUIRED"),
    "a domain with a scheme": ({"name": "N", "domain": "https://n.example"}, "domain", "FORMAT"),
    "a website of another scheme": ({"name": "N", "website": "ftp://n.example/"}, "website", "FORMAT"),
    "a website with a user": ({"name": "N", "website": "https://me@n.example/"}, "website", "FORMAT"),
    "too many employees": ({"name": "N", "employees": 10_000_001}, "employees", "RANGE"),
    "half an employee": ({"name": "N", "employees": 0.5}, "employees", "TYPE"),
}


@pytest.mark.parametrize(("body", "name", "rule"), INVALID_OF_COMPANIES.values(), ids=INVALID_OF_COMPANIES.keys())
async def test_a_company_is_refused_with(crm: Crm, body: object, name: str, rule: str) -> None:
    assert said(await crm.no("POST", "companies", body)) == ("E_VALIDATION", name, rule)


UNREADABLE = {
    "an unknown field": ("POST", "contacts", {"first_name": "A", "nickname": "B"}),
    "a field that the CRM writes": ("POST", "contacts", {"first_name": "A", "revision": 7}),
    "no object": ("POST", "contacts", []),
    "a dedupe_key of 81 characters": ("POST", "contacts", {"first_name": "A", "dedupe_key": "k" * 81}),
    "a field both set and unset": ("PUT", "contacts/1", {"set": {"phone": "+15550100200"}, "unset": ["phone"]}),
    "an unknown field to unset": ("PUT", "contacts/1", {"unset": ["nickname"]}),
    "a revision that is a string": ("PUT", "contacts/1", {"expected_revision": "1"}),
    "a revision that is no number": ("DELETE", "contacts/1?expected_revision=x", None),
}


@pytest.mark.parametrize(("method", "path", "body"), UNREADABLE.values(), ids=UNREADABLE.keys())
async def test_a_write_is_a_callers_mistake_with(crm: Crm, method: str, path: str, body: object) -> None:
    status, answer = await crm.raw(method, path, body)
    assert (status, list(answer)) == (400, ["message"])


async def test_a_field_that_is_never_null_is_not_unset(crm: Crm) -> None:
    contact = await crm.contact()
    for name in ("tags", "owner_user_id", "lifecycle_code", "dnd"):
        refusal = await crm.no("PUT", f"contacts/{contact['id']}", {"unset": [name]})
        assert said(refusal) == ("E_VALIDATION", name, "NULL")


async def test_an_update_sets_unsets_and_leaves_the_rest(crm: Crm) -> None:
    before = await crm.contact(phone="+442079460958", tags=["a"])
    body = {"set": {"last_name": "Hall", "tags": ["B"]}, "unset": ["phone"], "expected_revision": 1}
    after = await crm.ok("PUT", f"contacts/{before['id']}", body)
    del before["phone"]
    assert after == {**before, "last_name": "Hall", "tags": ["B"], "revision": 2, "updated_at": after["updated_at"]}
    assert after["updated_at"] > before["updated_at"]
    assert await crm.ids(["id", "=", after["id"]]) == await crm.ids(
        {"all": [["id", "=", after["id"]], ["tags", "all", ["b"]], ["tags", "none", ["a"]]]}
    )


@pytest.mark.parametrize("body", [{}, {"set": {"first_name": "Ada"}}, {"unset": ["phone"]}, {"set": {"tags": ["a"]}}])
async def test_a_write_that_changes_no_value_writes_nothing(crm: Crm, body: object) -> None:
    before = await crm.contact(tags=["a"])
    assert await crm.ok("PUT", f"contacts/{before['id']}", body) == before
    assert await crm.ok("GET", f"contacts/{before['id']}") == before


async def test_a_deleted_record_can_be_read_and_nothing_else(crm: Crm) -> None:
    before = await crm.contact()
    path = f"contacts/{before['id']}"
    gone = await crm.ok("DELETE", f"{path}?expected_revision=1")
    stamp = gone["updated_at"]
    assert gone == {**before, "is_deleted": 1, "deleted_at": stamp, "updated_at": stamp, "revision": 2}
    assert await crm.ok("GET", path) == gone
    for method, body in (("PUT", {"set": {"dnd": 1}, "expected_revision": 9}), ("DELETE", None)):
        refusal = await crm.but(user=MANAGER).no(method, path, body)
        assert (refusal["error_code"], refusal["deleted_at"]) == ("E_DELETED", stamp)


async def test_an_unknown_record_is_not_found(crm: Crm) -> None:
    for method, body in (("GET", None), ("PUT", {"set": {"dnd": 1}, "expected_revision": 9}), ("DELETE", None)):
        assert said(await crm.no(method, f"contacts/{NOWHERE}", body)) == ("E_NOT_FOUND", None, None)


@pytest.mark.parametrize(("method", "right"), [("PUT", "contacts:write_all"), ("DELETE", "contacts:delete_all")])
async def test_another_users_record_takes_the_right_to_it(crm: Crm, method: str, right: str) -> None:
    path = f"contacts/{(await crm.contact())['id']}"
    body = {"set": {"dnd": 1}} if method == "PUT" else None
    others = [name for name in ALL_RIGHTS if name != right]
    refusal = await crm.but(user=MANAGER, permissions=(*others, f"companies:{right.partition(':')[2]}")).no(
        method, path, body
    )
    assert said(refusal) == ("E_FORBIDDEN_RECORD", None, None)
    assert (await crm.but(user=MANAGER, permissions=(right,)).ok(method, path, body))["revision"] == 2


async def test_an_owner_other_than_oneself_takes_the_right_to_assign(crm: Crm) -> None:
    contact = await crm.contact()
    path, given = f"contacts/{contact['id']}", {"owner_user_id": MANAGER}
    for refusal in (
        await crm.no("POST", "contacts", {"first_name": "A", **given}),
        await crm.no("PUT", path, {"set": given}),
    ):
        assert said(refusal) == ("E_FORBIDDEN_FIELD", "owner_user_id", None)
    assigning = crm.but(permissions=("records:assign",))
    assert (await assigning.ok("POST", "contacts", {"first_name": "A", **given}))["owner_user_id"] == MANAGER
    assert (await assigning.ok("PUT", path, {"set": given}))["owner_user_id"] == MANAGER
    # Sending the stored owner again is no assignment; taking a record oneself is none either.
    writing = crm.but(permissions=("contacts:write_all",))
    assert (await writing.ok("PUT", path, {"set": {**given, "dnd": 1}}))["dnd"] == 1
    assert (await writing.ok("PUT", path, {"set": {"owner_user_id": MEMBER}}))["owner_user_id"] == MEMBER


async def test_a_reference_names_a_live_record_or_an_active_user_of_the_business(crm: Crm) -> None:
    theirs = await crm.but(business=2, user=STRANGER).ok("POST", "companies", {"name": "Theirs"})
    dead = await crm.ok("POST", "companies", {"name": "Dead"})
    await crm.ok("DELETE", f"companies/{dead['id']}")
    contact = await crm.contact()
    assigning = crm.but(permissions=("records:assign",))
    wrong = [("company_id", target) for target in (NOWHERE, 2**60, theirs["id"], dead["id"])]
    wrong += [("owner_user_id", target) for target in (NOWHERE, STRANGER, INACTIVE)]
    for name, target in wrong:
        creation = await assigning.no("POST", "contacts", {"first_name": "A", name: target})
        patch = await assigning.no("PUT", f"contacts/{contact['id']}", {"set": {name: target}})
        assert said(creation) == said(patch) == ("E_BAD_REF", name, None)


async def test_a_stored_reference_may_be_sent_again_whatever_became_of_it(crm: Crm) -> None:
    company = await crm.ok("POST", "companies", {"name": "Soon gone"})
    contact = await crm.contact(company_id=company["id"])
    await crm.ok("DELETE", f"companies/{company['id']}")
    after = await crm.ok("PUT", f"contacts/{contact['id']}", {"set": {"company_id": company["id"], "dnd": 1}})
    assert (after["company_id"], after["dnd"]) == (company["id"], 1)


async def test_a_contact_keeps_a_name_an_address_or_a_number(crm: Crm) -> None:
    assert said(await crm.no("POST", "contacts", {"job_title": "Buyer"})) == ("E_NO_IDENTITY", None, None)
    contact = await crm.contact()
    path = f"contacts/{contact['id']}"
    assert said(await crm.no("PUT", path, {"unset": ["first_name"]})) == ("E_NO_IDENTITY", None, None)
    assert "first_name" not in await crm.ok("PUT", path, {"set": {"phone": "+15550100200"}, "unset": ["first_name"]})


@pytest.mark.parametrize(("name", "code"), [("email", "E_DUP_EMAIL"), ("external_id", "E_DUP_EXTERNAL_ID")])
async def test_one_live_record_of_a_business_has_a_unique_value(crm: Crm, name: str, code: str) -> None:
    value = f"{fresh('one')}@example.example"
    first, second = await crm.contact(**{name: value}), await crm.contact()
    for refusal in (
        await crm.no("POST", "contacts", {"first_name": "B", name: value}),
        await crm.no("PUT", f"contacts/{second['id']}", {"set": {name: value}}),
    ):
        assert (*said(refusal), refusal["existing_id"]) == (code, name, None, first["id"])
    theirs = await crm.but(business=2, user=STRANGER).contact(**{name: value})
    assert theirs[name] == value
    await crm.ok("DELETE", f"contacts/{first['id']}")
    assert (await crm.ok("PUT", f"contacts/{second['id']}", {"set": {name: value}}))[name] == value


async def test_email_is_unique_in_any_case_and_an_external_id_in_its_own(crm: Crm) -> None:
    name = fresh("case")
    await crm.contact(email=f"{name}@example.example", external_id=name)
    refusal = await crm.no("POST", "contacts", {"email": f"{name.upper()}@EXAMPLE.example"})
    assert said(refusal) == ("E_DUP_EMAIL", "email", None)
    assert (await crm.contact(external_id=name.upper()))["external_id"] == name.upper()


async def test_the_first_thing_that_is_wrong_is_what_is_said(crm: Crm) -> None:
    """Everything is wrong at once, and put right from the front."""
    taken = f"{fresh('taken')}@example.example"
    await crm.contact(email=taken)
    contact = await crm.contact(phone="+15550100200")
    path, stranger = f"contacts/{contact['id']}", crm.but(user=MANAGER)
    change: dict[str, Any] = {"owner_user_id": 11, "company_id": NOWHERE, "external_id": fresh("order")}
    body: dict[str, Any] = {"set": change, "unset": ["first_name", "phone"], "expected_revision": 9}
    assert (await stranger.no("PUT", f"contacts/{NOWHERE}", body))["error_code"] == "E_NOT_FOUND"
    refusal = await stranger.no("PUT", path, body)
    assert (refusal["error_code"], refusal["revision"]) == ("E_STALE_REV", 1)
    body["expected_revision"] = 1
    assert (await stranger.no("PUT", path, body))["error_code"] == "E_FORBIDDEN_RECORD"
    writing = stranger.but(permissions=("contacts:write_all",))
    assert (await writing.no("PUT", path, body))["error_code"] == "E_FORBIDDEN_FIELD"
    change["owner_user_id"] = MANAGER
    assert (await writing.no("PUT", path, body))["error_code"] == "E_BAD_REF"
    del change["company_id"]
    assert (await writing.no("PUT", path, body))["error_code"] == "E_NO_IDENTITY"
    change["email"] = taken
    assert (await writing.no("PUT", path, body))["error_code"] == "E_DUP_EMAIL"
    assert await crm.ok("GET", path) == contact


async def test_parallel_writes_are_all_carried_out_each_at_an_instant_of_its_own(crm: Crm) -> None:
    made = await asyncio.gather(*(crm.contact(source=fresh("parallel")) for _ in range(40)))
    assert len({contact["updated_at"] for contact in made}) == len(made)
    assert len({contact["id"] for contact in made}) == len(made)


async def test_updated_at_grows_even_when_the_wall_clock_goes_back(place: Place) -> None:
    async with place.run(), place.session() as session:
        crm = Crm(session)
        ahead_ms = (await crm.contact())["updated_at"] + 3_600_000
        async with place.beside() as database:
            await database.execute(sa.text("UPDATE businesses SET clock_ms = :ms WHERE id = 1"), {"ms": ahead_ms})
        contact = await crm.contact()
        after = await crm.ok("DELETE", f"contacts/{contact['id']}")
        assert [contact["updated_at"], after["updated_at"]] == [ahead_ms + 1, ahead_ms + 2]


async def test_of_parallel_updates_of_one_revision_one_is_carried_out(crm: Crm) -> None:
    path = f"contacts/{(await crm.contact())['id']}"
    bodies = [{"set": {"job_title": f"Job {n}"}, "expected_revision": 1} for n in range(10)]
    answers = await asyncio.gather(*(crm.say("PUT", path, body) for body in bodies))
    assert sorted(answer.get("error_code", "") for answer in answers) == ["", *["E_STALE_REV"] * 9]


async def test_who_calls_has_to_be_known(crm: Crm) -> None:
    assert (await crm.but(business=NOWHERE).raw("GET", "profile"))[0] == 404
    assert (await crm.but(user=STRANGER).raw("GET", "profile"))[0] == 403
    assert (await crm.but(headers={"X-Actor-User-Id": "me"}).raw("GET", "profile"))[0] == 400
    assert (await crm.raw("GET", "invoices"))[0] == 404
    assert (await crm.raw("PATCH", "contacts/1", {}))[0] == 405


async def test_a_service_owns_what_it_makes_and_is_a_user_from_then_on(crm: Crm) -> None:
    theirs = crm.but(business=2, user=STRANGER)
    service = theirs.but(user=2**52 + 4, permissions=("contacts:read", "contacts:write"))
    assert (await service.ok("GET", "profile"))["user"]["id"] == service.user
    assert (await theirs.no("GET", f"users/{service.user}"))["error_code"] == "E_NOT_FOUND"
    contact = await service.contact()
    assert (contact["owner_user_id"], contact["created_by_user_id"]) == (service.user, service.user)
    user = await theirs.ok("GET", f"users/{service.user}")
    assert (user["role_code"], user["is_active"], user["revision"]) == (3, 1, 1)
    assert user in await theirs.ok("GET", "users")
    assert (await service.ok("PUT", f"contacts/{contact['id']}", {"set": {"source": "web"}}))["source"] == "web"
    assert (await service.ok("GET", "profile"))["user"] == user
    path, handed = f"contacts/{(await theirs.contact())['id']}", {"set": {"owner_user_id": service.user}}
    assert (await theirs.but(permissions=ALL_RIGHTS).ok("PUT", path, handed))["owner_user_id"] == service.user


@pytest.mark.parametrize(
    ("permissions", "role"),
    [
        (("contacts:read", "contacts:write", "records:assign", "tokens:manage"), 1),
        (("contacts:read", "contacts:write", "records:assign"), 2),
        (("contacts:read", "contacts:write"), 3),
        (("contacts:read",), 4),
    ],
)
async def test_a_service_s_role_follows_what_it_may_do(crm: Crm, permissions: tuple[str, ...], role: int) -> None:
    theirs = crm.but(business=2, user=STRANGER)
    service = theirs.but(user=2**52 + 100 + role, permissions=("contacts:write",))
    await service.contact()
    await service.but(permissions=permissions).contact()
    user = await theirs.ok("GET", f"users/{service.user}")
    assert (user["role_code"], user["revision"]) == (role, 1 if role == 3 else 2)


async def test_a_dry_run_makes_a_service_known_to_nobody(crm: Crm) -> None:
    theirs = crm.but(business=2, user=STRANGER)
    service = theirs.but(user=2**52 + 5, permissions=("contacts:write",))
    assert (await service.ok("POST", "dry_run/contacts", {"first_name": "Ada"}))["owner_user_id"] == service.user
    assert (await theirs.no("GET", f"users/{service.user}"))["error_code"] == "E_NOT_FOUND"


async def test_a_suspended_business_is_refused_everything(crm: Crm) -> None:
    theirs = crm.but(business=SUSPENDED_BUSINESS, user=31)
    calls: list[tuple[str, str, object]] = [
        ("GET", "profile", None),
        ("GET", "users", None),
        ("GET", "contacts/1", None),
        ("GET", "dedupe/k", None),
        ("POST", "contacts/query", {}),
        ("POST", "contacts", {"first_name": "A"}),
        ("PUT", "contacts/1", {"set": {"dnd": 1}}),
        ("DELETE", "contacts/1", None),
        ("POST", "contacts/bulk", {"op": "create", "items": [{"first_name": "A"}]}),
        ("POST", "dry_run/contacts", {"first_name": "A"}),
        ("GET", "pipelines", None),
    ]
    for method, path, body in calls:
        assert said(await theirs.no(method, path, body)) == ("E_SUSPENDED", None, None)


async def test_a_viewers_record_is_a_viewers_to_own(crm: Crm) -> None:
    """Which operations a role has is decided in front of this service; it looks at records and fields."""
    assert (await crm.but(user=VIEWER).contact())["owner_user_id"] == VIEWER
