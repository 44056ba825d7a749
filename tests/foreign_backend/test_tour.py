"""The README's tour before a service of quite another shape, as far as that is able."""

import re
import uuid
from datetime import datetime
from typing import Any

import httpx

from tests.foreign_backend.conftest import Foreign
from tests.spec.resources import MEMBERS
from tests.support.problems import assert_every_answer, assert_problem, assert_rate_headers, items

ID = re.compile(r"con_[0-9a-hjkmnp-tv-z]{52}")


def create(api: httpx.Client, **members: Any) -> dict[str, Any]:
    answer = api.post("/v1/contacts", json={"first_name": "Ada", **members})
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["data"])


def fresh_email() -> str:
    return f"{uuid.uuid4().hex}@northwind.example"


def test_creates_a_contact_whole_and_normalised(api: httpx.Client, foreign: Foreign) -> None:
    email = fresh_email()
    body = {"first_name": " Ada ", "last_name": "Okafor", "email": email.upper(), "phone": "+44 20 7946 0958"}
    answer = api.post("/v1/contacts", json=body)
    assert answer.status_code == 201, answer.text
    assert_every_answer(answer)
    assert_rate_headers(answer)
    made = answer.json()["data"]
    assert answer.headers["location"] == f"{foreign.stack.api_url}/v1/contacts/{made['id']}"
    assert answer.headers["etag"] == f'"{made["etag"]}"'
    assert ID.fullmatch(made["id"])
    assert set(made) == {member.name for member in MEMBERS["contacts"]}
    assert (made["full_name"], made["email"], made["phone"]) == ("Ada Okafor", email, "+442079460958")
    # What the service has no word for is null: nobody knows whether the contact wants to be left alone.
    assert (made["do_not_contact"], made["tags"], made["custom_fields"], made["address"]) == (None, None, {}, None)
    assert made["owner_id"] == made["created_by_id"] == api.get("/v1/me").json()["data"]["user"]["id"]


def test_finds_it_reads_it_and_says_when_nothing_is_new(api: httpx.Client) -> None:
    made = create(api, email=fresh_email())
    found = api.get("/v1/contacts", params={"email": made["email"]}).json()
    assert found["data"] == [made]
    answer = api.get(f"/v1/contacts/{made['id']}")
    assert answer.json()["data"] == made
    unchanged = api.get(f"/v1/contacts/{made['id']}", headers={"If-None-Match": answer.headers["etag"]})
    assert unchanged.status_code == 304
    searched = {"filters": [{"field": "email", "operator": "eq", "value": made["email"]}]}
    assert api.post("/v1/contacts/search", json=searched).json()["data"] == [made]


def test_changes_and_clears_members(api: httpx.Client) -> None:
    made = create(api, last_name="Okafor", lifecycle_stage="former")
    path = f"/v1/contacts/{made['id']}"
    patch = {"job_title": "Head of Operations", "last_name": None, "lifecycle_stage": "customer"}
    changed = api.patch(path, json=patch, headers={"If-Match": "*"}).json()["data"]
    assert (changed["job_title"], changed["full_name"]) == ("Head of Operations", "Ada")
    assert changed["lifecycle_stage"] == "customer"
    assert changed["etag"] != made["etag"]
    assert datetime.fromisoformat(changed["updated_at"]) > datetime.fromisoformat(made["updated_at"])
    same = api.patch(path, json={})
    assert (same.status_code, same.json()["data"]) == (200, changed)


