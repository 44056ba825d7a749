"""The logs of edge, authz and transcoder tell of one request in the same words."""

import json
from typing import Any

from tests.support.stack import Stack
from tests.support.waiting import until

WITHIN_S = 30.0
"""Envoy writes its log every few seconds."""
SHARED = ("trace_id", "operation", "status")


def lines(stack: Stack, kind: str, trace_id: str) -> list[dict[str, Any]]:
    """What the processes of a kind have told of a request."""
    names = [path.stem for path in (stack.own_folder / "logs").glob(f"{kind}*.log")]
    told = [json.loads(line) for name in names for line in stack.log(name).splitlines() if trace_id in line]
    return [line for line in told if line["event"] in ("request", "denied")]


async def in_all(stack: Stack, trace_id: str, *kinds: str) -> list[dict[str, Any]]:
    """A line of each, once they are all there."""
    await until(lambda: all(lines(stack, kind, trace_id) for kind in kinds), "the lines of all", within_s=WITHIN_S)
    return [line for kind in kinds for line in lines(stack, kind, trace_id)]


async def test_an_answer_is_told_by_edge_and_transcoder_in_the_same_words(stack: Stack) -> None:
    with stack.caller() as client:
        trace_id = client.get("/v1/contacts").headers["x-request-id"]
    edge, transcoder = await in_all(stack, trace_id, "envoy", "transcoder")
    expected = [trace_id, "contacts.list", 200]
    assert [[line[name] for name in SHARED] for line in (edge, transcoder)] == [expected, expected]
    assert transcoder["business"].startswith("biz_")
    assert min(edge["duration_ms"], transcoder["duration_ms"]) >= 0


async def test_a_denial_is_told_by_edge_and_authz_in_the_same_words(stack: Stack) -> None:
    with stack.client(stack.token(scope="deals:read")) as client:
        trace_id = client.get("/v1/contacts").headers["x-request-id"]
    edge, authz = await in_all(stack, trace_id, "envoy", "authz")
    expected = [trace_id, "contacts.list", 403]
    assert [[line[name] for name in SHARED] for line in (edge, authz)] == [expected, expected]
    assert (authz["decision"], authz["rule"]) == ("deny", "insufficient-scope")
    assert authz["business"].startswith("biz_")
    assert min(edge["duration_ms"], authz["duration_ms"]) >= 0
