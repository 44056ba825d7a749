"""An internal service that is dead, slow or lying: always a problem of ours, and the truth about what was written."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from contract.vocabulary import TenantId
from tests.component.transcoder.liar import Liar, Tell, ends, hangs, lying_at, raw, resets, said, then
from tests.component.transcoder.places import CODEC, Answer, Caller, Faults, Folder, assert_problem, caller_at

CONTACT_ID = CODEC.seal("con", TenantId(1), 5)
RECORD = (
    b'{"id":5,"first_name":"Ada","lifecycle_code":1,"dnd":0,"tags":[],"owner_user_id":11,"created_by_user_id":11,'
    b'"created_at":1781706600000,"updated_at":1781706600000,"is_deleted":0,"revision":1}'
)
GOOD = b'{"ok":true,"result":' + RECORD + b"}"
EMPTY_PAGE = b'{"ok":true,"result":[],"paging":{"has_more":false,"next_key":null}}'
MEBIBYTE = 1024 * 1024
ITS_SHARE, WHOLE_PAGES = 48, 40


@pytest.fixture(scope="module")
async def lied_to(folder: Folder, valkey_url: str) -> AsyncIterator[tuple[Caller, Liar]]:
    """A caller before a hasty transcoder before a liar."""
    async with (
        lying_at(folder.socket("liar")) as liar,
        folder.transcoder("lied-to", valkey_url, internal="liar"),
        caller_at(folder.socket("lied-to")) as caller,
    ):
        yield caller, liar


WRITES = ["create", "update", "delete"]


async def ask(caller: Caller, operation: str) -> Answer:
    match operation:
        case "list":
            return await caller.ask("list")
        case "get":
            return await caller.get(CONTACT_ID)
        case "create":
            return await caller.create()
        case "update":
            return await caller.update(CONTACT_ID, {"first_name": "Ada"})
        case _:
            return await caller.delete(CONTACT_ID)


UNREADABLE: dict[str, Tell] = {
    "500": said(b'{"ok":false}', status="500 Internal Server Error"),
    "503": said(b"", status="503 Service Unavailable"),
    "401": said(b'{"ok":false,"error_code":"E_NOT_FOUND"}', status="401 Unauthorized"),
    "403": said(GOOD, status="403 Forbidden"),
    "404": said(GOOD, status="404 Not Found"),
    "201": said(GOOD, status="201 Created"),
    "302": said(b"", status="302 Found", headers="Location: http://internal/elsewhere\r\n"),
    "a page": said(b"<!DOCTYPE html><html><body>Welcome to nginx!</body></html>"),
    "nothing": said(b""),
    "null": said(b"null"),
    "an array": said(b"[" + RECORD + b"]"),
    "no envelope": said(RECORD),
    "an ok that is no boolean": said(b'{"ok":1,"result":' + RECORD + b"}"),
    "a second value": said(GOOD + GOOD),
    "bytes that are no text": said(b'{"ok":true,"result":"\xff\xfe"}'),
    "a deep nest": said(b'{"ok":true,"result":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "NaN": said(b'{"ok":true,"result":NaN}'),
    "a refusal without a code": said(b'{"ok":false}'),
    "a refusal with a code that nobody knows": said(b'{"ok":false,"error_code":"E_QUOTA","message":"db-3"}'),
    "an internal error": said(b'{"ok":false,"error_code":"E_INTERNAL","message":"Traceback"}'),
    "compressed bytes": said(b"\x1f\x8b\x08\x00\x00", headers="Content-Encoding: gzip\r\n"),
    "17 MiB": said(b'{"ok":true,"result":"' + b"x" * 17 * MEBIBYTE + b'"}'),
    "half of it, then the end": then(said(GOOD[:40], length=len(GOOD)), ends),
    "half of it, then a reset": then(said(GOOD[:40], length=len(GOOD)), resets),
    "something that is not HTTP": then(raw(b"SSH-2.0-OpenSSH_9.2\r\n"), ends),
    "two lengths": said(GOOD, headers="Content-Length: 3\r\n"),
    "a head without an end": then(raw(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 100_000), ends),
}


@pytest.mark.parametrize("tell", UNREADABLE.values(), ids=UNREADABLE.keys())
async def test_what_cannot_be_read_is_a_502_and_of_a_write_unknown(lied_to: tuple[Caller, Liar], tell: Tell) -> None:
    caller, liar = lied_to
    liar.tells = [tell]
    for operation in ("list", "get", *WRITES):
        outcome = "unknown" if operation in WRITES else "not-applied"
        assert_problem(await ask(caller, operation), 502, "upstream-invalid", outcome)


@pytest.mark.parametrize("tell", [ends, resets], ids=["ends", "resets"])
async def test_a_service_that_dies_before_it_answers_is_a_503_and_of_a_write_unknown(
    lied_to: tuple[Caller, Liar], tell: Tell
) -> None:
    caller, liar = lied_to
    liar.tells = [tell]
    for operation in ("list", "get", *WRITES):
        outcome = "unknown" if operation in WRITES else "not-applied"
        assert_problem(await ask(caller, operation), 503, "upstream-unavailable", outcome)


HALVES: dict[str, bytes] = {
    "no result": b'{"ok":true}',
    "a null": b'{"ok":true,"result":null}',
    "half a record": b'{"ok":true,"result":{"id":5,"first_name":"Ada"}}',
    "an unknown stage": GOOD.replace(b'"lifecycle_code":1', b'"lifecycle_code":9'),
    "a stage in an array": GOOD.replace(b'"lifecycle_code":1', b'"lifecycle_code":[1]'),
    "an instant beyond the calendar": GOOD.replace(b"1781706600000", b"178170660000000000"),
    "an id beyond the codec": GOOD.replace(b'"id":5', b'"id":99999999999999999999'),
    "an address of numbers": GOOD.replace(b'"dnd":0', b'"dnd":0,"address_city":7'),
}


@pytest.mark.parametrize("body", HALVES.values(), ids=HALVES.keys())
async def test_half_a_record_is_a_502(lied_to: tuple[Caller, Liar], body: bytes) -> None:
    caller, liar = lied_to
    liar.tells = [said(body)]
    assert_problem(await ask(caller, "get"), 502, "upstream-invalid", "not-applied")
    assert_problem(await ask(caller, "create"), 502, "upstream-invalid", "unknown")
    assert_problem(await ask(caller, "update"), 502, "upstream-invalid", "unknown")


PAGES: dict[str, bytes] = {
    "no paging": b'{"ok":true,"result":[' + RECORD + b"]}",
    "no word on more": b'{"ok":true,"result":[],"paging":{"limit":50}}',
    "more without a key": b'{"ok":true,"result":[],"paging":{"has_more":true,"next_key":null}}',
    "rows that are none": b'{"ok":true,"result":[5],"paging":{"has_more":false,"next_key":null}}',
    "a row without an id": b'{"ok":true,"result":[' + RECORD + b',{}],"paging":{"has_more":false,"next_key":null}}',
}


@pytest.mark.parametrize("body", PAGES.values(), ids=PAGES.keys())
async def test_half_a_page_is_a_502(lied_to: tuple[Caller, Liar], body: bytes) -> None:
    caller, liar = lied_to
    liar.tells = [said(body)]
    assert_problem(await ask(caller, "list"), 502, "upstream-invalid", "not-applied")


async def test_a_row_that_cannot_be_read_is_named_and_takes_no_other(lied_to: tuple[Caller, Liar]) -> None:
    caller, liar = lied_to
    liar.tells = [said(b'{"ok":true,"result":[{"id":6},' + RECORD + b'],"paging":{"has_more":false,"next_key":null}}')]
    answer = await ask(caller, "list")
    told = answer.body
    assert answer.status == 200
    assert [record["first_name"] for record in told["data"]] == ["Ada"]
    assert [record_id[:4] for record_id in told["meta"]["unreadable"]] == ["con_"]
    assert told["meta"]["unreadable"] != [record["id"] for record in told["data"]]


async def test_a_total_that_was_asked_for_and_is_not_there_is_a_502(lied_to: tuple[Caller, Liar]) -> None:
    caller, liar = lied_to
    liar.tells = [said(b'{"ok":true,"result":[],"paging":{"has_more":false,"next_key":null}}')]
    assert (await caller.ask("list")).status == 200
    assert_problem(await caller.ask("list", "?include_total=true"), 502, "upstream-invalid", "not-applied")


@pytest.mark.parametrize("tell", [hangs, then(said(GOOD[:40], length=len(GOOD)), hangs)], ids=["at once", "mid-body"])
async def test_a_service_that_hangs_is_given_up_in_time(lied_to: tuple[Caller, Liar], tell: Tell) -> None:
    caller, liar = lied_to
    liar.tells = [tell]
    async with asyncio.timeout(4.0):  # all at once: nobody waits for another
        answers = await asyncio.gather(*(ask(caller, operation) for operation in ("list", "get", *WRITES)))
    for answer, outcome in zip(answers, ["not-applied"] * 2 + ["unknown"] * 3, strict=True):
        assert_problem(answer, 504, "upstream-timeout", outcome)


async def test_a_write_on_a_kept_connection_that_breaks_is_not_sent_again(lied_to: tuple[Caller, Liar]) -> None:
    caller, liar = lied_to
    for operation in WRITES:
        liar.heard.clear()
        liar.tells = [said(GOOD), resets]
        assert (await ask(caller, "get")).status == 200  # leaves a connection behind
        assert_problem(await ask(caller, operation), 503, "upstream-unavailable", "unknown")
        assert len(liar.heard) == 2


@pytest.mark.parametrize(("operation", "good"), [("get", GOOD), ("list", EMPTY_PAGE)])
@pytest.mark.parametrize("breaks", [ends, resets], ids=["ends", "resets"])
async def test_a_read_on_a_kept_connection_that_breaks_is_sent_once_more(
    lied_to: tuple[Caller, Liar], operation: str, good: bytes, breaks: Tell
) -> None:
    caller, liar = lied_to
    liar.tells = [said(good)]
    for _ in range(20):  # earns what is to be spent
        assert (await ask(caller, operation)).status == 200
    liar.heard.clear()
    liar.tells = [breaks, said(good)]
    assert (await ask(caller, operation)).status == 200
    assert len(liar.heard) == 2


async def test_a_service_that_breaks_every_connection_is_not_asked_twice_for_ever(
    lied_to: tuple[Caller, Liar],
) -> None:
    caller, liar = lied_to
    liar.tells = [resets]
    for _ in range(20):
        await ask(caller, "get")
    liar.heard.clear()
    for _ in range(20):
        assert_problem(await ask(caller, "get"), 503, "upstream-unavailable", "not-applied")
    assert 20 <= len(liar.heard) <= 22


async def test_the_service_is_told_who_asks_how_long_they_wait_and_under_which_trace(
    lied_to: tuple[Caller, Liar],
) -> None:
    caller, liar = lied_to
    liar.tells = [said(GOOD)]
    liar.heard.clear()
    await caller.update(CONTACT_ID, {"first_name": "Ada"}, X_Request_Id="a-trace")
    ((line, headers),) = liar.heard
    assert line == "PUT /internal/v2/businesses/1/contacts/5"
    assert (headers["x-actor-user-id"], headers["x-trace-id"]) == ("11", "a-trace")
    assert "contacts:write_all" in headers["x-actor-permissions"].split()
    assert 0 < int(headers["x-deadline-ms"]) <= 1500
    assert headers["accept-encoding"] == "identity"
    assert not [name for name in headers if name.startswith("x-gw-") or name in ("cookie", "authorization", "version")]


async def test_the_services_code_is_in_the_log_under_the_trace_and_its_sentence_is_nowhere(
    lied_to: tuple[Caller, Liar], folder: Folder
) -> None:
    caller, liar = lied_to
    liar.tells = [UNREADABLE["a refusal with a code that nobody knows"]]
    answer = await caller.get(CONTACT_ID, X_Request_Id="a-loud-trace")
    assert b"db-3" not in answer.raw
    (line,) = [entry for entry in folder.log_of("lied-to") if entry.get("trace_id") == "a-loud-trace"]
    assert (line["level"], line["status"], line["code"]) == ("error", 502, "upstream-invalid")
    assert "E_QUOTA" in line["cause"]
    # A sentence may quote what a customer wrote.
    assert "db-3" not in json.dumps(line)


async def test_a_service_that_is_away_is_unavailable_and_wrote_nothing_until_it_is_back(
    folder: Folder, valkey_url: str
) -> None:
    async with folder.transcoder("alone", valkey_url, internal="away"), caller_at(folder.socket("alone")) as caller:
        for operation in ("list", "get", *WRITES):
            assert_problem(await ask(caller, operation), 503, "upstream-unavailable", "not-applied")
        async with lying_at(folder.socket("away")) as liar:
            liar.tells = [said(GOOD)]
            assert (await ask(caller, "get")).status == 200
        assert_problem(await ask(caller, "get"), 503, "upstream-unavailable", "not-applied")


async def test_the_sandbox_s_own_faults_are_told_alike(hasty: Caller, faults: Faults) -> None:
    await faults.set(dead=True)
    assert_problem(await hasty.ask("list"), 503, "upstream-unavailable", "not-applied")
    assert_problem(await hasty.create(), 503, "upstream-unavailable", "unknown")
    await faults.set(status=500, body="<h1>oops</h1>")
    assert_problem(await hasty.create(), 502, "upstream-invalid", "unknown")
    await faults.set(delay_ms=2_500)
    answers = await asyncio.gather(hasty.ask("list"), hasty.create())
    assert_problem(answers[0], 504, "upstream-timeout", "not-applied")
    assert_problem(answers[1], 504, "upstream-timeout", "unknown")
    await faults.clear()
    assert (await hasty.create()).status == 201


async def test_a_business_that_waits_for_a_service_leaves_room_for_others(lied_to: tuple[Caller, Liar]) -> None:
    caller, liar = lied_to
    liar.tells = [hangs]
    other = caller.but(business=2)
    mine = [asyncio.create_task(caller.get(CONTACT_ID)) for _ in range(ITS_SHARE + 5)]
    done, _ = await asyncio.wait(mine, return_when="FIRST_COMPLETED")
    theirs = await other.get(CODEC.seal("con", TenantId(2), 5))
    for task in done:
        problem = assert_problem(task.result(), 503, "overloaded", "not-applied")
        assert "business" in problem["detail"]
        assert task.result().headers["Retry-After"] == "1"
    assert_problem(theirs, 504, "upstream-timeout", "not-applied")
    answers = [task.result().status for task in (await asyncio.wait(mine))[0]]
    assert answers.count(503) <= 5


async def test_pages_of_one_business_wait_in_a_line_of_their_own(lied_to: tuple[Caller, Liar]) -> None:
    caller, liar = lied_to
    liar.tells = [hangs]
    liar.heard.clear()
    pages = [asyncio.create_task(caller.ask("list", "?limit=200")) for _ in range(WHOLE_PAGES)]
    others = [caller.ask("list", "?limit=5"), caller.but(business=2).ask("list", "?limit=200")]
    for answer in await asyncio.gather(*others, *pages):
        assert_problem(answer, 504, "upstream-timeout", "not-applied")
    heard = Counter(line for line, _ in liar.heard)
    mine, theirs = (heard[f"POST /internal/v2/businesses/{business}/contacts/query"] for business in (1, 2))
    assert theirs == 1
    assert 1 + 2 < mine < 1 + WHOLE_PAGES, "the small one and two at once, then some more, but not all"
