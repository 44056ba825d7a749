"""The signing keys on disk: a folder of PEM files, one a key, and `keys.json`, which says what each is for, since when.

A folder that holds one PEM file and no `keys.json` is a deployment's first key: it signs everything. Owns files and
their permissions; a key's life is `parse_key_ring`'s. Other storage, such as a KMS, would take this module's place.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from infra.process.keys import is_readable_by_others, new_signing_key, write_private
from oauth.keys.jwks import SigningKey, read_signing_key
from oauth.keys.key_ring import KeyRow, Purpose, Rows, published, signing

MANIFEST = "keys.json"
_RSA_BITS = 3072
_log = logging.getLogger(__name__)


class KeyFolder:
    """The keys in a folder, read again whenever the manifest has changed.

    Raises ValueError where the folder holds no keys, or one that others may read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._seen = self._warned_of = self._stamp()
        self._rows, self._keys = _read(folder)

    def rows(self) -> Rows:
        """The manifest, as it stands now. A new one that cannot be read changes nothing, and is warned of once."""
        seen = self._stamp()
        if seen == self._seen:
            return self._rows
        try:
            self._rows, self._keys = _read(self.folder)
        except (ValueError, OSError) as fault:
            # Looked at again each time: a key may be copied there after the manifest that names it.
            if seen != self._warned_of:
                _log.warning("signing keys not read, the former ones stay: %s", fault)
            self._warned_of = seen
            return self._rows
        self._seen = seen
        return self._rows

    def published(self, now_s: int) -> dict[str, SigningKey]:
        """Those that verify, by their ids."""
        return {row.kid: self._keys[row.kid] for row in published(self.rows(), now_s) if row.kid in self._keys}

    def signing(self, purpose: Purpose, now_s: int) -> SigningKey:
        """The one that signs. LookupError where there is none."""
        row = signing(self.rows(), purpose, now_s)
        if row is None:
            raise LookupError(f"no key signs for {purpose}")
        return self._keys[row.kid]

    def save(self, rows: Rows) -> None:
        """Write the manifest, whole or not at all."""
        text = json.dumps({"keys": [asdict(row) for row in rows]}, indent=2)
        write_private(self.folder / MANIFEST, f"{text}\n".encode())

    def add(self, algorithm: str, purpose: Purpose, now_s: int) -> KeyRow:
        """A new key, staged."""
        pem = _rsa_key() if algorithm == "RS256" else new_signing_key()
        kid = read_signing_key(pem.decode()).id
        write_private(self.folder / f"{kid}.pem", pem)
        row = KeyRow(kid, f"{kid}.pem", algorithm, purpose, created_s=now_s)
        self.save((*self.rows(), row))
        return row

    def _stamp(self) -> tuple[int, int]:
        try:
            found = (self.folder / MANIFEST).stat()
        except FileNotFoundError:
            return 0, 0
        return found.st_mtime_ns, found.st_ino


def _rsa_key() -> bytes:
    private = rsa.generate_private_key(65537, _RSA_BITS)
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _read(folder: Path) -> tuple[Rows, Mapping[str, SigningKey]]:
    manifest = folder / MANIFEST
    rows = _rows(manifest.read_text()) if manifest.exists() else _only_key(folder)
    keys = {row.kid: read_private(folder / row.file) for row in rows if (folder / row.file).exists()}
    for row in rows:
        if row.kid not in keys and row.remove_at_s is None:
            raise ValueError(f"{row.file} is not there, and {MANIFEST} needs it")
        if row.kid in keys and (keys[row.kid].id, keys[row.kid].algorithm) != (row.kid, row.alg):
            raise ValueError(f"{row.file} is not the key that {MANIFEST} says it is")
    return rows, keys


def _rows(text: str) -> Rows:
    try:
        return tuple(KeyRow(**{**row, "purpose": Purpose(row["purpose"])}) for row in json.loads(text)["keys"])
    except (KeyError, TypeError) as fault:
        raise ValueError(f"{MANIFEST} is not of its form: {fault!r}") from None


def _only_key(folder: Path) -> Rows:
    files = sorted(folder.glob("*.pem"))
    if len(files) != 1:
        raise ValueError(f"{folder} holds no {MANIFEST}, and {len(files)} keys instead of one")
    key = read_private(files[0])
    return (KeyRow(key.id, files[0].name, key.algorithm, Purpose.ANY, created_s=0, activate_at_s=0),)


def read_private(path: Path) -> SigningKey:
    """The key in a file that nobody else may read. ValueError says what is wrong."""
    if is_readable_by_others(path.stat()):
        raise ValueError(f"{path.name} can be read by others than its owner: chmod 600 it")
    return read_signing_key(path.read_text(encoding="ascii"))
