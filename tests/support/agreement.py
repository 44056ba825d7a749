"""Whether edge, authz and transcoder have logged the same of every request: asked of every stack when it has ended.

What Envoy routed is what authz decided and what the transcoder ran, for the same business and subject, and nothing
ran that was not let through. A line may be missing where a part was killed; what contradicts another line never may.
Owns the joining by trace id; must not know what the requests were for.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from deploy.local.stack_state import Stage

SHOWN = 10
"""Of what is told when it fails: one is enough to go by."""
_OPEN = re.compile(
    r"versions\.list|(documents|oauth)\..*|health|readiness|options|preflight|route-not-found|edge_again"
)
"""The routes about which authz logs no decision; any other one needs it."""
UNROUTED = frozenset(("unknown-path", "wrong-method"))
"""What authz decides about and the transcoder never sees."""
SECOND_ENTRY = "edge_again"
DENIED, UNDECIDED, ANSWERED = "ext_authz_denied", "ext_authz_error", "via_upstream"
BEFORE = ("jwt_authn_access_denied", "rbac_access_denied", "local_rate_limited", "direct_response")
"""How the details of what the edge refuses begin, or answers, before it would ask."""
_DIED = re.compile(rf" (\w+)(?:-\d+)?: {Stage.PAUSED} \(")
_NOBODY = "00000000-0000-0000-0000-000000000000"


class Line(msgspec.Struct, omit_defaults=True):
    """What is looked at of a line, whoever wrote it."""

    event: str = ""
    trace_id: str | None = None
    operation: str | None = None
    status: int | None = None
    details: str | None = None
    attempts: int | None = None
    decision: str | None = None
    business: str | None = None
    subject: str | None = None


@dataclass(slots=True)
class Story:
    """All that was told of one request. Of a retry, authz and transcoder may tell twice."""

    edge: list[Line] = field(default_factory=list)
    again: list[Line] = field(default_factory=list)
    decided: list[Line] = field(default_factory=list)
    ran: list[Line] = field(default_factory=list)

    @property
    def routed(self) -> Line | None:
        """The edge's line: that of its second entry, where there is one."""
        lines = self.again or [line for line in self.edge if line.operation != SECOND_ENTRY]
        return lines[0] if lines else None

    @property
    def about(self) -> str:
        """For people: what it was, and what its caller got."""
        lines = [*self.edge, *self.ran, *self.decided]
        return f"{lines[0].operation}, {lines[0].status}" if lines else "asked again"

    @property
    def let_through(self) -> list[Line]:
        return [line for line in self.decided if line.decision == "allow"]

    @property
    def refused(self) -> list[Line]:
        return [line for line in self.decided if line.decision == "deny"]


def disagreements(logs: Path, *, killed: frozenset[str] | None = None, parts: tuple[str, ...] = ()) -> list[str]:
    """What the logs of a folder do not agree on, a line each, with the request's trace id.

    `killed`: parts of which lines may be missing, else those that the supervisor saw die. `parts`: those that log
    there, if not all do.
    """
    stories = joined(logs)
    gaps = died(logs) if killed is None else killed
    absent = frozenset(("envoy", "authz", "transcoder")).difference(parts) if parts else frozenset()
    return [
        f"{trace_id}: {fault} ({story.about})"
        for trace_id, story in stories.items()
        for fault in faults(story, gaps | absent)
    ]


def assert_agree(logs: Path, *, killed: frozenset[str] | None = None, parts: tuple[str, ...] = ()) -> None:
    """For the end of whatever kept its logs there."""
    found = disagreements(logs, killed=killed, parts=parts)
    assert not found, told(found)


def told(found: list[str]) -> str:
    """For people."""
    return "\n".join((f"the logs disagree about {len(found)} requests:", *found[:SHOWN]))


def joined(logs: Path) -> dict[str, Story]:
    """The requests of a folder's logs by trace id."""
    stories: dict[str, Story] = {}
    for file in sorted(logs.glob("*.log*")):
        part = re.split(r"[-.]", file.name)[0]
        if part in ("envoy", "authz", "transcoder"):
            for line in _lines(file):
                _add(stories, part, line)
    return stories


