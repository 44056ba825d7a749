"""Public request in, internal calls out; internal answers in, public answer out: pairs of files, one per case.

`<case>.in.json` is written by hand: the request, and what the CRM replies. `<case>.out.json` is what came of it;
`pytest tests/golden --rewrite-goldens` writes them anew and deletes those that have lost their case. The diff is the
review.
"""

import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.golden.transcoder.conftest import RecordingUpstream

HERE = Path(__file__).parent
CASES = sorted(path.name.removesuffix(".in.json") for path in HERE.glob("*.in.json"))
CALLER = {
    "Version": "2026-11-24",
    "X-Request-Id": "0f8fad5b-d9cb-469f-a165-70867728950e",
    "X-Gw-Business-Id": "biz_3dgdyd5ddgdk095z3177qt4qvt",  # business 7
    "X-Gw-Subject": "usr_7cc01b5qg21kebmwnfsbhkyb4q",  # user 31
    "X-Gw-Permissions": "contacts:delete contacts:read contacts:write",
    "X-Gw-Role": "member",
    "X-Gw-Scopes": "contacts:delete contacts:read contacts:write",
    "X-Gw-Plan": "growth",
    "X-Gw-Token-Kind": "pat",
    "X-Gw-Client-Id": "a-client",
    "X-Gw-Expires-At": "1800000900",
}
"""What every request says unless a case says otherwise; null leaves a header out."""
NOT_OURS = ("Date", "Server", "Content-Length")


@pytest.mark.parametrize("case", CASES)
async def test_golden(
    case: str, client: aiohttp.ClientSession, upstream: RecordingUpstream, rewrite_goldens: bool
) -> None:
    given = json.loads((HERE / f"{case}.in.json").read_text())
    upstream.replies = list(given.get("replies", []))
    answer = await _answer(client, given)
    came_out = _spelled({"calls": upstream.calls, "answer": answer})
    golden = HERE / f"{case}.out.json"
    if rewrite_goldens:
        golden.write_text(came_out)
    assert not upstream.replies, "the CRM was not asked for all that it would have replied"
    assert came_out == golden.read_text()


def test_no_golden_is_without_its_case(rewrite_goldens: bool) -> None:
    orphans = [path for path in HERE.glob("*.out.json") if path.name.removesuffix(".out.json") not in CASES]
    if rewrite_goldens:
        for orphan in orphans:
            orphan.unlink()
    assert [path.name for path in orphans if path.exists()] == []


async def _answer(client: aiohttp.ClientSession, given: dict[str, Any]) -> dict[str, Any]:
    method, target = given["request"].split(" ")
    headers = CALLER | {"X-Gw-Operation": given["operation"]} | given.get("headers", {})
    body = given.get("body")
    if body is not None:
        headers.setdefault("Content-Type", "application/json")
        body = body if isinstance(body, str) else json.dumps(body)
    sent = {name: text for name, text in headers.items() if text is not None}
    async with client.request(method, target, headers=sent, data=body) as response:
        told = {name: text for name, text in sorted(response.headers.items()) if name not in NOT_OURS}
        raw = await response.text()
    answer = {"status": response.status, "headers": told, "body": json.loads(raw) if raw else None}
    return _without_cursor(answer)


def _without_cursor(answer: dict[str, Any]) -> dict[str, Any]:
    """A cursor is sealed under a nonce: another one each time."""
    meta = (answer["body"] or {}).get("meta", {})
    if "cursor" in meta and (text := meta["cursor"]["next"]):
        meta["cursor"]["next"] = "<cursor>"
        if "Link" in answer["headers"]:
            answer["headers"]["Link"] = answer["headers"]["Link"].replace(text, "<cursor>")
    return answer


def _spelled(came_out: Any) -> str:
    return json.dumps(came_out, indent=2, ensure_ascii=False) + "\n"
