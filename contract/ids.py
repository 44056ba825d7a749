"""The id codecs: `con_2028xzawvf4039wj1pg44gawme` outside, an integer of one tenant inside.

The opaque part is sealed under a key, in Crockford's base 32, lower case: it carries no order, no count and no tenant,
needs no table, and tells a foreign id without asking anyone. The key is made once per deployment and never rotated: a
record has one id string for ever. Where the internal services count, it is one AES-256 block over (type tag, tenant,
number), 26 characters; where their ids are UUIDs, AES-SIV of the UUID, 52 characters. A deployment has one kind, for
businesses and users too. A UUID is the 128-bit integer that it is (RFC 9562 §4); the nil UUID is no record's.
"""

import base64
import hashlib
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from contract.types import EXAMPLE_OPAQUE
from contract.vocabulary import TenantId

KEY_BYTES = 32
MAX_TENANT = 2**48 - 1
MAX_NUMBER = 2**63 - 1

_FORM = re.compile(r"([a-z]+)_([0-9a-hjkmnp-tv-z]{26})")
_UUID_FORM = re.compile(r"([a-z]+)_([0-9a-hjkmnp-tv-z]{52})")
_UUID_BYTES = 16
_BLOCK = struct.Struct(">2s6sQ")
_STANDARD = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_CROCKFORD = b"0123456789abcdefghjkmnpqrstvwxyz"
_TO_CROCKFORD = bytes.maketrans(_STANDARD, _CROCKFORD)
_TO_STANDARD = bytes.maketrans(_CROCKFORD, _STANDARD)
# 20 bytes are 32 characters of base 32: four zero bytes in front leave the block right-aligned in the last 26.
_PADDING = b"\0\0\0\0"
_PADDED = b"A" * 6
# Likewise 35 bytes are 56 characters, and the 32 of a sealed UUID stand in the last 52.
_UUID_PADDING = b"\0\0\0"
_UUID_PADDED = b"A" * 4


class IdKind(Enum):
    """What the internal services tell records apart by."""

    INTEGER = "integer"
    UUID = "uuid"


@dataclass(frozen=True, slots=True)
class Malformed:
    """Wrong prefix, length or alphabet: no id of this type, whatever it was meant to be.

    `opaque`: one that is of the form, and belongs to nothing.
    """

    opaque: str = EXAMPLE_OPAQUE

    def detail(self, prefix: str) -> str:
        """What an id of that prefix looks like, in words."""
        return f"Not an id: {prefix}_ and {len(self.opaque)} characters."

    def example(self, prefix: str) -> str:
        """A well-formed id that belongs to nothing."""
        return f"{prefix}_{self.opaque}"


@dataclass(frozen=True, slots=True)
class Foreign:
    """Well-formed, but of another tenant, another type or nothing: to this caller it does not exist."""


MALFORMED = Malformed()
MALFORMED_UUID = Malformed(EXAMPLE_OPAQUE * 2)
FOREIGN = Foreign()


class Codec(Protocol):
    """Seals and opens ids of one kind."""

    def seal(self, prefix: str, tenant: TenantId, number: int) -> str:
        """The public id of record `number` of `tenant`."""

    def open(self, prefix: str, tenant: TenantId, text: str) -> int | Malformed | Foreign:
        """The number behind a public id that a caller sent."""

    def may_be_ours(self, prefix: str, text: str) -> bool:
        """Whether it can be an id of that prefix, as far as that is seen without its tenant."""

    def seal_business(self, prefix: str, tenant: TenantId) -> str:
        """The public id of a business."""

    def open_business(self, prefix: str, text: str) -> TenantId | Malformed | Foreign:
        """The tenant behind its own id."""


def _tag(prefix: str) -> bytes:
    return hashlib.sha256(prefix.encode()).digest()[:2]


def id_key(text: str) -> bytes:
    """Read a key file: `KEY_BYTES` bytes in hex. ValueError says what is wrong."""
    return _whole(bytes.fromhex(text.strip()))


def _whole(key: bytes) -> bytes:
    if len(key) != KEY_BYTES:
        raise ValueError(f"an id key has {KEY_BYTES} bytes, this one has {len(key)}")
    return key