def test_creates_once_however_often_it_is_sent(api: httpx.Client) -> None:
    sent = {"json": {"first_name": "Grace", "email": fresh_email()}, "headers": {"Idempotency-Key": uuid.uuid4().hex}}
    first, second = (api.post("/v1/contacts", **sent) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json() == first.json()
    assert second.headers["idempotent-replayed"] == "true"
    told = api.get("/v1/requests", params={"idempotency_key": sent["headers"]["Idempotency-Key"]}).json()["data"]
    assert [(entry["state"], entry["record_id"]) for entry in told] == [("done", first.json()["data"]["id"])]


def test_tells_all_that_is_wrong_in_the_words_of_this_deployment(api: httpx.Client) -> None:
    body = {"frist_name": "Ada", "email": "ada@", "owner_id": "usr_2028xzawvf4039wj1pg44gawme"}
    told = api.post("/v1/contacts", json=body).json()
    assert items(told) == [("/frist_name", "unknown-member"), ("/email", "invalid-email"), ("/owner_id", "invalid-id")]
    assert "52 characters" in told["errors"][2]["detail"]
    assert re.fullmatch(r"usr_.{52}", told["errors"][2]["example"])


def test_refuses_a_token_that_may_only_read(foreign: Foreign) -> None:
    with foreign.caller(scope="contacts:read") as reader:
        answer = reader.delete("/v1/contacts/con_anything")
        assert_problem(answer, "insufficient-scope", decided=True, api_url=foreign.stack.api_url)


def test_deletes_and_what_is_deleted_is_gone(api: httpx.Client, foreign: Foreign) -> None:
    path = f"/v1/contacts/{create(api)['id']}"
    assert api.delete(path).status_code == 204
    for query in ("", "?deleted=include"):
        answer = api.get(path + query)
        assert_problem(answer, "resource-not-found", decided=True, api_url=foreign.stack.api_url)
    assert_problem(api.delete(path), "resource-not-found", decided=True, api_url=foreign.stack.api_url)


def test_tells_who_the_token_is(api: httpx.Client) -> None:
    told = api.get("/v1/me").json()["data"]
    assert (told["business"]["name"], told["business"]["time_zone"]) == ("Acme Brokers", "Europe/London")
    assert (told["user"]["full_name"], told["user"]["email"]) == ("Alice Hargreaves", "alice@acme-brokers.example")
    assert re.fullmatch(r"biz_.{52}", told["business"]["id"])


def test_another_business_finds_nothing_of_it(api: httpx.Client, foreign: Foreign) -> None:
    made = create(api)
    with foreign.caller(account=1) as other:
        theirs = other.get(f"/v1/contacts/{made['id']}")
        nobodys = other.get("/v1/contacts/con_" + "0" * 52)
        assert other.get("/v1/contacts").json()["data"] == []
    bodies = [answer.json() for answer in (theirs, nobodys)]
    for body, answer in zip(bodies, (theirs, nobodys), strict=True):
        assert_problem(answer, "resource-not-found", decided=True, api_url=foreign.stack.api_url)
        del body["trace_id"], body["instance"]
    assert bodies[0] == bodies[1]


def test_an_id_of_the_other_kind_is_malformed(api: httpx.Client, foreign: Foreign) -> None:
    answer = api.get("/v1/contacts/con_2028xzawvf4039wj1pg44gawme")
    body = assert_problem(answer, "invalid-id", decided=True, api_url=foreign.stack.api_url)
    assert items(body) == [("contact_id", "invalid-id")]


def test_a_token_whose_ids_are_of_the_other_kind_is_none_of_ours(foreign: Foreign) -> None:
    with foreign.stack.client(foreign.stack.token()) as client:
        assert_problem(client.get("/v1/me"), "invalid-token", decided=True, api_url=foreign.stack.api_url)


def test_speaks_both_versions(foreign: Foreign) -> None:
    with foreign.caller() as client:
        for version in ("2026-06-17", "2026-11-24"):
            assert client.get("/v1/contacts", headers={"Version": version}).headers["version"] == version


def test_pages_show_each_record_once_whatever_comes_and_goes_meanwhile(foreign: Foreign) -> None:
    with foreign.caller(account=1) as api:
        made = [create(api, first_name=f"P{number}")["id"] for number in range(7)]
        asked = {"limit": "2", "order_by": "created_at", "sort_direction": "asc", "include_total": "true"}
        seen: list[str] = []
        cursor, totals = None, []
        while True:
            page = api.get("/v1/contacts", params=asked | ({"cursor": cursor} if cursor else {})).json()
            seen += [row["id"] for row in page["data"]]
            totals.append(page["meta"]["total"])
            cursor = page["meta"]["cursor"]["next"]
            if not page["meta"]["cursor"]["has_more"]:
                break
            if len(seen) == 2:
                api.delete(f"/v1/contacts/{made[0]}")  # one that was shown: all others move up
            if len(seen) == 4:
                late = create(api, first_name="late")["id"]
        assert seen == [*made, late]
        assert totals[0] == 7
        for contact_id in seen[1:]:
            api.delete(f"/v1/contacts/{contact_id}")


def test_a_bookmark_goes_on_where_it_was_left(api: httpx.Client) -> None:
    asked = {"order_by": "updated_at", "sort_direction": "asc", "limit": "200"}
    made = create(api)
    page = api.get("/v1/contacts", params=asked).json()
    assert page["meta"]["cursor"]["has_more"] is False
    changed = api.patch(f"/v1/contacts/{made['id']}", json={"job_title": "changed"}).json()["data"]
    later = api.get("/v1/contacts", params=asked | {"cursor": page["meta"]["cursor"]["next"]}).json()
    assert later["data"][-1] == changed
