"""What is held, on a disk: written by rename, checksummed, refused when it is not what was written.

The file's time of modification is when the feed was last heard; `heard` sets it without writing everything again.
"""

import hashlib
import os
from pathlib import Path

import msgspec

from contract.rate_plans import PLANS
from infra.stores.revocations.events import parse_position
from infra.stores.revocations.revocation_set import Entries

_FORMAT = b"revocations 1"


class CorruptSnapshot(Exception):
    """The file is not what was written."""


class Snapshot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is held of a log up to `position`."""

    position: str
    entries: Entries


def encode(snapshot: Snapshot) -> bytes:
    """What `write` puts on the disk."""
    return msgspec.json.encode(snapshot)


def save(path: Path, body: bytes, heard_at_s: float) -> None:
    """Whole or not at all; for its owner alone. OSError when the disk does not take it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(b"%s %s\n%s" % (_FORMAT, hashlib.sha256(body).hexdigest().encode(), body))
        file.flush()
        os.fsync(file.fileno())
    os.utime(draft, (heard_at_s, heard_at_s))
    draft.replace(path)


def touch(path: Path, at_s: float) -> bool:
    """What stands there was still all there is to know at that instant. False if nothing stands there."""
    try:
        os.utime(path, (at_s, at_s))
    except FileNotFoundError:
        return False
    return True


def load(path: Path) -> tuple[Snapshot, float] | None:
    """The snapshot, and when the feed was last heard; None where there is none. Raises CorruptSnapshot."""
    try:
        text = path.read_bytes()
        heard_at_s = path.stat().st_mtime
    except FileNotFoundError:
        return None
    head, _, body = text.partition(b"\n")
    if head != b"%s %s" % (_FORMAT, hashlib.sha256(body).hexdigest().encode()):
        raise CorruptSnapshot(f"{path}: its checksum is not that of its content")
    try:
        snapshot = msgspec.json.decode(body, type=Snapshot)
        parse_position(snapshot.position)
    except ValueError as error:
        raise CorruptSnapshot(f"{path}: {error}") from None
    if unknown := {name for name, _ in snapshot.entries.plans.values()} - PLANS.keys():
        raise CorruptSnapshot(f"{path}: unknown plans {sorted(unknown)}")
    return snapshot, heard_at_s
