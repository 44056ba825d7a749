"""A service that hangs up, talks nonsense or has a bad day: nothing is sent twice, nothing of it is passed on."""

import uuid
from typing import Any

import httpx
import pytest

from tests.foreign_backend.book import Book
from tests.foreign_backend.conftest import Foreign
from tests.foreign_backend.test_tour import create, fresh_email
from tests.support.problems import assert_problem, items
from tests.support.waiting import waited


def keyed() -> dict[str, str]:
    return {"Idempotency-Key": uuid.uuid4().hex}


def test_a_create_whose_outcome_nobody_knows_is_never_sent_again(
    api: httpx.Client, book: Book, foreign: Foreign
) -> None:
    headers, body = keyed(), {"first_name": "Ada", "email": fresh_email()}
    book.hangs_up_after = ("POST",)
    first = api.post("/v1/contacts", json=body, headers=headers)
    told = assert_problem(first, "upstream-unavailable", decided=True, api_url=foreign.stack.api_url)
    # A retry is refused for as long as the key is kept, so the first answer must not invite one.
    assert (told["retryable"], told["outcome"]) == (False, "unknown")
    assert "can be retried" not in told["detail"]
    book.hangs_up_after = ()
    for _ in range(2):
        again = api.post("/v1/contacts", json=body, headers=headers)
        told = assert_problem(again, "idempotency-outcome-unknown", decided=True, api_url=foreign.stack.api_url)
        assert told["retryable"] is False
    assert book.asked("POST") == 1
    # It did happen, as a look tells; and the answer about the key claims no record.
    assert len(api.get("/v1/contacts", params={"email": body["email"]}).json()["data"]) == 1
    asked = {"idempotency_key": headers["Idempotency-Key"]}
    [entry] = api.get("/v1/requests", params=asked).json()["data"]
    assert (entry["status"], entry["record_id"]) == (409, None)


def test_a_record_that_was_made_and_cannot_be_read_back_may_have_been_made(
    api: httpx.Client, book: Book, foreign: Foreign
) -> None:
    headers, body = keyed(), {"first_name": "Ada", "email": fresh_email()}
    book.hangs_up_after = ("GET",)
    first = api.post("/v1/contacts", json=body, headers=headers)
    told = assert_problem(first, "upstream-unavailable", decided=True, api_url=foreign.stack.api_url)
    assert told["outcome"] == "unknown"
    book.hangs_up_after = ()
    again = api.post("/v1/contacts", json=body, headers=headers)
    assert_problem(again, "idempotency-outcome-unknown", decided=True, api_url=foreign.stack.api_url)
    assert book.asked("POST") == 1


def test_of_a_batch_each_item_says_what_is_known_of_it(api: httpx.Client, book: Book, foreign: Foreign) -> None:
    headers, body = keyed(), {"items": [{"first_name": "A"}, {"first_name": 7}]}
    book.hangs_up_after = ("POST",)
    answer = api.post("/v1/contacts/batch/create", json=body, headers=headers)
    assert answer.status_code == 200
    unknown, refused = (item["error"] for item in answer.json()["data"])
    assert (unknown["code"], unknown["retryable"], unknown["outcome"]) == ("upstream-unavailable", False, "unknown")
    assert items(refused) == [("/first_name", "invalid-type")]
    again = api.post("/v1/contacts/batch/create", json=body, headers=headers)
    assert_problem(again, "idempotency-outcome-unknown", decided=True, api_url=foreign.stack.api_url)
    assert book.asked("POST") == 1


def test_a_refusal_frees_the_key(api: httpx.Client) -> None:
    email, headers = fresh_email(), keyed()
    taken = create(api, email=email)
    body = {"first_name": "Ada", "email": email}
    assert api.post("/v1/contacts", json=body, headers=headers).status_code == 409
    api.delete(f"/v1/contacts/{taken['id']}")
    assert api.post("/v1/contacts", json=body, headers=headers).status_code == 201


NONSENSE: dict[str, tuple[int, Any]] = {
    "nothing": (200, ""),
    "a page": (200, "<html>Welcome</html>"),
    "no person": (200, {"id": "7"}),
    "a sentence that has no row": (409, {"error": "The printer is on fire."}),
    "a sentence that only begins like one": (404, {"error": "No such person. Ask Bob in /internal/7."}),
    "an error without a sentence": (400, {"oops": 1}),
    "that it does not know us": (401, {"error": "Who are you?"}),
    "that the user does not work there": (403, {"error": "You do not work here."}),
    "that it is broken": (500, "Traceback (most recent call last)"),
    "that it moved": (302, ""),
}


