"""More at once than there is room for: what callers see, and what became of what they were told."""

import asyncio
import json
import ssl
import uuid
from collections.abc import Iterator

import pytest
from httpx import Response

from tests.faults.conftest import Parts
from tests.spec.operations import CURRENT
from tests.support.lines import Got, Http2, Sent
from tests.support.problems import assert_problem
from tests.support.stack import Stack, running_stack
from tests.support.traffic import stored_once
from tests.support.waiting import until, waited

ROOM_OF_A_RESOURCE = 64
BEYOND = 16


def create(stack: Stack, mark: str, number: int) -> Sent:
    """By one of two businesses, so that neither is refused for its own sake."""
    tokens = stack.token(tenant=1 + number % 2)
    headers = {"authorization": f"Bearer {tokens}", "version": CURRENT, "content-type": "application/json"}
    return Sent("POST", "/v1/contacts", headers, json.dumps({"last_name": mark}).encode())


def as_answer(got: Got) -> Response:
    headers = {name: value for name, value in got.headers.items() if not name.startswith(":")}
    return Response(got.status, headers=headers, content=got.body)


def probed(stack: Stack) -> list[int]:
    with stack.client() as client:
        return [client.get(path).status_code for path in ("/healthz", "/readyz")]


@pytest.fixture
def narrow() -> Iterator[Stack]:
    """A stack of two transcoders with little room: half of it is one resource's."""
    with running_stack(settings={"IN_FLIGHT_A_TRANSCODER": str(ROOM_OF_A_RESOURCE)}) as running:
        yield running


async def test_what_is_beyond_the_room_is_refused_at_once_and_what_was_let_in_is_not_lost(narrow: Stack) -> None:
    parts = Parts(narrow)
    tls = ssl.create_default_context(cafile=narrow.facts["CA_FILE"])
    tls.set_alpn_protocols(["h2"])
    client = Http2(int(narrow.api_url.rpartition(":")[2]), tls)
    marks = [f"mark-{uuid.uuid4().hex}" for _ in range(ROOM_OF_A_RESOURCE + BEYOND)]
    asked = [create(narrow, mark, number) for number, mark in enumerate(marks)]
    other = Sent("GET", "/v1/deals", {"authorization": f"Bearer {narrow.token()}", "version": CURRENT})
    with parts.hung("sandbox"):
        answers = [asyncio.create_task(client.ask(sent)) for sent in asked]
        await until(lambda: sum(answer.done() for answer in answers) == BEYOND, "the refusals")
        elsewhere = asyncio.create_task(client.ask(other))
        assert await asyncio.to_thread(probed, narrow) == [200, 200]
        assert not elsewhere.done()
    told = dict(zip(marks, await asyncio.gather(*answers), strict=True))
    refused = [mark for mark, got in told.items() if got.status == 503]
    assert len(refused) == BEYOND
    for mark in refused:
        problem = assert_problem(as_answer(told[mark]), "overloaded", decided=False, api_url=narrow.api_url)
        assert problem["outcome"] == "not-applied"
    kept = [mark for mark in marks if mark not in refused]
    assert {told[mark].status for mark in kept} == {201}
    assert (await elsewhere).status == 200
    assert stored_once(narrow, kept)
    assert not any(stored_once(narrow, [mark]) for mark in refused)
    client.close()
    with narrow.caller() as again:
        waited(lambda: again.get("/v1/contacts").status_code == 200, "everything to be served again")
