"""Contacts through the listener: what is documented of the record, of reading it and of writing it."""

import re
import threading
import uuid
from typing import Any

import httpx
import pytest

from tests.conformance.examples import a_contact
from tests.spec.resources import names
from tests.support.problems import assert_problem
from tests.support.stack import Stack

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z")


def create(client: httpx.Client, **members: Any) -> dict[str, Any]:
    answer = client.post("/v1/contacts", json=a_contact(**members))
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["data"])


def test_a_created_contact_is_normalised_complete_and_where_location_says(stack: Stack, api: httpx.Client) -> None:
    email = f"Ada.{uuid.uuid4().hex}@Northwind.Example"
    answer = api.post(
        "/v1/contacts",
        json={
            "first_name": " Ada ",
            "last_name": "Okafor",
            "email": f" {email} ",
            "phone": "+44 (20) 7946-0958",
            "address": {"city": "Bristol", "country": "gb"},
            "tags": ["VIP"],
        },
    )
    contact = answer.json()["data"]
    assert tuple(contact) == names("contacts")
    assert contact["full_name"] == "Ada Okafor"
    assert contact["email"] == email.lower()
    assert contact["phone"] == "+442079460958"
    assert contact["lifecycle_stage"] == "lead"
    assert contact["do_not_contact"] is False
    assert contact["company_id"] is None
    assert contact["address"] == {
        "line1": None,
        "line2": None,
        "city": "Bristol",
        "region": None,
        "postal_code": None,
        "country": "GB",
    }
    assert re.fullmatch(r"con_[0-9a-hjkmnp-tv-z]{26}", contact["id"])
    assert INSTANT.fullmatch(contact["created_at"])
    assert answer.headers["location"] == f"{stack.api_url}/v1/contacts/{contact['id']}"
    assert answer.headers["etag"] == f'"{contact["etag"]}"'
    assert api.get(answer.headers["location"]).json() == answer.json()


def test_a_head_is_a_get_without_its_body(api: httpx.Client) -> None:
    contact = create(api)
    got, head = api.get(f"/v1/contacts/{contact['id']}"), api.head(f"/v1/contacts/{contact['id']}")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == got.headers["etag"]


def test_a_known_etag_is_answered_304(api: httpx.Client) -> None:
    contact = create(api)
    for tag in (f'"{contact["etag"]}"', f'W/"{contact["etag"]}"', f'"x", "{contact["etag"]}"', "*"):
        answer = api.get(f"/v1/contacts/{contact['id']}", headers={"If-None-Match": tag})
        assert (answer.status_code, answer.content) == (304, b""), tag
        assert answer.headers["etag"] == f'"{contact["etag"]}"'


def test_fields_cut_a_record_but_not_its_id(api: httpx.Client) -> None:
    contact = create(api)
    answer = api.get(f"/v1/contacts/{contact['id']}", params={"fields": "email,tags"})
    assert answer.json()["data"] == {"id": contact["id"], "email": contact["email"], "tags": []}


def test_a_merge_patch_changes_what_it_names_and_nothing_else(api: httpx.Client) -> None:
    contact = create(api, address={"city": "Bristol", "country": "GB"}, job_title="Mate", source="fair")
    answer = api.patch(
        f"/v1/contacts/{contact['id']}",
        json={"job_title": None, "address": {"city": "Bath"}},
        headers={"Content-Type": "application/merge-patch+json"},
    )
    changed = answer.json()["data"]
    assert changed["job_title"] is None
    assert changed["address"] == contact["address"] | {"city": "Bath"}
    left = {"job_title", "address", "updated_at", "etag"}
    assert {name: value for name, value in changed.items() if name not in left} == {
        name: value for name, value in contact.items() if name not in left
    }
    assert changed["etag"] != contact["etag"]


def test_an_empty_patch_writes_nothing(api: httpx.Client) -> None:
    contact = create(api)
    answer = api.patch(f"/v1/contacts/{contact['id']}", json={})
    assert answer.json()["data"] == contact
    assert answer.headers["etag"] == f'"{contact["etag"]}"'


