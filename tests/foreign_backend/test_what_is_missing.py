"""Each capability that the service lacks, and the honest answer in its place. Nothing of it reaches the service."""

from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.foreign_backend.book import Book
from tests.foreign_backend.conftest import Foreign
from tests.foreign_backend.test_tour import create, fresh_email
from tests.support.problems import assert_problem, items

NOBODY = "con_" + "0" * 52
DEAL = "deal_" + "0" * 52


@dataclass(frozen=True)
class Lack:
    """A request that needs what is not there; where the answer says so, and whether in the body (422) or not (501)."""

    method: str
    path: str
    places: tuple[str, ...] = ()
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def code(self) -> str:
        return "validation-failed" if self.places and self.places[0].startswith("/") else "not-supported"


def searched(**members: Any) -> dict[str, Any]:
    return {"method": "POST", "path": "/v1/contacts/search", "body": members}


def filtered(*conditions: Any) -> dict[str, Any]:
    return searched(filters=list(conditions))


EQUAL = {"field": "email", "operator": "eq", "value": "a@b.example"}
ANY_PATCH = {"id": "con_" + "1" * 52, "patch": {}}
PATCH = {"id": NOBODY, "patch": {"job_title": "x"}, "if_match": "r1-aaaaaaa"}
ON_NOBODY = f"/v1/contacts/{NOBODY}"
STALE = (("If-Match", '"r1-aaaaaaa"'),)
LACKS = {
    "revisions, on an update": Lack("PATCH", ON_NOBODY, ("If-Match",), {"job_title": "x"}, STALE),
    "revisions, on a delete": Lack("DELETE", ON_NOBODY, ("If-Match",), headers=STALE),
    "revisions, in a batch": Lack(
        "POST",
        "/v1/contacts/batch/update",
        ("/items/1/if_match",),
        {"items": [ANY_PATCH, PATCH]},
    ),
    "trial runs, of a create": Lack("POST", "/v1/contacts?dry_run=true", ("dry_run",), {"first_name": "Ada"}),
    "trial runs, of a batch": Lack(
        "POST", "/v1/contacts/batch/create?dry_run=true", ("dry_run",), {"items": [{"first_name": "Ada"}]}
    ),
    "an order by name": Lack("GET", "/v1/contacts?order_by=last_name", ("order_by",)),
    "windows": Lack("GET", "/v1/contacts?created_since=2026-01-01T00:00:00Z", ("created_since",)),
    "lists of ids": Lack("GET", f"/v1/contacts?ids={NOBODY}", ("ids",)),
    "a field to filter by": Lack("GET", "/v1/contacts?external_id=erp:1", ("external_id",)),
    "deleted records": Lack("GET", "/v1/contacts?deleted=include", ("deleted",)),
    "deleted records, in a search": Lack("POST", "/v1/contacts/search?deleted=only", ("deleted",), {}),
    "an order by name, in a search": Lack(**searched(order_by="last_name"), places=("/order_by",)),
    "words": Lack(**searched(search_text="ada"), places=("/search_text",)),
    "negation, by operator": Lack(**filtered(EQUAL, EQUAL | {"operator": "neq"}), places=("/filters/1",)),
    "negation, by group": Lack(**filtered({"all": [{"not": EQUAL}]}), places=("/filters/0/all/0",)),
    "alternatives": Lack(**filtered({"any": [EQUAL, EQUAL]}), places=("/filters/0",)),
    "patterns": Lack(**filtered(EQUAL | {"operator": "contains"}), places=("/filters/0",)),
    "fields": Lack(
        "POST", "/v1/contacts", ("/source", "/tags"), {"first_name": "Ada", "source": "web", "tags": ["VIP"]}
    ),
    "upserts": Lack("POST", "/v1/contacts/upsert?on=email", body={"email": "a@b.example"}),
    "restoring": Lack("POST", f"{ON_NOBODY}/restore"),
    "tags": Lack("POST", f"{ON_NOBODY}/tags/add", body={"tags": ["VIP"]}),
    "another resource": Lack("GET", "/v1/deals"),
    "another resource's records": Lack("GET", f"/v1/deals/{DEAL}"),
}


@pytest.mark.parametrize("lack", LACKS.values(), ids=LACKS.keys())
def test_it_has_no(lack: Lack, api: httpx.Client, book: Book, foreign: Foreign) -> None:
    answer = api.request(lack.method, lack.path, json=lack.body, headers=dict(lack.headers))
    body = assert_problem(answer, lack.code, decided=True, api_url=foreign.stack.api_url)
    if lack.places:
        assert items(body) == [(place, "not-supported") for place in lack.places]
    assert book.calls == []


