"""[pure] All that is revoked, suspended or overridden now: a set that events are applied to, and what is asked of it.

The questions are what every request costs: look-ups, no clock and no waiting. Who applies events also calls `forget`,
which drops what no token can be affected by any more, and lets come what was told ahead.
"""

import heapq
from typing import Protocol

import msgspec

from contract.claims import Claims
from contract.rate_plans import PLANS, Plan
from infra.stores.revocations.events import Event, EventKind

_Due = tuple[int, str, str]


class Entries(msgspec.Struct, forbid_unknown_fields=True):
    """What is held, by target; the last number is when it is forgotten, None for never."""

    tokens: dict[str, int | None] = {}
    subjects: dict[str, tuple[int, int | None]] = {}
    """Until which `iat` tokens are revoked."""
    keys: dict[str, int | None] = {}
    suspended: dict[str, int | None] = {}
    plans: dict[str, tuple[str, int | None]] = {}
    scheduled: dict[str, tuple[int, int | None]] = {}
    """Tokens that end at an instant which had not come."""


class Revocations(Protocol):
    """Whoever keeps a set up to date."""

    def current(self) -> "RevocationSet | None":
        """What a decision may lean on now; None when nobody can say."""
        ...


class RevocationSet:
    """What is known of a log up to some position."""

    def __init__(self, entries: Entries | None = None) -> None:
        self.entries = entries or Entries()
        self._due: list[_Due] = []
        self._ahead: list[tuple[int, str]] = []
        self._remember_dues()

    def __len__(self) -> int:
        entries = self.entries
        ended = len(entries.tokens) + len(entries.subjects) + len(entries.keys)
        return ended + len(entries.suspended) + len(entries.plans)

    def is_clear(self, caller: Claims, kid: str) -> bool:
        """Whether nothing is held of this token, its subject, its business and the key that signed it: as of most."""
        entries = self.entries
        return not (
            caller.jti in entries.tokens
            or caller.subject in entries.subjects
            or kid in entries.keys
            or caller.business in entries.suspended
            or caller.business in entries.plans
        )

    def is_revoked(self, caller: Claims) -> bool:
        """Whether this token, or every token of its subject as old as this one, was revoked."""
        if caller.jti in self.entries.tokens:
            return True
        subject = self.entries.subjects.get(caller.subject)
        return subject is not None and caller.issued_at_s <= subject[0]

    def is_key_revoked(self, kid: str) -> bool:
        """Whether nothing counts that this key has signed."""
        return kid in self.entries.keys

    def is_suspended(self, business: str) -> bool:
        """Whether the business is suspended."""
        return business in self.entries.suspended

    def plan_of(self, business: str) -> Plan | None:
        """The plan that overrides those of the business's tokens."""
        plan = self.entries.plans.get(business)
        return None if plan is None else PLANS[plan[0]]

    def apply(self, event: Event) -> None:
        """Take note of the next event. One that was applied before changes nothing, if those after it follow again."""
        entries, target, expires_at_s = self.entries, event.target, event.expires_at_s
        match event.kind:
            case EventKind.TOKEN if event.effective_at_s is not None:
                entries.scheduled[target] = (event.effective_at_s, expires_at_s)
                heapq.heappush(self._ahead, (event.effective_at_s, target))
                return
            case EventKind.TOKEN:
                entries.tokens[target] = expires_at_s
            case EventKind.SUBJECT:
                before_s = entries.subjects.get(target, (0, None))[0]
                entries.subjects[target] = (max(before_s, event.at_s), expires_at_s)
            case EventKind.KEY:
                entries.keys[target] = expires_at_s
            case EventKind.SUSPEND:
                entries.suspended[target] = expires_at_s
            case EventKind.RESUME:
                entries.suspended.pop(target, None)
            case EventKind.PLAN if event.value is None:
                entries.plans.pop(target, None)
            case EventKind.PLAN:
                entries.plans[target] = (str(event.value), expires_at_s)
        if expires_at_s is not None:
            heapq.heappush(self._due, (expires_at_s, event.kind, target))

    def expire(self, now_s: float) -> None:
        """Drop what has expired, and end the tokens whose time has come; costs nothing while there is neither."""
        while self._ahead and self._ahead[0][0] <= now_s:
            self._let_come(heapq.heappop(self._ahead)[1])
        while self._due and self._due[0][0] <= now_s:
            expired_s, kind, target = heapq.heappop(self._due)
            self._drop(EventKind(kind), target, expired_s)

    def carry_over(self) -> "RevocationSet":
        """What to begin with when the log is another one: tokens stay revoked, whatever that log says of them."""
        kept = Entries(
            tokens=dict(self.entries.tokens),
            subjects=dict(self.entries.subjects),
            keys=dict(self.entries.keys),
            scheduled=dict(self.entries.scheduled),
        )
        return RevocationSet(kept)

    def _let_come(self, jti: str) -> None:
        told = self.entries.scheduled.pop(jti, None)
        if told is None:
            return  # it was told twice
        _, expires_at_s = told
        self.entries.tokens[jti] = expires_at_s
        if expires_at_s is not None:
            heapq.heappush(self._due, (expires_at_s, EventKind.TOKEN, jti))

    def _drop(self, kind: EventKind, target: str, expired_s: int) -> None:
        """Unless a later event gave it another end."""
        entries = self.entries
        match kind:
            case EventKind.TOKEN if entries.tokens.get(target) == expired_s:
                del entries.tokens[target]
            case EventKind.SUBJECT if entries.subjects.get(target, (0, None))[1] == expired_s:
                del entries.subjects[target]
            case EventKind.KEY if entries.keys.get(target) == expired_s:
                del entries.keys[target]
            case EventKind.SUSPEND if entries.suspended.get(target) == expired_s:
                del entries.suspended[target]
            case EventKind.PLAN if entries.plans.get(target, ("", None))[1] == expired_s:
                del entries.plans[target]

    def _remember_dues(self) -> None:
        entries = self.entries
        ends = (
            *((EventKind.TOKEN, target, at_s) for target, at_s in entries.tokens.items()),
            *((EventKind.SUBJECT, target, at_s) for target, (_, at_s) in entries.subjects.items()),
            *((EventKind.KEY, target, at_s) for target, at_s in entries.keys.items()),
            *((EventKind.SUSPEND, target, at_s) for target, at_s in entries.suspended.items()),
            *((EventKind.PLAN, target, at_s) for target, (_, at_s) in entries.plans.items()),
        )
        self._due = [(at_s, kind, target) for kind, target, at_s in ends if at_s is not None]
        heapq.heapify(self._due)
        self._ahead = [(at_s, target) for target, (at_s, _) in entries.scheduled.items()]
        heapq.heapify(self._ahead)