@pytest.mark.parametrize("said", NONSENSE.values(), ids=NONSENSE.keys())
def test_it_is_nobodys_fault_outside_when_it_says(
    said: tuple[int, Any], api: httpx.Client, book: Book, foreign: Foreign
) -> None:
    path = f"/v1/contacts/{create(api)['id']}"
    book.says = said
    for answer, outcome in ((api.get(path), "not-applied"), (api.patch(path, json={"job_title": "x"}), "unknown")):
        told = assert_problem(answer, "upstream-invalid", decided=True, api_url=foreign.stack.api_url)
        assert told["outcome"] == outcome
        assert not any(word in answer.text for word in ("printer", "Bob", "Who are you", "work here", "Welcome"))


def test_a_customers_value_that_it_quotes_is_in_no_log(api: httpx.Client, book: Book, foreign: Foreign) -> None:
    person = f"Quoted{uuid.uuid4().hex}"
    path = f"/v1/contacts/{create(api)['id']}"
    quoted = (
        (409, {"error": f"Somebody called {person} is there already."}),
        (400, {"error": f"{person} is no name."}),
        (200, {"id": str(uuid.uuid4()), "stage": person}),
        (422, person),
    )
    for said in quoted:
        book.says = said
        answer = api.patch(path, json={"job_title": "x"})
        assert person not in answer.text
        told = assert_problem(answer, "upstream-invalid", decided=True, api_url=foreign.stack.api_url)
        cause = wait_for_log(foreign, told["trace_id"])
        assert person not in cause
        assert "status" in cause or "`$" in cause


def a_person(number: int, **change: Any) -> dict[str, Any]:
    """A record as the service writes it; the higher the number, the later."""
    at, user = f"2026-06-17T14:30:{number:02d}.000001+00:00", str(uuid.UUID(int=9))
    named = {"given": "Ada", "family": None, "mail": None, "mobile": None, "position": None, "stage": "Lead"}
    return named | {"id": str(uuid.UUID(int=number)), "owner": user, "maker": user, "added": at, "changed": at} | change


BAD: dict[str, dict[str, Any]] = {
    "has no form": {"given": {"first": "Ada"}},
    "has an unknown stage": {"stage": "Enemy"},
    "belongs to nobody": {"owner": None},
}


@pytest.mark.parametrize("change", BAD.values(), ids=BAD.keys())
def test_a_record_takes_no_other_with_it_that(change: dict[str, Any], api: httpx.Client, book: Book) -> None:
    people = [a_person(3), a_person(2, **change), a_person(1)]
    book.says = (200, {"people": people, "count": 3})
    told = api.get("/v1/contacts").json()
    assert [record["first_name"] for record in told["data"]] == ["Ada", "Ada"]
    [lost] = told["meta"]["unreadable"]
    assert lost not in [record["id"] for record in told["data"]]
    book.says = (200, people[1])
    assert api.get(f"/v1/contacts/{lost}").json()["code"] == "upstream-invalid"
    batch = api.post("/v1/contacts/batch/get", json={"ids": [lost]}).json()
    assert [(each["status"], each["error"]["code"]) for each in batch["data"]] == [(502, "upstream-invalid")]


def test_a_value_beyond_its_bound_is_null_and_counted(api: httpx.Client, book: Book, foreign: Foreign) -> None:
    book.says = (200, {"people": [a_person(1, given="x" * 101, family="Okafor")], "count": 1})
    [record] = api.get("/v1/contacts").json()["data"]
    assert (record["first_name"], record["full_name"]) == (None, "Okafor")
    waited(lambda: any(record["id"] in line for line in transcoder_lines(foreign)), "the line that names the record")


def wait_for_log(foreign: Foreign, trace_id: str) -> str:
    """The line of the transcoder that has this trace id."""
    waited(lambda: any(trace_id in line for line in transcoder_lines(foreign)), "the line of the request")
    return next(line for line in transcoder_lines(foreign) if trace_id in line)


def transcoder_lines(foreign: Foreign) -> list[str]:
    logs = foreign.stack.own_folder / "logs"
    return [line for file in sorted(logs.glob("transcoder*.log")) for line in file.read_text().splitlines()]


def test_what_it_refuses_for_the_callers_sake_is_told_at_its_place(api: httpx.Client, foreign: Foreign) -> None:
    made = create(api, email=fresh_email())
    path = f"/v1/contacts/{made['id']}"
    other = create(api)["id"]
    rows = (
        (api.patch(path, json={"job_title": "x" * 81}), "validation-failed", [("/job_title", "too-long")]),
        (
            api.patch(path, json={"first_name": None, "email": None}),
            "business-rule-violated",
            [("", "rule-violated")],
        ),
        (
            api.patch(f"/v1/contacts/{other}", json={"email": made["email"]}),
            "duplicate-resource",
            [("/email", "duplicate-value")],
        ),
        (
            api.patch(path, json={"owner_id": "usr_" + "0" * 52}),
            "validation-failed",
            [("/owner_id", "reference-not-found")],
        ),
    )
    for answer, code, places in rows:
        body = assert_problem(answer, code, decided=True, api_url=foreign.stack.api_url)
        assert items(body) == places