def test_a_stale_if_match_is_told_the_current_etag(stack: Stack, api: httpx.Client) -> None:
    contact = create(api)
    path = f"/v1/contacts/{contact['id']}"
    changed = api.patch(path, json={"source": "a"}, headers={"If-Match": contact["etag"]}).json()["data"]
    for method in ("PATCH", "DELETE"):
        body = {"json": {"source": "b"}} if method == "PATCH" else {}
        answer = api.request(method, path, headers={"If-Match": f'"{contact["etag"]}"'}, **body)
        problem = assert_problem(answer, "precondition-failed", decided=True, api_url=stack.api_url)
        assert problem["current_etag"] == changed["etag"]
    assert api.delete(path, headers={"If-Match": "*"}).status_code == 204


def test_an_etag_of_either_version_opens_a_write_in_the_other(stack: Stack, api: httpx.Client) -> None:
    contact = create(api)
    path = f"/v1/contacts/{contact['id']}"
    older = api.get(path, headers={"Version": "2026-06-17"}).headers["etag"]
    assert older != f'"{contact["etag"]}"'
    assert api.patch(path, json={"source": "a"}, headers={"If-Match": f"W/{older}"}).status_code == 200


def test_a_deleted_contact_is_gone_but_can_be_read_on_request(stack: Stack, api: httpx.Client) -> None:
    contact = create(api)
    path = f"/v1/contacts/{contact['id']}"
    assert api.delete(path).status_code == 204
    for method in ("GET", "DELETE", "PATCH"):
        answer = api.request(method, path, **({"json": {"source": "x"}} if method == "PATCH" else {}))
        problem = assert_problem(answer, "resource-deleted", decided=True, api_url=stack.api_url)
        assert INSTANT.fullmatch(problem["deleted_at"])
        assert problem["merged_into"] is None
    kept = api.get(path, params={"deleted": "include"}).json()["data"]
    assert kept["deleted_at"] == problem["deleted_at"]


def test_every_fault_of_a_body_is_told_at_once_in_document_order(stack: Stack, api: httpx.Client) -> None:
    answer = api.post(
        "/v1/contacts",
        json={
            "frist_name": "Ada",
            "email": "ada@",
            "id": "con_x",
            "lifecycle_stage": "boss",
            "tags": ["a", "A", 1],
            "address": {"country": "XX", "street": "Quay"},
            "company_id": "cmp_2028xzawvf4039wj1pg44gawme",
            "owner_id": None,
        },
    )
    problem = assert_problem(answer, "validation-failed", decided=True, api_url=stack.api_url)
    assert [(item["pointer"], item["code"]) for item in problem["errors"]] == [
        ("/frist_name", "unknown-member"),
        ("/email", "invalid-email"),
        ("/id", "read-only"),
        ("/lifecycle_stage", "unknown-value"),
        ("/tags/1", "duplicate-item"),
        ("/tags/2", "invalid-type"),
        ("/address/country", "unknown-value"),
        ("/address/street", "unknown-member"),
        ("/company_id", "reference-not-found"),
        ("/owner_id", "not-nullable"),
    ]
    assert problem["errors"][0]["did_you_mean"] == "first_name"
    assert problem["errors"][3]["allowed"] == ["lead", "prospect", "customer", "former"]


def test_a_taken_email_names_the_record_that_has_it(stack: Stack, api: httpx.Client) -> None:
    contact = create(api)
    answer = api.post("/v1/contacts", json={"email": contact["email"].upper()})
    problem = assert_problem(answer, "duplicate-resource", decided=True, api_url=stack.api_url)
    assert (problem["field"], problem["existing_id"]) == ("email", contact["id"])
    assert problem["errors"][0]["pointer"] == "/email"


def test_a_contact_without_identity_breaks_a_rule(stack: Stack, api: httpx.Client) -> None:
    answer = api.post("/v1/contacts", json={"source": "fair"})
    problem = assert_problem(answer, "business-rule-violated", decided=True, api_url=stack.api_url)
    assert problem["rule"] == "contact-needs-identity"
    assert [(item["pointer"], item["code"]) for item in problem["errors"]] == [("", "rule-violated")]


