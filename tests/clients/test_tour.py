"""The README's tour: as it stands there, by a shell; and step by step by the tools that people use."""

import re
import uuid
from pathlib import Path

import pytest

from tests.clients.callers import CALLERS, Call, Caller
from tests.spec.operations import RATE_HEADERS
from tests.support import guides
from tests.support.stack import ROOT, Stack


@pytest.fixture(params=CALLERS.values(), ids=CALLERS.keys())
def by(request: pytest.FixtureRequest) -> Caller:
    """A tool."""
    return request.param  # type: ignore[no-any-return]


def test_the_tour_in_ten_calls(stack: Stack, by: Caller) -> None:
    token, mail = stack.token(), f"{uuid.uuid4().hex}@northwind.example"
    ada = {"first_name": " Ada ", "last_name": "Okafor", "email": mail.title(), "phone": "+44 20 7946 0958"}
    created = by(stack, token, Call("POST", "/v1/contacts", ada))
    assert created.status == 201
    contact = created.body["data"]
    assert (contact["first_name"], contact["email"], contact["phone"]) == ("Ada", mail, "+442079460958")

    found = by(stack, token, Call("GET", "/v1/contacts", params={"email": mail}))
    assert [row["id"] for row in found.body["data"]] == [contact["id"]]

    path = f"/v1/contacts/{contact['id']}"
    read = by(stack, token, Call("GET", path))
    assert read.headers["etag"] == f'"{contact["etag"]}"'
    assert {name.lower() for name in RATE_HEADERS} | {"x-request-id"} <= set(read.headers)

    patch = {"Content-Type": "application/merge-patch+json"}
    changed = by(stack, token, Call("PATCH", path, {"job_title": "Head of Operations"}, headers=patch))
    assert changed.body["data"]["job_title"] == "Head of Operations"

    stale = by(stack, token, Call("PATCH", path, {"job_title": "Chief"}, headers={"If-Match": contact["etag"]}))
    assert (stale.status, stale.body["code"]) == (412, "precondition-failed")
    assert stale.body["current_etag"] == changed.body["data"]["etag"]

    keyed = Call("POST", "/v1/contacts", {"first_name": "Grace"}, headers={"Idempotency-Key": uuid.uuid4().hex})
    first, again = by(stack, token, keyed), by(stack, token, keyed)
    assert (first.status, again.status, again.headers["idempotent-replayed"]) == (201, 201, "true")
    assert first.body == again.body

    query = {"limit": "2", "order_by": "last_name", "sort_direction": "asc", "fields": "full_name,email"}
    page = by(stack, token, Call("GET", "/v1/contacts", params={**query, "include_total": "true"}))
    assert len(page.body["data"]) == 2
    assert set(page.body["data"][0]) == {"id", "full_name", "email"}
    following = {**query, "cursor": page.body["meta"]["cursor"]["next"]}
    beyond = by(stack, token, Call("GET", "/v1/contacts", params=following))
    assert not {row["id"] for row in page.body["data"]} & {row["id"] for row in beyond.body["data"]}

    wrong = by(stack, token, Call("POST", "/v1/contacts", {"frist_name": "Ada", "email": "ada@", "tags": ["a", "A"]}))
    assert wrong.headers["content-type"] == "application/problem+json"
    assert [error["pointer"] for error in wrong.body["errors"]] == ["/frist_name", "/email", "/tags/1"]

    refused = by(stack, stack.token(scope="contacts:read"), Call("DELETE", path))
    assert (refused.status, refused.body["code"]) == (403, "insufficient-scope")

    assert by(stack, token, Call("DELETE", path)).status == 204
    assert by(stack, token, Call("GET", path)).status == 410
    assert by(stack, token, Call("GET", path, params={"deleted": "include"})).body["data"]["deleted_at"]


def test_the_readme_s_tour_as_it_is_pasted(stack: Stack, tmp_path: Path) -> None:
    tour = (ROOT / "README.md").read_text().partition("## A tour in ten calls")[2].partition("\n## ")[0]
    said = "".join(guides.run([block.text for block in guides.blocks(tour)], stack, tmp_path))
    assert '"phone":"+442079460958"' in said
    assert '"job_title":"Head of Operations"' in said
    for code in ("precondition-failed", "validation-failed", "insufficient-scope"):
        assert f'"code":"{code}"' in said
    assert re.findall(r"^idempotent-replayed: (\w+)", said, re.MULTILINE | re.IGNORECASE) == ["true"]
    assert re.search(r"^HTTP/\S+ 204", said, re.MULTILINE)
    assert re.search(r'"deleted_at":"20', said)