def test_a_member_that_it_lacks_may_be_sent_as_long_as_it_says_nothing(api: httpx.Client) -> None:
    made = create(api, source=None, do_not_contact=False, tags=[], custom_fields={})
    answer = api.patch(f"/v1/contacts/{made['id']}", json={"address": None, "do_not_contact": False})
    assert (answer.status_code, answer.json()["data"]) == (200, made)


def test_batches_are_made_one_by_one_and_each_item_has_its_own_outcome(api: httpx.Client, book: Book) -> None:
    email = fresh_email()
    ada = create(api, email=email)
    book.calls.clear()
    bodies = [{"first_name": f"B{number}"} for number in range(20)]
    bodies[3] = {"email": email}
    bodies[5] = {"first_name": "B5", "job_title": "x" * 100}
    bodies[7] = {"first_name": "B7", "source": "web"}
    bodies[9] = {"first_name": 9}
    told = api.post("/v1/contacts/batch/create", json={"items": bodies}).json()
    assert told["meta"] == {"succeeded": 16, "failed": 4}
    failed = {index: item["error"] for index, item in enumerate(told["data"]) if item["status"] != 201}
    assert {index: error["code"] for index, error in failed.items()} == {
        3: "duplicate-resource",
        5: "validation-failed",
        7: "validation-failed",
        9: "validation-failed",
    }
    assert failed[3]["existing_id"] == ada["id"]
    assert items(failed[5]) == [("/job_title", "too-long")]
    assert items(failed[7]) == [("/source", "not-supported")]
    assert [item["data"]["first_name"] for item in told["data"] if item["status"] == 201] == [
        f"B{number}" for number in range(20) if number not in failed
    ]
    assert book.asked("POST") == 18


def test_batches_read_change_and_delete(api: httpx.Client) -> None:
    one, two = create(api)["id"], create(api)["id"]
    gone = create(api)["id"]
    api.delete(f"/v1/contacts/{gone}")
    patches = [{"id": each, "patch": {"job_title": "x"}} for each in (one, gone, two)]
    changed = api.post("/v1/contacts/batch/update", json={"items": patches}).json()
    assert [item["status"] for item in changed["data"]] == [200, 404, 200]
    read = api.post("/v1/contacts/batch/get", json={"ids": [two, gone, one]}).json()
    assert [item["status"] for item in read["data"]] == [200, 404, 200]
    assert read["data"][0]["data"] == changed["data"][2]["data"]
    deleted = api.post("/v1/contacts/batch/delete", json={"ids": [one, gone, two]}).json()
    assert [item["status"] for item in deleted["data"]] == [204, 404, 204]


def test_where_nobody_inside_guards_what_others_own_only_those_pass_who_may_change_any(
    api: httpx.Client, book: Book, foreign: Foreign
) -> None:
    made = create(api)
    with foreign.caller("member") as member:
        own = create(member)
        book.calls.clear()
        for contact_id in (made["id"], own["id"]):
            path = f"/v1/contacts/{contact_id}"
            for answer, needed in (
                (member.patch(path, json={"job_title": "x"}), "contacts:write_all"),
                (member.delete(path), "contacts:delete_all"),
                (member.post("/v1/contacts/batch/delete", json={"ids": [contact_id]}), "contacts:delete_all"),
            ):
                body = assert_problem(answer, "insufficient-permission", decided=True, api_url=foreign.stack.api_url)
                assert (body["required_permission"], body["role"]) == (needed, "member")
        assert book.calls == []


def test_nor_may_a_member_make_records_for_others(api: httpx.Client, book: Book, foreign: Foreign) -> None:
    admin = api.get("/v1/me").json()["data"]["user"]["id"]
    book.calls.clear()
    with foreign.caller("member") as member:
        for path, body in (
            ("/v1/contacts", {"first_name": "Ada", "owner_id": admin}),
            ("/v1/contacts/batch/create", {"items": [{"first_name": "Ada", "owner_id": admin}]}),
        ):
            answer = member.post(path, json=body)
            told = assert_problem(answer, "insufficient-permission", decided=True, api_url=foreign.stack.api_url)
            assert told["required_permission"] == "records:assign"
            assert items(told) == [("/owner_id", "not-permitted")]
    assert book.calls == []