def test_a_member_may_change_its_own_records_only(stack: Stack, api: httpx.Client) -> None:
    contact = create(api)
    with stack.caller(role="member", user=13) as member:
        path = f"/v1/contacts/{contact['id']}"
        answer = member.patch(path, json={"source": "x"})
        problem = assert_problem(answer, "insufficient-permission", decided=True, api_url=stack.api_url)
        assert (problem["required_permission"], problem["role"]) == ("contacts:write_all", "member")
        answer = member.delete(path)
        problem = assert_problem(answer, "insufficient-permission", decided=True, api_url=stack.api_url)
        assert problem["required_permission"] == "contacts:delete_all"
        own = create(member)
        answer = member.patch(f"/v1/contacts/{own['id']}", json={"owner_id": contact["owner_id"]})
        problem = assert_problem(answer, "insufficient-permission", decided=True, api_url=stack.api_url)
        assert problem["required_permission"] == "records:assign"
        assert [(item["pointer"], item["code"]) for item in problem["errors"]] == [("/owner_id", "not-permitted")]


def test_a_list_can_be_walked_to_its_end(stack: Stack, api: httpx.Client) -> None:
    source = uuid.uuid4().hex
    made = [create(api, last_name=name, source=source)["id"] for name in ("b", "A", "c", "B", "a")]
    seen: list[str] = []
    params: dict[str, str] | None = {
        "limit": "2",
        "ids": ",".join(made),
        "order_by": "last_name",
        "sort_direction": "asc",
    }
    url = "/v1/contacts"
    while True:
        answer = api.get(url, params=params)
        page = answer.json()
        seen += [row["last_name"] for row in page["data"]]
        cursor = page["meta"]["cursor"]
        assert cursor["has_more"] == (cursor["next"] is not None)
        if not cursor["has_more"]:
            assert "link" not in answer.headers
            break
        link = re.fullmatch(r'<([^>]+)>; rel="next"', answer.headers["link"])
        assert link is not None
        assert link[1].startswith(f"{stack.api_url}/v1/contacts?")
        url, params = link[1], None
    assert seen == ["A", "a", "b", "B", "c"]


def test_a_list_filters_counts_and_windows(api: httpx.Client) -> None:
    contact = create(api, external_id=f"erp:{uuid.uuid4().hex}")
    page = api.get("/v1/contacts", params={"external_id": contact["external_id"], "include_total": "true"}).json()
    assert [row["id"] for row in page["data"]] == [contact["id"]]
    assert page["meta"] == {"cursor": {"next": None, "has_more": False}, "total": 1}
    inside = {"ids": contact["id"], "created_since": contact["created_at"]}
    assert len(api.get("/v1/contacts", params=inside).json()["data"]) == 1
    outside = {"ids": contact["id"], "created_until": contact["created_at"]}
    assert api.get("/v1/contacts", params=outside).json()["data"] == []
    api.delete(f"/v1/contacts/{contact['id']}")
    assert api.get("/v1/contacts", params={"ids": contact["id"]}).json()["data"] == []
    assert len(api.get("/v1/contacts", params={"ids": contact["id"], "deleted": "only"}).json()["data"]) == 1


SPOILT_CURSORS = {
    "is cut short": (lambda cursor: cursor[:-4], {}, "malformed"),
    "has one character changed": (lambda cursor: cursor[:-1] + ("A" if cursor[-1] != "A" else "B"), {}, "malformed"),
    "belongs to another order": (lambda cursor: cursor, {"order_by": "updated_at"}, "query-mismatch"),
    "belongs to another filter": (lambda cursor: cursor, {"lifecycle_stage": "lead"}, "query-mismatch"),
}


