"""A contact through a real transcoder and a real CRM: written, read, changed, gone; and who may see it."""

import io
from datetime import datetime

import pytest

from tests.component.transcoder.places import (
    ADMIN_OF_2,
    API_URL,
    CODEC,
    MEMBER,
    Answer,
    Caller,
    assert_problem,
    fresh,
)
from tests.support.contacts import a_contact

MEMBERS_OWN = "contacts:delete contacts:read contacts:write"


async def made(caller: Caller, **fields: object) -> Answer:
    answer = await caller.create({"first_name": "Ada", **fields})
    assert answer.status == 201, answer.raw
    return answer


async def test_a_contact_is_created_read_changed_and_deleted(caller: Caller) -> None:
    body = a_contact(email=f"{fresh('ada')}@x.example", external_id=fresh("erp"))
    created = await caller.create(body)
    assert created.status == 201
    contact = created.data
    assert {name: contact[name] for name in body} == body | {
        "address": {"line2": None, "region": None, **body["address"]}
    }
    assert created.headers["Location"] == f"{API_URL}/v1/contacts/{contact['id']}"
    assert created.headers["ETag"] == f'"{contact["etag"]}"'
    assert created.headers["Version"] == "2026-11-24"

    read = await caller.get(contact["id"])
    assert (read.status, read.data) == (200, contact)
    changed = await caller.update(contact["id"], {"phone": None, "address": {"city": "Bath"}, "tags": []})
    assert changed.status == 200
    assert changed.data["phone"] is None
    assert changed.data["address"] == contact["address"] | {"city": "Bath"}
    assert changed.data["etag"] != contact["etag"]
    assert datetime.fromisoformat(changed.data["updated_at"]) > datetime.fromisoformat(contact["updated_at"])

    deleted = await caller.delete(contact["id"])
    assert (deleted.status, deleted.raw) == (204, b"")
    gone = assert_problem(await caller.get(contact["id"]), 410, "resource-deleted")
    assert gone["merged_into"] is None
    shown = await caller.get(contact["id"], "?deleted=include")
    assert (shown.status, shown.data["deleted_at"]) == (200, gone["deleted_at"])
    assert_problem(await caller.update(contact["id"], {"first_name": "Bob"}), 410, "resource-deleted")
    assert_problem(await caller.delete(contact["id"]), 410, "resource-deleted")


async def test_an_empty_patch_and_one_that_changes_no_value_write_nothing(caller: Caller) -> None:
    contact = (await made(caller, tags=["VIP"])).data
    for patch in ({}, {"first_name": " Ada ", "tags": ["VIP"]}, {"phone": None}):
        answer = await caller.update(contact["id"], patch)
        assert (answer.status, answer.data) == (200, contact)


async def test_a_record_reads_alike_in_both_versions_but_for_its_etag(caller: Caller) -> None:
    contact = (await made(caller)).data
    older = await caller.get(contact["id"], Version="2026-06-17")
    assert older.headers["Version"] == "2026-06-17"
    assert older.data["etag"] != contact["etag"]
    assert older.data | {"etag": ""} == contact | {"etag": ""}


async def test_if_match_takes_every_form_of_the_current_tag(caller: Caller) -> None:
    contact = (await made(caller)).data
    for n, form in enumerate(['"{}"', "{}", 'W/"{}"', "W/{}", '"other", "{}"']):
        tag = contact["etag"]
        answer = await caller.update(contact["id"], {"first_name": f"Ada {n}"}, If_Match=form.format(tag))
        assert answer.status == 200, (form, answer.raw)
        contact = answer.data
    older = (await caller.get(contact["id"], Version="2026-06-17")).headers["ETag"]
    assert (await caller.update(contact["id"], {"last_name": "Okafor"}, If_Match=older)).status == 200


async def test_if_match_of_a_former_revision_writes_nothing_and_tells_the_current_tag(caller: Caller) -> None:
    contact = (await made(caller)).data
    current = (await caller.update(contact["id"], {"first_name": "Bob"})).data
    for tag in (contact["etag"], '"nothing-of-ours"'):
        refusal = assert_problem(
            await caller.update(contact["id"], {"first_name": "Eve"}, If_Match=tag), 412, "precondition-failed"
        )
        assert refusal["current_etag"] == current["etag"]
        assert_problem(await caller.delete(contact["id"], If_Match=tag), 412, "precondition-failed")
    assert (await caller.get(contact["id"])).data == current
    assert (await caller.delete(contact["id"], If_Match=current["etag"])).status == 204


async def test_a_star_needs_a_live_record_and_no_more(caller: Caller) -> None:
    contact = (await made(caller)).data
    assert (await caller.delete(contact["id"], If_Match="*")).status == 204
    assert_problem(await caller.delete(contact["id"], If_Match="*"), 410, "resource-deleted")


async def test_what_the_caller_knows_is_not_sent_again(caller: Caller) -> None:
    contact = (await made(caller)).data
    for tag in (f'"{contact["etag"]}"', f'"x", W/"{contact["etag"]}"', "*"):
        known = await caller.get(contact["id"], If_None_Match=tag)
        assert (known.status, known.raw, known.headers["ETag"]) == (304, b"", f'"{contact["etag"]}"')
    assert (await caller.get(contact["id"], If_None_Match='"x"')).status == 200


