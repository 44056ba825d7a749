"""The secrets that a deployment starts with: made once, kept across runs, readable by their owner only.

Owns the key files' formats, and `python -m infra.process.keys`, which makes those that are missing where the
environment says they belong. Must not know who reads them.
"""

import datetime as dt
import os
import secrets
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.process.settings import SettingsReader, load_or_exit

CERTIFICATE_LIFE = dt.timedelta(days=365)
RENEW_BEFORE = dt.timedelta(days=14)
_A_PATH = "the path of a file, in a folder that is there"
HOSTS = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Keys:
    """Paths of the key files, and of what TLS needs; their folders are there."""

    id_key: Path
    cursor_keys: Path
    signing_key: Path
    ca: Path
    certificate: Path
    private_key: Path
    internal_secret: Path | None = None
    """Only where our services speak to one another over a network."""


def load(environment: Mapping[str, str]) -> Keys:
    """Where the services will look for them, by the variables that they read; SettingsError tells every fault."""
    reader = SettingsReader(environment)

    def path(name: str) -> Path:
        return reader.read(name, _in_a_folder, _A_PATH)

    keys = Keys(
        id_key=path("ID_KEY_FILE"),
        cursor_keys=path("CURSOR_KEYS_FILE"),
        signing_key=path("SIGNING_KEY_FILE"),
        ca=path("CA_FILE"),
        certificate=path("CERTIFICATE_FILE"),
        private_key=path("PRIVATE_KEY_FILE"),
        internal_secret=reader.optional("INTERNAL_SECRET_FILE", _in_a_folder, _A_PATH),
    )
    reader.finish()
    return keys


def create_missing(keys: Keys, *, now: dt.datetime) -> None:
    """Make those that are missing, and renew a tired certificate."""
    _make_once(keys.id_key, lambda: secrets.token_hex(32).encode() + b"\n")
    _make_once(keys.cursor_keys, lambda: b"1 " + secrets.token_hex(32).encode() + b"\n")
    _make_once(keys.signing_key, new_signing_key)
    if keys.internal_secret:
        _make_once(keys.internal_secret, lambda: secrets.token_hex(32).encode() + b"\n")
    if not _certificate_serves(keys, now):
        _issue_certificate(keys, now)


def _in_a_folder(text: str) -> Path:
    path = Path(text)
    if not path.parent.is_dir():
        raise ValueError(f"there is no folder {path.parent}")
    return path


def _make_once(path: Path, content: Callable[[], bytes]) -> None:
    if not path.exists():
        write_private(path, content())


def write_private(path: Path, content: bytes) -> None:
    """Whole or not at all, and never readable by others, not even for a moment."""
    draft = path.with_name(f".{path.name}.draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    draft.replace(path)


def is_readable_by_others(found: os.stat_result) -> bool:
    """Whether somebody else may open a secret file that is so."""
    # A mounted Secret belongs to root and is read through its group; what is ours needs no group.
    others = stat.S_IRWXO | stat.S_IWGRP | (stat.S_IRWXG if found.st_uid == os.getuid() else 0)
    return bool(found.st_mode & others)


def new_signing_key() -> bytes:
    """A new key for ES256, in PEM."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _certificate_serves(keys: Keys, now: dt.datetime) -> bool:
    from cryptography import x509

    if not (keys.ca.exists() and keys.certificate.exists() and keys.private_key.exists()):
        return False
    try:
        certificate = x509.load_pem_x509_certificate(keys.certificate.read_bytes())
    except ValueError:
        return False
    return certificate.not_valid_after_utc - now > RENEW_BEFORE


def _issue_certificate(keys: Keys, now: dt.datetime) -> None:
    """The CA's own key is never written down: nobody who reads the files can make certificates that you trust."""
    import trustme

    ca = trustme.CA(organization_name="Local CA")
    server = ca.issue_cert(*HOSTS, not_after=(now + CERTIFICATE_LIFE).replace(tzinfo=None))
    write_private(keys.private_key, server.private_key_pem.bytes())
    write_private(keys.certificate, b"".join(pem.bytes() for pem in server.cert_chain_pems))
    write_private(keys.ca, ca.cert_pem.bytes())


if __name__ == "__main__":
    create_missing(load_or_exit(load, os.environ, "keys"), now=dt.datetime.now(dt.UTC))