@pytest.mark.parametrize(("spoil", "extra", "reason"), SPOILT_CURSORS.values(), ids=SPOILT_CURSORS)
def test_refuses_a_cursor_that(stack: Stack, api: httpx.Client, spoil: Any, extra: dict[str, str], reason: str) -> None:
    cursor = api.get("/v1/contacts", params={"limit": "1"}).json()["meta"]["cursor"]["next"]
    answer = api.get("/v1/contacts", params={"cursor": spoil(cursor), **extra})
    problem = assert_problem(answer, "invalid-cursor", decided=True, api_url=stack.api_url)
    assert problem["reason"] == reason


def test_a_cursor_does_not_open_for_another_business(stack: Stack, api: httpx.Client, stranger: httpx.Client) -> None:
    cursor = api.get("/v1/contacts", params={"limit": "1"}).json()["meta"]["cursor"]["next"]
    answer = stranger.get("/v1/contacts", params={"cursor": cursor})
    assert_problem(answer, "invalid-cursor", decided=True, api_url=stack.api_url)


def test_a_cursor_goes_on_under_another_limit_version_and_token(stack: Stack, api: httpx.Client) -> None:
    cursor = api.get("/v1/contacts", params={"limit": "1"}).json()["meta"]["cursor"]["next"]
    with stack.caller(role="viewer", user=14, version="2026-06-17") as other:
        answer = other.get("/v1/contacts", params={"limit": "3", "cursor": cursor, "fields": "email"})
    assert answer.status_code == 200


def test_a_repeated_key_replays_the_first_answer(api: httpx.Client) -> None:
    key, body = {"Idempotency-Key": uuid.uuid4().hex}, a_contact()
    first = api.post("/v1/contacts", json=body, headers=key)
    again = api.post("/v1/contacts", json=body, headers=key)
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    for name in ("location", "etag", "version"):
        assert again.headers[name] == first.headers[name]
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert int(again.headers["x-ratelimit-remaining"]) <= int(first.headers["x-ratelimit-limit"])


def test_a_key_is_good_for_one_request_only(stack: Stack, api: httpx.Client) -> None:
    key = {"Idempotency-Key": uuid.uuid4().hex}
    assert api.post("/v1/contacts", json=a_contact(), headers=key).status_code == 201
    answer = api.post("/v1/contacts", json=a_contact(), headers=key)
    assert_problem(answer, "idempotency-key-reused", decided=True, api_url=stack.api_url)


def test_a_refusal_frees_the_key(api: httpx.Client) -> None:
    key = {"Idempotency-Key": uuid.uuid4().hex}
    assert api.post("/v1/contacts", json={"source": "nobody"}, headers=key).status_code == 422
    assert api.post("/v1/contacts", json=a_contact(), headers=key).status_code == 201


@pytest.mark.parametrize("key", ["", "a" * 256, "caf\xe9"], ids=["empty", "too long", "not ASCII"])
def test_refuses_a_malformed_key(stack: Stack, api: httpx.Client, key: str) -> None:
    headers = [(b"Idempotency-Key", key.encode("latin-1"))]
    answer = api.post("/v1/contacts", json=a_contact(), headers=headers)
    problem = assert_problem(answer, "invalid-parameter", decided=True, api_url=stack.api_url)
    assert problem["errors"][0]["header"] == "Idempotency-Key"


def test_parallel_creates_with_one_key_make_one_contact(stack: Stack) -> None:
    body, key = a_contact(), {"Idempotency-Key": uuid.uuid4().hex}
    token = stack.token()
    answers: list[httpx.Response] = []

    def post() -> None:
        with stack.client(token) as client:
            answers.append(client.post("/v1/contacts", json=body, headers=key))

    threads = [threading.Thread(target=post) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made = {answer.json()["data"]["id"] for answer in answers if answer.status_code == 201}
    assert len(made) == 1
    for answer in answers:
        if answer.status_code != 201:
            assert_problem(answer, "idempotency-in-progress", decided=True, api_url=stack.api_url)
    with stack.client(token) as client:
        found = client.get("/v1/contacts", params={"email": body["email"], "include_total": "true"}).json()
    assert found["meta"]["total"] == 1
