"""Pages and cursors over a real CRM: every record once, whatever is written meanwhile."""

from urllib.parse import parse_qsl, quote, urlsplit

import pytest

from tests.component.transcoder.places import ADMIN_OF_2, API_URL, Caller, assert_problem, fresh


async def some(caller: Caller, count: int) -> tuple[str, list[str]]:
    """A source of their own for new contacts, and their ids in order of creation."""
    external = fresh("walk")
    ids = []
    for n in range(count):
        answer = await caller.create(
            {"first_name": f"Ada {n}", "external_id": f"{external}:{n}", "last_name": external}
        )
        ids.append(answer.data["id"])
    return external, ids


async def test_a_walk_shows_every_record_once_while_others_come_and_go(caller: Caller) -> None:
    _, ids = await some(caller, 12)
    shown: list[str] = []
    query, cursor = "?limit=5", None
    while True:
        page = await caller.ask("list", query + (f"&cursor={cursor}" if cursor else ""))
        assert page.status == 200, page.raw
        shown += [contact["id"] for contact in page.data]
        meta = page.body["meta"]["cursor"]
        assert meta["has_more"] is (meta["next"] is not None)
        if not meta["has_more"]:
            break
        cursor = meta["next"]
        await caller.create({"first_name": "Latecomer"})  # newer than where the walk is
        if ids and ids[0] not in shown:
            await caller.delete(ids.pop(0))  # older than where the walk is
    assert len(shown) == len(set(shown))
    assert set(ids) <= set(shown)
    assert len(shown) > 30  # the seed's, too


async def test_both_directions_show_the_same_records_the_other_way_round(caller: Caller) -> None:
    _, ids = await some(caller, 3)
    listed = {}
    for direction in ("asc", "desc"):
        page = await caller.ask("list", f"?ids={','.join(ids)}&sort_direction={direction}")
        listed[direction] = [contact["id"] for contact in page.data]
    assert listed["asc"] == ids
    assert listed["desc"] == ids[::-1]


async def test_the_next_link_is_the_public_url_of_the_same_query_behind_the_cursor(caller: Caller) -> None:
    _, ids = await some(caller, 3)
    query = f"limit=2&ids={quote(','.join(ids))}&created_since=2020-01-01T00:00:00%2B01:00&phone=&fields=id"
    assert_problem(await caller.ask("list", f"?{query}"), 400, "invalid-parameter")
    page = await caller.ask("list", f"?{query.replace('&phone=', '')}")
    link = page.headers["Link"]
    assert link.startswith(f"<{API_URL}/v1/contacts?")
    assert link.endswith('>; rel="next"')
    target = urlsplit(link[1:].split(">")[0])
    assert dict(parse_qsl(target.query))["cursor"] == page.body["meta"]["cursor"]["next"]
    last = await caller.ask("list", f"?{target.query}")
    assert [contact["id"] for contact in page.data + last.data] == ids[::-1]
    assert "Link" not in last.headers


async def test_the_page_size_the_fields_and_the_version_may_change_between_pages(caller: Caller) -> None:
    _, ids = await some(caller, 3)
    among = f"ids={','.join(ids)}"
    first = await caller.ask("list", f"?{among}&limit=1")
    cursor = first.body["meta"]["cursor"]["next"]
    rest = await caller.ask(
        "list", f"?{among}&limit=200&fields=id&include_total=true&cursor={cursor}", Version="2026-06-17"
    )
    assert [contact["id"] for contact in rest.data] == ids[1::-1]
    assert rest.body["meta"]["total"] == 3


CHANGES = ["order_by=email", "sort_direction=asc", "deleted=include", "lifecycle_stage=lead", "ids=", "email=a@b.cd"]


@pytest.mark.parametrize("change", CHANGES)
async def test_a_cursor_is_of_its_query(caller: Caller, change: str) -> None:
    _, ids = await some(caller, 2)
    first = await caller.ask("list", f"?limit=1&ids={','.join(ids)}")
    cursor = first.body["meta"]["cursor"]["next"]
    query = f"?cursor={cursor}&ids={','.join(ids)}&{change}"
    if change == "ids=":
        query = f"?cursor={cursor}&ids={ids[0]}"
    refusal = assert_problem(await caller.ask("list", query), 400, "invalid-cursor")
    assert refusal["reason"] == "query-mismatch"


async def test_a_cursor_is_of_its_business(caller: Caller) -> None:
    cursor = (await caller.ask("list", "?limit=1")).body["meta"]["cursor"]["next"]
    stranger = caller.but(business=2, user=ADMIN_OF_2)
    refusal = assert_problem(await stranger.ask("list", f"?limit=1&cursor={cursor}"), 400, "invalid-cursor")
    assert refusal["reason"] == "malformed"


@pytest.mark.parametrize("text", ["", "x", "%00", "é", "A" * 3000])
async def test_a_cursor_that_is_none_is_malformed(caller: Caller, text: str) -> None:
    refusal = assert_problem(await caller.ask("list", f"?cursor={text}"), 400, "invalid-cursor")
    assert refusal["reason"] == "malformed"


async def test_a_cursor_with_one_character_changed_is_malformed(caller: Caller) -> None:
    cursor = (await caller.ask("list", "?limit=1")).body["meta"]["cursor"]["next"]
    changed = cursor[:-9] + ("A" if cursor[-9] != "A" else "B") + cursor[-8:]
    refusal = assert_problem(await caller.ask("list", f"?limit=1&cursor={changed}"), 400, "invalid-cursor")
    assert refusal["reason"] == "malformed"


async def test_filters_find_what_they_name_and_nothing_is_an_empty_page(caller: Caller) -> None:
    external, ids = await some(caller, 2)
    found = await caller.ask("list", f"?external_id={external}:1&include_total=true")
    assert [contact["id"] for contact in found.data] == [ids[1]]
    assert found.body["meta"] == {"cursor": {"next": None, "has_more": False}, "total": 1}
    nothing = await caller.ask("list", f"?external_id={external}:9")
    assert nothing.body == {"data": [], "meta": {"cursor": {"next": None, "has_more": False}}}


async def test_deleted_ones_are_listed_only_when_asked_for(caller: Caller) -> None:
    _, ids = await some(caller, 2)
    await caller.delete(ids[0])
    listed = {}
    for which in ("exclude", "include", "only"):
        page = await caller.ask("list", f"?ids={','.join(ids)}&deleted={which}&sort_direction=asc")
        listed[which] = [contact["id"] for contact in page.data]
    assert listed == {"exclude": ids[1:], "include": ids, "only": ids[:1]}


async def test_a_window_holds_its_start_and_not_its_end(caller: Caller) -> None:
    _, ids = await some(caller, 2)
    stamps = {contact["id"]: contact["created_at"] for contact in (await caller.ask("list", "?limit=2")).data}
    window = f"?created_since={stamps[ids[0]]}&created_until={stamps[ids[1]]}"
    assert [contact["id"] for contact in (await caller.ask("list", window)).data] == [ids[0]]
