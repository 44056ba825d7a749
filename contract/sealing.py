"""Sealing of what leaves our hands and comes back: AES-256-GCM under versioned keys.

A sealed text is `version | key id | nonce | ciphertext`; what it is bound to (its purpose, its tenant) is authenticated
beside it, so that a text sealed for one thing never opens as another.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
_NONCE_BYTES = 12
_HEAD_BYTES = 2 + _NONCE_BYTES
_VERSION = 1


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys by id (1 to 255); `current` seals, all of them open."""

    current: int
    keys: Mapping[int, AESGCM]

    def seal(self, plain: bytes, *, bound_to: bytes) -> bytes:
        """Seal `plain` so that it opens only together with the same `bound_to`."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        head = bytes((_VERSION, self.current))
        return head + nonce + self.keys[self.current].encrypt(nonce, plain, head + bound_to)

    def open(self, sealed: bytes, *, bound_to: bytes) -> bytes | None:
        """What was sealed; None for anything else, a key that is no longer held included."""
        if len(sealed) <= _HEAD_BYTES or sealed[0] != _VERSION:
            return None
        key = self.keys.get(sealed[1])
        if key is None:
            return None
        try:
            return key.decrypt(sealed[2:_HEAD_BYTES], sealed[_HEAD_BYTES:], sealed[:2] + bound_to)
        except InvalidTag:
            return None


def parse_key_ring(text: str) -> KeyRing:
    """Read a key file: lines of `<id 1..255> <64 hex characters>`; the first seals. ValueError says what is wrong."""
    keys: dict[int, AESGCM] = {}
    current = 0
    for line in text.split("\n"):
        if not line.strip():
            continue
        number, _, digits = line.strip().partition(" ")
        if not number.isascii() or not number.isdigit() or not 1 <= int(number) <= 255 or int(number) in keys:
            raise ValueError("each line begins with a key id of its own, 1 to 255")
        key = bytes.fromhex(digits)
        if len(key) != KEY_BYTES:
            raise ValueError(f"key {number} must have {KEY_BYTES * 2} hex characters")
        keys[int(number)] = AESGCM(key)
        current = current or int(number)
    if not keys:
        raise ValueError("there is no key in it")
    return KeyRing(current, keys)
