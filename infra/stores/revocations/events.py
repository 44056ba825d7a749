"""[pure] What the feed is made of: events in the order of their numbers, a page at a time, and their form as JSON.

A position is a number and its mark, `17-9f2c41d07a3be865`: the mark is random, so that a position names a place in one
log and in no other, such as one that was restored from a backup.
"""

import re
from enum import StrEnum

import msgspec

from contract.rate_plans import PLANS
from contract.size_and_time_limits import CLOCK_SKEW_S, MAX_TOKEN_LIFETIME_S

FEED_PATH = "/revocations"
"""On the authorization server's internal listener; the edge has no route to it."""
AFTER = "after"
WAIT = "wait_s"

START = "0-"
"""Before the first event of any log."""
RETENTION_S = MAX_TOKEN_LIFETIME_S + 2 * CLOCK_SKEW_S
"""No token lives longer: what was revoked before that need not be remembered."""

_INSTANT = re.compile(r"[0-9]{1,12}")


class EventKind(StrEnum):
    """What an event does to its target."""

    TOKEN = "token"  # noqa: S105
    """Ends the token whose `jti` it is; with a `value`, from that second on."""
    SUBJECT = "subject"
    """Ends every token of the `usr_…` with `iat` ≤ `at_s`."""
    KEY = "key"
    """Ends every token that the key of that `kid` has signed or will: what a leaked key signs says what it likes."""
    SUSPEND = "suspend"
    """Suspends the `biz_…`."""
    RESUME = "resume"
    """Takes the suspension back."""
    PLAN = "plan"
    """Puts the `biz_…` on the plan `value`, whatever its tokens say; without a value, on what they say."""


class Event(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of the log. After `expires_at_s` it is as if it had never been."""

    sequence: int
    mark: str
    kind: EventKind
    target: str
    at_s: int
    value: str | None = None
    expires_at_s: int | None = None

    def __post_init__(self) -> None:
        """An override that nobody understands must not pass for none."""
        if self.kind is EventKind.PLAN and self.value is not None and self.value not in PLANS:
            raise ValueError(f"unknown plan {self.value!r}")
        if self.kind is EventKind.TOKEN and self.value is not None and not _INSTANT.fullmatch(self.value):
            raise ValueError(f"no instant: {self.value!r}")

    @property
    def effective_at_s(self) -> int | None:
        """When a token's end comes that was told ahead; None: at once, whatever a clock says."""
        return int(self.value) if self.kind is EventKind.TOKEN and self.value is not None else None

    @property
    def position(self) -> str:
        """The place just after it."""
        return f"{self.sequence}-{self.mark}"


class EventPage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What follows a position. `at_head`: nothing more does. `unknown`: this log has no such position."""

    events: tuple[Event, ...] = ()
    at_head: bool = False
    position_unknown: bool = False

    def __post_init__(self) -> None:
        """Whoever reads on after a page that leads nowhere would ask for ever, without a pause."""
        if not (self.events or self.at_head or self.position_unknown):
            raise ValueError("a page that leads nowhere")


def parse_page(body: bytes) -> EventPage:
    """A page from the feed. ValueError when it is none, or holds an event that this version does not understand."""
    return msgspec.json.decode(body, type=EventPage)


def encode_page(page: EventPage) -> bytes:
    """Its form on the wire."""
    return msgspec.json.encode(page)


def parse_position(text: str) -> tuple[int, str]:
    """The number and the mark. ValueError when it is no position."""
    number, _, mark = text.partition("-")
    if not number.isascii() or not number.isdigit() or len(number) > 18:
        raise ValueError("no position of a revocation log")
    return int(number), mark
