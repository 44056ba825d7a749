"""The id codec: `con_2028xzawvf4039wj1pg44gawme` outside, an integer of one tenant inside.

The opaque part is one AES-256 block over (type tag, tenant, number) in Crockford's base 32, lower case: it carries no
order, no count and no tenant, needs no table, and tells a foreign id without asking anyone. The key is made once per
deployment and never rotated: a record has one id string for ever.
"""

import base64
import hashlib
import re
import struct
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from contract.vocabulary import TenantId

KEY_BYTES = 32
OPAQUE_LENGTH = 26
MAX_TENANT = 2**48 - 1
MAX_NUMBER = 2**63 - 1

_FORM = re.compile(r"([a-z]+)_([0-9a-hjkmnp-tv-z]{26})")
_BLOCK = struct.Struct(">2s6sQ")
_STANDARD = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_CROCKFORD = b"0123456789abcdefghjkmnpqrstvwxyz"
_TO_CROCKFORD = bytes.maketrans(_STANDARD, _CROCKFORD)
_TO_STANDARD = bytes.maketrans(_CROCKFORD, _STANDARD)
# 20 bytes are 32 characters of base 32: four zero bytes in front leave the block right-aligned in the last 26.
_PADDING = b"\0\0\0\0"
_PADDED = b"A" * 6


@dataclass(frozen=True, slots=True)
class Malformed:
    """Wrong prefix, length or alphabet: no id of this type, whatever it was meant to be."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """Well-formed, but of another tenant, another type or nothing: to this caller it does not exist."""


MALFORMED = Malformed()
FOREIGN = Foreign()


def _tag(prefix: str) -> bytes:
    return hashlib.sha256(prefix.encode()).digest()[:2]


class IdCodec:
    """Seals and opens ids under one key of `KEY_BYTES` bytes."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"an id key has {KEY_BYTES} bytes, this one has {len(key)}")
        # One block, never two alike: ECB of a single block is the bare permutation that is wanted here.
        cipher = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305
        self._encrypt = cipher.encryptor().update
        self._decrypt = cipher.decryptor().update

    def seal(self, prefix: str, tenant: TenantId, number: int) -> str:
        """The public id of record `number` of `tenant`; a business is sealed under itself."""
        block = self._encrypt(_BLOCK.pack(_tag(prefix), tenant.to_bytes(6, "big"), number))
        text = base64.b32encode(_PADDING + block).translate(_TO_CROCKFORD)
        return f"{prefix}_{text[6:].decode()}"

    def open(self, prefix: str, tenant: TenantId, text: str) -> int | Malformed | Foreign:
        """The number behind a public id that a caller sent."""
        opened = self._unpack(prefix, text)
        if isinstance(opened, tuple):
            return opened[1] if opened[0] == tenant else FOREIGN
        return opened

    def open_business(self, prefix: str, text: str) -> TenantId | Malformed | Foreign:
        """The tenant behind its own id, whose number is the tenant itself."""
        opened = self._unpack(prefix, text)
        if isinstance(opened, tuple):
            return TenantId(opened[0]) if opened[0] == opened[1] else FOREIGN
        return opened

    def _unpack(self, prefix: str, text: str) -> tuple[int, int] | Malformed | Foreign:
        form = _FORM.fullmatch(text)
        if form is None or form[1] != prefix:
            return MALFORMED
        raw = base64.b32decode(_PADDED + form[2].encode().translate(_TO_STANDARD))
        if raw[:4] != _PADDING:
            return FOREIGN
        tag, tenant, number = _BLOCK.unpack(self._decrypt(raw[4:]))
        if tag != _tag(prefix) or number > MAX_NUMBER:
            return FOREIGN
        return int.from_bytes(tenant, "big"), number
