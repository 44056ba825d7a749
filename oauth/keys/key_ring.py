"""[pure] The signing keys' life: staged → current → retired → removed, as rows with instants; time alone moves them on.

Others hold a key set for a while, so a key is published before it signs and after. Knows no file and no key material.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from contract.oauth import ACCESS_TOKEN_LIFETIME_S
from contract.size_and_time_limits import MAX_TOKEN_LIFETIME_S


class Purpose(StrEnum):
    """What a key signs. Two of them, so that tokens that live for a year do not keep short ones' keys for a year."""

    ACCESS = "access"
    PAT = "pat"
    ANY = "any"
    """The one key that a deployment starts with: it signs whatever has no key of its own yet."""


SIGNED: tuple[Purpose, ...] = (Purpose.ACCESS, Purpose.PAT)

STAGED_AT_LEAST_S = 10 * 60
"""Before it signs. The edge asks for the set once a minute and may get one that is a minute old: with twice that, and
the time that mounted Secrets take to follow, ten minutes are enough."""
_SKEW_S = 60
KEPT_S: dict[Purpose, int] = {
    Purpose.ACCESS: ACCESS_TOKEN_LIFETIME_S + _SKEW_S,
    Purpose.PAT: MAX_TOKEN_LIFETIME_S + _SKEW_S,
    Purpose.ANY: MAX_TOKEN_LIFETIME_S + _SKEW_S,
}
"""After its last signature: until the last token that it signed has expired."""


class State(StrEnum):
    """Where a key is in its life. All but REMOVED are published."""

    STAGED = "staged"
    CURRENT = "current"
    RETIRED = "retired"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key of the manifest; instants are seconds since 1970, None for what has not been decided."""

    kid: str
    file: str
    alg: str
    purpose: Purpose
    created_s: int
    activate_at_s: int | None = None
    retire_at_s: int | None = None
    remove_at_s: int | None = None

    def state(self, now_s: int) -> State:
        """The state by now."""
        if self.remove_at_s is not None and now_s >= self.remove_at_s:
            return State.REMOVED
        if self.retire_at_s is not None and now_s >= self.retire_at_s:
            return State.RETIRED
        if self.activate_at_s is not None and now_s >= self.activate_at_s:
            return State.CURRENT
        return State.STAGED


Rows = tuple[KeyRow, ...]


def published(rows: Iterable[KeyRow], now_s: int) -> Rows:
    """Those that others may verify by."""
    return tuple(row for row in rows if row.state(now_s) is not State.REMOVED)


def signing(rows: Iterable[KeyRow], purpose: Purpose, now_s: int) -> KeyRow | None:
    """The key that signs for a purpose: of the current ones, one of its own before one for any, then the newest."""
    fitting = [row for row in rows if row.state(now_s) is State.CURRENT and row.purpose in (purpose, Purpose.ANY)]
    return max(fitting, key=lambda row: (row.purpose is purpose, row.activate_at_s or 0), default=None)


def rotate(rows: Rows, purpose: Purpose, *, now_s: int) -> Rows | str:
    """The newest staged key of a purpose signs from now on; those that no longer sign for anything retire.

    A text says why not, which is that there is none, or that some may not have heard of it yet.
    """
    staged = [row for row in rows if row.purpose is purpose and row.state(now_s) is State.STAGED]
    if not staged:
        return f"no key is staged for {purpose}: `keys stage {purpose}` first"
    newest = max(staged, key=lambda row: row.created_s)
    wait_s = newest.created_s + STAGED_AT_LEAST_S - now_s
    if wait_s > 0:
        return f"{newest.kid} was staged too late: some verifiers may not know it before {wait_s} s from now"
    return _retired(_with(rows, replace(newest, activate_at_s=now_s)), now_s)


def withdraw(rows: Rows, kid: str, *, now_s: int) -> Rows | str:
    """Take a key out of the set at once, whatever it has signed. Where it signs, a staged key takes over, ready or not.

    A text says why not.
    """
    gone = next((row for row in rows if row.kid == kid), None)
    if gone is None or gone.state(now_s) is State.REMOVED:
        return f"no key is called {kid}"
    left = _with(rows, replace(gone, retire_at_s=gone.retire_at_s or now_s, remove_at_s=now_s))
    for purpose in SIGNED:
        if signing(left, purpose, now_s) is None:
            staged = [row for row in left if row.purpose is purpose and row.state(now_s) is State.STAGED]
            if not staged:
                return f"nothing would sign for {purpose} then: `keys stage {purpose}` first"
            newest = max(staged, key=lambda row: row.created_s)
            left = _with(left, replace(newest, activate_at_s=now_s))
    return _retired(left, now_s)


def _with(rows: Rows, changed: KeyRow) -> Rows:
    return tuple(changed if row.kid == changed.kid else row for row in rows)


def _retired(rows: Rows, now_s: int) -> Rows:
    """The rows, with those retired that are current and sign for nothing."""
    busy = [signing(rows, purpose, now_s) for purpose in SIGNED]
    return tuple(
        replace(row, retire_at_s=now_s, remove_at_s=now_s + KEPT_S[row.purpose])
        if row.state(now_s) is State.CURRENT and row not in busy
        else row
        for row in rows
    )
