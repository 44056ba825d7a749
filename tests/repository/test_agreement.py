"""The comparison of logs that ends every stack finds each way in which they can disagree, and no other."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.agreement import assert_agree, disagreements, told

ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
OTHER_ID = "1a8fad5b-d9cb-469f-a165-70867728950e"
CALLER = {"business": "biz_a", "subject": "usr_a"}
NAMED = {"trace_id": ID, "operation": "contacts.list"}
EDGE = {"event": "request", **NAMED, "status": 200, "details": "via_upstream", "attempts": 1}
ALLOWED = {"event": "allowed", **NAMED, "decision": "allow", **CALLER}
DENIED = {"event": "denied", **NAMED, "decision": "deny", "status": 403, **CALLER}
RAN = {"event": "request", **NAMED, "status": 200, **CALLER}
Lines = dict[str, list[dict[str, Any]]]
Change = Callable[[Lines], None]


def good() -> Lines:
    return {"envoy": [dict(EDGE)], "authz-1": [dict(ALLOWED)], "authz-2": [], "transcoder-1": [dict(RAN)]}


def refused() -> Lines:
    return {"envoy": [EDGE | {"status": 403, "details": "ext_authz_denied", "attempts": 0}], "authz-1": [dict(DENIED)]}


def written(folder: Path, lines: Lines, supervisor: str = "") -> Path:
    for service, each in lines.items():
        (folder / f"{service}.log").write_text("".join(f"{json.dumps(line)}\n" for line in each))
    (folder / "supervisor.log").write_text(supervisor)
    return folder


def changed(service: str, **members: Any) -> Change:
    return lambda lines: lines[service][0].update(members)


def added(service: str, line: dict[str, Any]) -> Change:
    return lambda lines: lines.setdefault(service, []).append(line)


def gone(service: str) -> Change:
    return lambda lines: lines[service].clear()


ALIKE: dict[str, tuple[Callable[[], Lines], Change]] = {
    "one that was let through": (good, lambda _: None),
    "one that was refused": (refused, lambda _: None),
    "a request that was tried at a sibling": (good, added("transcoder-2", RAN | {"status": 503})),
    "a decision that was asked for twice": (good, added("authz-2", ALLOWED)),
    "the first of two decisions, which came too late": (good, added("authz-2", DENIED)),
    "one that was no request": (good, added("envoy", {"event": "a warning"})),
    "another event": (good, added("transcoder-1", {"event": "unhandled", **NAMED, "operation": "x"})),
    "a document": (lambda: {"envoy": [EDGE | {"operation": "documents.changelog"}]}, lambda _: None),
    "readiness": (lambda: {"envoy": [EDGE | {"operation": "readiness"}]}, lambda _: None),
    "what needs no token": (
        lambda: {
            "envoy": [EDGE | {"operation": "versions.list"}],
            "transcoder-1": [{"event": "request", "trace_id": ID, "operation": "versions.list", "status": 200}],
        },
        lambda _: None,
    ),
    "what the edge refuses by itself": (
        lambda: {"envoy": [EDGE | {"status": 401, "details": "jwt_authn_access_denied{x}", "attempts": 0}]},
        lambda _: None,
    ),
    "one through the second entry": (
        lambda: good() | {"envoy": [EDGE | {"operation": "edge_again"}, EDGE | {"event": "again"}]},
        lambda _: None,
    ),
    "one whose caller went away": (good, changed("envoy", status=0, details="downstream_remote_disconnect")),
    "one that took too long": (good, changed("envoy", status=504, details="response_timeout")),
}


@pytest.mark.parametrize(("lines", "change"), ALIKE.values(), ids=ALIKE)
def test_agreed_is(tmp_path: Path, lines: Callable[[], Lines], change: Change) -> None:
    said = lines()
    change(said)
    assert_agree(written(tmp_path, said))


AGAINST: dict[str, tuple[Callable[[], Lines], Change, str]] = {
    "routed as something else": (good, changed("envoy", operation="contacts.get"), "not one operation"),
    "decided as something else": (good, changed("authz-1", operation="contacts.get"), "not one operation"),
    "run as something else": (good, changed("transcoder-1", operation="contacts.get"), "not one operation"),
    "refused as something else": (refused, changed("authz-1", operation="deals.get"), "not one operation"),
    "run for another business": (good, changed("transcoder-1", business="biz_b"), "not one caller"),
    "run for another user": (good, changed("transcoder-1", subject="usr_b"), "not one caller"),
    "decided for two businesses": (good, added("authz-2", ALLOWED | {"business": "biz_b"}), "not one caller"),
    "run, though refused": (good, changed("authz-1", event="denied", decision="deny"), "it ran, and was refused"),
    "run, though no operation": (
        lambda: {name: [line | {"operation": "unknown-path"} for line in each] for name, each in good().items()},
        lambda _: None,
        "is no operation",
    ),
    "run, though the edge was told no": (
        good,
        changed("envoy", details="ext_authz_denied", status=403),
        "it ran, and the edge says ext_authz_denied",
    ),
    "run, though the edge was told nothing": (
        good,
        changed("envoy", details="ext_authz_error", status=503),
        "it ran, and the edge says ext_authz_error",
    ),
    "refused with another status": (refused, changed("envoy", status=429), "the edge answered 429"),
    "answered with another status": (good, changed("envoy", status=500), "the edge answered 500"),
    "decided about, though its token was bad": (
        good,
        changed("envoy", details="jwt_authn_access_denied{x}"),
        "it went further",
    ),
    "run, though the edge answered itself": (good, changed("envoy", details="direct_response"), "it went further"),
    "sent on, though refused": (refused, changed("envoy", details="via_upstream", attempts=1), "it was sent on"),
    "one of two with one id": (good, added("envoy", dict(EDGE)), "two requests have one trace id"),
    "routed otherwise at the second entry": (
        good,
        added("envoy", EDGE | {"event": "again", "operation": "deals.list"}),
        "not one operation",
    ),
}


@pytest.mark.parametrize(("lines", "change", "fault"), AGAINST.values(), ids=AGAINST)
@pytest.mark.parametrize("dead", [False, True], ids=["all live", "all dead"])
def test_no_kill_excuses_a_request_that_was(
    tmp_path: Path, lines: Callable[[], Lines], change: Change, fault: str, dead: bool
) -> None:
    said = lines()
    change(said)
    killed = frozenset(("envoy", "authz", "transcoder")) if dead else None
    assert any(f"{ID}: " in line and fault in line for line in disagreements(written(tmp_path, said), killed=killed))


MISSING: dict[str, tuple[Callable[[], Lines], Change, str, str]] = {
    "a decision": (good, gone("authz-1"), "authz-2", "nobody decided about it"),
    "a decision of what never came back": (
        lambda: {"envoy": [EDGE | {"details": "response_timeout"}]},
        lambda _: None,
        "authz-1",
        "nobody decided about it",
    ),
    "a refusal": (refused, gone("authz-1"), "authz-1", "authz says nothing"),
    "the edge's line": (good, gone("envoy"), "envoy", "the edge knows nothing of it"),
    "the edge's line of a refusal": (refused, gone("envoy"), "envoy", "the edge knows nothing of it"),
    "the transcoder's line": (good, gone("transcoder-1"), "transcoder-2", "no transcoder says"),
}


@pytest.mark.parametrize(("lines", "change", "service", "fault"), MISSING.values(), ids=MISSING)
def test_what_is_missing_is_excused_by_a_death_of_that_part_alone(
    tmp_path: Path, lines: Callable[[], Lines], change: Change, service: str, fault: str
) -> None:
    said = lines()
    change(said)
    for ended, excused in (("waiting to restart (killed by SIGKILL)", True), ("stopped", False)):
        found = disagreements(written(tmp_path, said, f"2026-01-01T00:00:00 {service}: {ended}\n"))
        assert (found == []) is excused, found
        assert excused or f"{ID}: " in found[0]
        assert excused or fault in found[0]
    others = {"envoy", "authz", "transcoder"} - {service.partition("-")[0]}
    assert disagreements(tmp_path, killed=frozenset(others))


def test_half_a_line_is_no_line(tmp_path: Path) -> None:
    written(tmp_path, good())
    whole = (tmp_path / "transcoder-1.log").read_text()
    (tmp_path / "transcoder-1.log").write_text(f"{whole[:30]}\n{whole}")
    assert_agree(tmp_path)


def test_logs_of_an_earlier_run_are_looked_at_as_well(tmp_path: Path) -> None:
    written(tmp_path, good())
    (tmp_path / "transcoder-1.log.1").write_text(json.dumps(RAN | {"trace_id": OTHER_ID}))
    assert sorted(line.partition(":")[0] for line in disagreements(tmp_path)) == [OTHER_ID] * 2


def test_where_no_transcoder_logs_none_is_missed(tmp_path: Path) -> None:
    said = good()
    gone("transcoder-1")(said)
    assert_agree(written(tmp_path, said), parts=("envoy", "authz"))
    with pytest.raises(AssertionError, match=ID):
        assert_agree(tmp_path)


def test_of_many_a_few_are_told() -> None:
    assert told([f"{n}: x" for n in range(100)]).count("\n") == 10