class IdCodec:
    """Seals and opens integers under one key of `KEY_BYTES` bytes."""

    def __init__(self, key: bytes) -> None:
        # One block, never two alike: ECB of a single block is the bare permutation that is wanted here.
        cipher = Cipher(algorithms.AES(_whole(key)), modes.ECB())  # noqa: S305
        self._encrypt = cipher.encryptor().update
        self._decrypt = cipher.decryptor().update

    def seal(self, prefix: str, tenant: TenantId, number: int) -> str:
        """See `Codec`."""
        block = self._encrypt(_BLOCK.pack(_tag(prefix), tenant.to_bytes(6, "big"), number))
        text = base64.b32encode(_PADDING + block).translate(_TO_CROCKFORD)
        return f"{prefix}_{text[6:].decode()}"

    def open(self, prefix: str, tenant: TenantId, text: str) -> int | Malformed | Foreign:
        """See `Codec`."""
        opened = self._unpack(prefix, text)
        if isinstance(opened, tuple):
            return opened[1] if opened[0] == tenant else FOREIGN
        return opened

    def may_be_ours(self, prefix: str, text: str) -> bool:
        """See `Codec`; its type is seen."""
        return isinstance(self._unpack(prefix, text), tuple)

    def seal_business(self, prefix: str, tenant: TenantId) -> str:
        """See `Codec`; a business is sealed under itself."""
        return self.seal(prefix, tenant, tenant)

    def open_business(self, prefix: str, text: str) -> TenantId | Malformed | Foreign:
        """See `Codec`; the number in it is the tenant itself."""
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


class UuidCodec:
    """Seals and opens UUIDs under a key of `KEY_BYTES` bytes.

    AES-256-SIV (RFC 5297) is deterministic, so that an id stays the same, and its tag tells a foreign id: type and
    tenant are its associated data. It takes two keys of 32 bytes; both are derived from the one (RFC 5869 §2.3).
    """

    def __init__(self, key: bytes) -> None:
        self._cipher = AESSIV(HKDFExpand(SHA512(), 2 * KEY_BYTES, b"ids of UUIDs").derive(_whole(key)))

    def seal(self, prefix: str, tenant: TenantId, number: int) -> str:
        """See `Codec`."""
        return self._seal(prefix, number, [prefix.encode(), _uuid_bytes(tenant)])

    def open(self, prefix: str, tenant: TenantId, text: str) -> int | Malformed | Foreign:
        """See `Codec`."""
        return self._open(prefix, text, [prefix.encode(), _uuid_bytes(tenant)])

    def may_be_ours(self, prefix: str, text: str) -> bool:
        """See `Codec`; the tenant is bound to it, so that only its form is seen."""
        form = _UUID_FORM.fullmatch(text)
        return form is not None and form[1] == prefix

    def seal_business(self, prefix: str, tenant: TenantId) -> str:
        """See `Codec`; whoever opens it does not know the tenant yet, so that the type alone is bound to it."""
        return self._seal(prefix, tenant, [prefix.encode()])

    def open_business(self, prefix: str, text: str) -> TenantId | Malformed | Foreign:
        """See `Codec`."""
        opened = self._open(prefix, text, [prefix.encode()])
        return TenantId(opened) if isinstance(opened, int) else opened

    def _seal(self, prefix: str, number: int, bound_to: list[bytes]) -> str:
        sealed = self._cipher.encrypt(_uuid_bytes(number), bound_to)
        text = base64.b32encode(_UUID_PADDING + sealed).translate(_TO_CROCKFORD)
        return f"{prefix}_{text[len(_UUID_PADDED) :].decode()}"

    def _open(self, prefix: str, text: str, bound_to: list[bytes]) -> int | Malformed | Foreign:
        form = _UUID_FORM.fullmatch(text)
        if form is None or form[1] != prefix:
            return MALFORMED_UUID
        raw = base64.b32decode(_UUID_PADDED + form[2].encode().translate(_TO_STANDARD))
        if not raw.startswith(_UUID_PADDING):
            return FOREIGN
        try:
            return int.from_bytes(self._cipher.decrypt(raw[len(_UUID_PADDING) :], bound_to), "big")
        except InvalidTag:
            return FOREIGN


def _uuid_bytes(number: int) -> bytes:
    return number.to_bytes(_UUID_BYTES, "big")


CODECS: dict[IdKind, Callable[[bytes], Codec]] = {IdKind.INTEGER: IdCodec, IdKind.UUID: UuidCodec}