def _lines(file: Path) -> Iterator[Line]:
    """Streamed: a stack that stood for long has told much. Half a line is what a killed process leaves."""
    decode = msgspec.json.Decoder(Line).decode
    with file.open("rb") as lines:
        for text in lines:
            try:
                line = decode(text)
            except msgspec.MsgspecError:
                continue
            if line.trace_id and line.trace_id != _NOBODY:
                yield line


def _add(stories: dict[str, Story], part: str, line: Line) -> None:
    match part, line.event:
        case "envoy", "request":
            stories.setdefault(line.trace_id or "", Story()).edge.append(line)
        case "envoy", "again":
            stories.setdefault(line.trace_id or "", Story()).again.append(line)
        case "authz", "allowed" | "denied":
            stories.setdefault(line.trace_id or "", Story()).decided.append(line)
        case "transcoder", "request":
            stories.setdefault(line.trace_id or "", Story()).ran.append(line)


def died(logs: Path) -> frozenset[str]:
    """The parts that ended without having been asked to, as the supervisor saw."""
    files = logs.glob("supervisor.log*")
    return frozenset(name for file in files for name in _DIED.findall(file.read_text(errors="replace")))


def faults(story: Story, gaps: frozenset[str]) -> list[str]:
    """What is wrong with a story; of the parts in `gaps`, lines may be missing."""
    return [*_contradictions(story), *_missing(story, gaps)]


def _contradictions(story: Story) -> Iterator[str]:
    named = {line.operation for line in (*filter(None, [story.routed]), *story.decided, *story.ran) if line.operation}
    if len(named) > 1:
        yield f"not one operation: {sorted(named)}"
    if len(story.edge) > 1:
        yield "two requests have one trace id"
    whose = {(line.business, line.subject) for line in (*story.let_through, *story.ran) if line.business}
    if len(whose) > 1:
        yield f"not one caller: {sorted(map(str, whose))}"
    if story.ran and story.refused and not story.let_through:
        yield "it ran, and was refused"
    if story.ran and named & UNROUTED:
        yield "it ran, and is no operation"
    if story.routed is not None:
        yield from _against(story.routed, story)


def _against(routed: Line, story: Story) -> Iterator[str]:
    """What cannot be, by what the edge says became of it."""
    details, statuses = routed.details or "", {line.status for line in story.ran}
    if details in (DENIED, UNDECIDED) and story.ran:
        yield f"it ran, and the edge says {details}"
    if details == DENIED and story.decided and routed.status not in {line.status or 500 for line in story.refused}:
        yield f"the edge answered {routed.status}, and authz did not"
    if details.startswith(BEFORE) and (story.decided or story.ran):
        yield f"it went further, and the edge says {details}"
    if routed.attempts and story.decided and not story.let_through:
        yield "it was sent on, and was refused"
    if details == ANSWERED and story.ran and routed.status not in statuses:
        yield f"the edge answered {routed.status}, and the transcoder {sorted(map(str, statuses))}"


def _missing(story: Story, gaps: frozenset[str]) -> Iterator[str]:
    routed = story.routed
    went = [line for line in story.ran if not _is_open(line)]
    sent = routed is not None and not _is_open(routed) and routed.attempts
    if (went or sent) and not story.decided and "authz" not in gaps:
        yield "nobody decided about it"
    if not story.edge and "envoy" not in gaps:
        yield "the edge knows nothing of it"
    if routed is None:
        return
    if routed.details == DENIED and not story.decided and "authz" not in gaps:
        yield "the edge says that it was refused, and authz says nothing"
    if routed.details == ANSWERED and not _is_open(routed) and not story.ran and "transcoder" not in gaps:
        yield "it was answered, and no transcoder says that it was"


def _is_open(line: Line) -> bool:
    return _OPEN.fullmatch(line.operation or "route-not-found") is not None
