"""What is wrong with key files and certificates, a line per finding, each with its cure. Repairs nothing.

Knows what a file has to be to whoever runs beside it; not who reads it.
"""

import datetime as dt
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from contract.ids import parse_id_key
from contract.sealing import parse_key_ring
from infra.process.keys import RENEW_BEFORE, is_readable_by_others


def wrong_secret(path: Path) -> Iterator[str]:
    """A secret file that is not there, that others can read, or that we cannot."""
    try:
        found = path.stat()
    except OSError as fault:
        yield f"{path} is not there ({fault.strerror}): mount it, or correct the setting that names it."
        return
    if stat.S_ISREG(found.st_mode) and is_readable_by_others(found):
        yield f"{path} can be read by others ({stat.filemode(found.st_mode)}): chmod 600 {path}"
    if not os.access(path, os.R_OK):
        yield f"{path} cannot be read by you: chown it to whoever runs the gateway."


def wrong_id_key(path: Path) -> Iterator[str]:
    """The same, or an id key that is none."""
    yield from wrong_secret(path)
    if _refused(path, parse_id_key):
        yield f"{path} is not 64 hex characters: put the backup back; a new one makes all ids unreadable."


def wrong_cursor_keys(path: Path) -> Iterator[str]:
    """The same, or cursor keys that are none."""
    yield from wrong_secret(path)
    if fault := _refused(path, parse_key_ring):
        yield f"{path} holds no cursor keys ({fault}): put the backup back, or make one; open walks begin again."


def wrong_certificate(path: Path, now: dt.datetime) -> Iterator[str]:
    """A certificate that is none, or that ends soon."""
    from cryptography import x509

    try:
        ends = x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc
    except (OSError, ValueError):
        yield f"{path} is no certificate: remove it, `make up` makes another; elsewhere, mount the right one."
        return
    if ends < now + RENEW_BEFORE / 2:
        yield f"{path} ends at {ends:%Y-%m-%d %H:%M} UTC: `make down up` renews it; elsewhere, docs/rotation.md."


def _refused(path: Path, read: Callable[[str], object]) -> str:
    """Why it is none; what cannot be read at all was told already."""
    try:
        read(path.read_text(encoding="ascii"))
    except OSError:
        return ""
    except ValueError as fault:
        return "no plain text" if isinstance(fault, UnicodeError) else str(fault) or "malformed"
    return ""