async def test_ids_of_nobody_and_of_others_get_one_answer(caller: Caller) -> None:
    theirs = (await made(caller.but(business=2, user=ADMIN_OF_2))).data["id"]
    never = CODEC.seal("con", 1, 2**40)
    nonsense = "con_" + "0" * 26
    answers = []
    for contact_id in (theirs, never, nonsense):
        for answer in (
            await caller.get(contact_id),
            await caller.update(contact_id, {"first_name": "Eve"}),
            await caller.delete(contact_id),
        ):
            problem = assert_problem(answer, 404, "resource-not-found")
            trace_id = problem["trace_id"]
            answers.append(answer.raw.replace(trace_id.encode(), b""))
    assert len(set(answers)) == 1


@pytest.mark.parametrize("change", [str.upper, lambda text: text[:-1], lambda text: f"{text}0", lambda _: "con_"])
async def test_an_id_that_is_none_is_malformed(caller: Caller, change) -> None:
    contact_id = change((await made(caller)).data["id"])
    refusal = assert_problem(await caller.get(contact_id), 400, "invalid-id")
    assert refusal["errors"][0]["parameter"] == "contact_id"


async def test_a_path_with_an_escaped_line_break_is_a_malformed_id(caller: Caller) -> None:
    assert_problem(await caller.get("con_%0A"), 400, "invalid-id")


async def test_a_member_changes_their_own_records_only(caller: Caller) -> None:
    member = caller.but(user=MEMBER, permissions=MEMBERS_OWN)
    theirs = (await made(caller)).data
    refusal = assert_problem(await member.update(theirs["id"], {"first_name": "Eve"}), 403, "insufficient-permission")
    assert refusal["required_permission"] == "contacts:write_all"
    refusal = assert_problem(await member.delete(theirs["id"]), 403, "insufficient-permission")
    assert refusal["required_permission"] == "contacts:delete_all"
    own = (await made(member)).data
    assert own["owner_id"] == own["created_by_id"] == CODEC.seal("usr", 1, MEMBER)
    refusal = assert_problem(
        await member.update(own["id"], {"owner_id": theirs["owner_id"]}), 403, "insufficient-permission"
    )
    assert [(item["pointer"], item["code"]) for item in refusal["errors"]] == [("/owner_id", "not-permitted")]
    assert (await member.update(own["id"], {"owner_id": own["owner_id"], "first_name": "Bob"})).status == 200


async def test_what_the_crm_refuses_is_told_in_public_words(caller: Caller) -> None:
    email = f"{fresh('taken')}@x.example"
    first = (await made(caller, email=email)).data
    taken = assert_problem(await caller.create({"email": email.upper()}), 409, "duplicate-resource")
    assert (taken["field"], taken["existing_id"]) == ("email", first["id"])
    broken = assert_problem(await caller.create({"source": "webinar"}), 422, "business-rule-violated")
    assert broken["rule"] == "contact-needs-identity"
    no_company = {"first_name": "Ada", "company_id": CODEC.seal("cmp", 1, 2**40)}
    dangling = assert_problem(await caller.create(no_company), 422, "validation-failed")
    assert dangling["errors"][0] | {"detail": ""} == {
        "pointer": "/company_id",
        "code": "reference-not-found",
        "detail": "",
    }


async def test_an_earlier_check_hides_a_later_one(caller: Caller) -> None:
    """Each step mends what the one before was told; the order is the contract's."""
    no_id, bad_body = "con_x", '{"email": 1, "email": 2}'
    headers = caller.identity("update") | {"Version": "1", "Content-Type": "text/plain", "If-Match": '"'}

    async def told(target: str, body: str) -> tuple[int, str]:
        url = f"http://transcoder/v1/contacts/{target}"
        async with caller.session.patch(url, data=io.BytesIO(body.encode()), headers=headers) as response:
            return response.status, (await response.json(content_type=None))["code"]

    assert await told(no_id, bad_body) == (400, "version-invalid")
    headers["Version"] = "2026-11-24"
    assert await told(no_id, bad_body) == (415, "unsupported-media-type")
    headers |= {"Content-Type": "application/json", "Accept": "text/html"}
    assert await told(no_id, bad_body) == (406, "not-acceptable")
    headers["Accept"] = "*/*"
    assert await told(no_id, " " * 2**21) == (413, "payload-too-large")
    assert await told(no_id, bad_body) == (400, "malformed-request")
    bad_body = '{"email": 1}'
    assert await told(no_id, bad_body) == (400, "invalid-id")
    nobody = CODEC.seal("con", 1, 2**40)
    assert await told(nobody, bad_body) == (400, "invalid-parameter")
    headers["If-Match"] = '"stale"'
    assert await told(nobody, bad_body) == (422, "validation-failed")
    assert await told(nobody, '{"source": "x"}') == (404, "resource-not-found")


async def test_head_answers_as_get_without_a_body(caller: Caller) -> None:
    contact = (await made(caller)).data
    url = f"http://transcoder/v1/contacts/{contact['id']}"
    async with caller.session.head(url, headers=caller.identity("get")) as response:
        assert (response.status, await response.read()) == (200, b"")
        assert response.headers["ETag"] == f'"{contact["etag"]}"'
