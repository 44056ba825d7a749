"""The id codecs: `con_2028xzawvf4039wj1pg44gawme` outside, an integer of one tenant inside.

The opaque part is sealed under a key, in Crockford's base 32, lower case: it carries no order, no count and no tenant,
needs no table, and tells a foreign id without asking anyone. The key is made once per deployment and never rotated: a
record has one id string for ever. Where the internal services count, it is one AES-256 block over (type tag, tenant,
number), 26 characters; where their ids are UUIDs, AES-SIV of the UUID, 52 characters. A deployment has one kind, for
businesses and users too. A UUID is the 128-bit integer that it is (RFC 9562 §4); the nil UUID is no record's.
"""

import hashlib
import re
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache, lru_cache
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from contract.base32 import Base32
from contract.types import EXAMPLE_OPAQUE
from contract.vocabulary import TenantId

KEY_BYTES = 32
MAX_TENANT = 2**48 - 1
MAX_NUMBER = 2**63 - 1

_FORM = re.compile(r"([a-z]+)_([0-9a-hjkmnp-tv-z]{26})")
_UUID_FORM = re.compile(r"([a-z]+)_([0-9a-hjkmnp-tv-z]{52})")
_UUID_BYTES = 16
_BLOCK = struct.Struct(">2s6sQ")
_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
_BLOCKS, _SEALED_UUIDS = Base32(_BLOCK.size, _CROCKFORD), Base32(2 * _UUID_BYTES, _CROCKFORD)
_REMEMBERED = 4096
"""Ids a process keeps at hand, sealed and opened: businesses, users and owners come again and again."""


class IdKind(Enum):
    """What the internal services tell records apart by."""

    INTEGER = "integer"
    UUID = "uuid"


@dataclass(frozen=True, slots=True)
class MalformedId:
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
class ForeignId:
    """Well-formed, but of another tenant, another type or nothing: to this caller it does not exist."""


MALFORMED = MalformedId()
MALFORMED_UUID = MalformedId(EXAMPLE_OPAQUE * 2)
FOREIGN = ForeignId()


class Codec(Protocol):
    """Seals and opens ids of one kind. `max_number`: the largest number that has an id."""

    max_number: int

    def seal(self, prefix: str, tenant: TenantId, number: int) -> str:
        """The public id of record `number` of `tenant`."""

    def seal_all(self, prefix: str, tenant: TenantId, numbers: Sequence[int]) -> list[str]:
        """The public id of each record: those of a page together cost a fraction of what they cost alone."""

    def open(self, prefix: str, tenant: TenantId, text: str) -> int | MalformedId | ForeignId:
        """The number behind a public id that a caller sent."""

    def looks_like(self, prefix: str, text: str) -> bool:
        """Whether it can be an id of that prefix, as far as that is seen without its tenant."""

    def seal_business(self, prefix: str, tenant: TenantId) -> str:
        """The public id of a business."""

    def open_business(self, prefix: str, text: str) -> TenantId | MalformedId | ForeignId:
        """The tenant behind its own id."""


@cache
def _tag(prefix: str) -> bytes:
    return hashlib.sha256(prefix.encode()).digest()[:2]


def parse_id_key(text: str) -> bytes:
    """Read a key file: `KEY_BYTES` bytes in hex. ValueError says what is wrong."""
    return _whole(bytes.fromhex(text.strip()))


def _whole(key: bytes) -> bytes:
    if len(key) != KEY_BYTES:
        raise ValueError(f"an id key has {KEY_BYTES} bytes, this one has {len(key)}")
    return key


class IdCodec:
    """Seals and opens integers under one key of `KEY_BYTES` bytes."""

    max_number = MAX_NUMBER

    def __init__(self, key: bytes) -> None:
        # Each id is one block, sealed by itself: ECB is the bare permutation that is wanted here.
        cipher = Cipher(algorithms.AES(_whole(key)), modes.ECB())  # noqa: S305
        self._encrypt = cipher.encryptor().update
        self._decrypt = cipher.decryptor().update
        self.seal = lru_cache(_REMEMBERED)(self._seal)
        """See `Codec`."""
        self._unpacked = lru_cache(_REMEMBERED)(self._unpack)

    def seal_all(self, prefix: str, tenant: TenantId, numbers: Sequence[int]) -> list[str]:
        """See `Codec`; nothing is remembered of them."""
        if len(numbers) == 1:
            return [self._seal(prefix, tenant, numbers[0])]
        head = _tag(prefix) + tenant.to_bytes(6, "big")
        blocks = [head + number.to_bytes(8, "big") for number in numbers]
        sealed = struct.unpack(f"{_BLOCK.size}s" * len(blocks), self._encrypt(b"".join(blocks)))
        return [f"{prefix}_{text}" for text in _BLOCKS.encode_many(sealed)]

    def open(self, prefix: str, tenant: TenantId, text: str) -> int | MalformedId | ForeignId:
        """See `Codec`."""
        opened = self._unpacked(prefix, text)
        if isinstance(opened, tuple):
            return opened[1] if opened[0] == tenant else FOREIGN
        return opened

    def looks_like(self, prefix: str, text: str) -> bool:
        """See `Codec`; its type is seen."""
        return isinstance(self._unpacked(prefix, text), tuple)

    def seal_business(self, prefix: str, tenant: TenantId) -> str:
        """See `Codec`; a business is sealed under itself."""
        return self.seal(prefix, tenant, tenant)

    def open_business(self, prefix: str, text: str) -> TenantId | MalformedId | ForeignId:
        """See `Codec`; the number in it is the tenant itself."""
        opened = self._unpacked(prefix, text)
        if isinstance(opened, tuple):
            return TenantId(opened[0]) if opened[0] == opened[1] else FOREIGN
        return opened

    def _seal(self, prefix: str, tenant: TenantId, number: int) -> str:
        block = _BLOCK.pack(_tag(prefix), tenant.to_bytes(6, "big"), number)
        return f"{prefix}_{_BLOCKS.encode(self._encrypt(block))}"

    def _unpack(self, prefix: str, text: str) -> tuple[int, int] | MalformedId | ForeignId:
        form = _FORM.fullmatch(text)
        if form is None or form[1] != prefix:
            return MALFORMED
        block = _BLOCKS.decode(form[2])
        if block is None:
            return FOREIGN
        tag, tenant, number = _BLOCK.unpack(self._decrypt(block))
        if tag != _tag(prefix) or number > MAX_NUMBER:
            return FOREIGN
        return int.from_bytes(tenant, "big"), number


class UuidCodec:
    """Seals and opens UUIDs under a key of `KEY_BYTES` bytes.

    AES-256-SIV (RFC 5297) is deterministic, so that an id stays the same, and its tag tells a foreign id: type and
    tenant are its associated data. It takes two keys of 32 bytes; both are derived from the one (RFC 5869 §2.3).
    """

    max_number = 2 ** (8 * _UUID_BYTES) - 1

    def __init__(self, key: bytes) -> None:
        self._cipher = AESSIV(HKDFExpand(SHA512(), 2 * KEY_BYTES, b"ids of UUIDs").derive(_whole(key)))

    def seal(self, prefix: str, tenant: TenantId, number: int) -> str:
        """See `Codec`."""
        return self._seal(prefix, number, [prefix.encode(), _uuid_bytes(tenant)])

    def seal_all(self, prefix: str, tenant: TenantId, numbers: Sequence[int]) -> list[str]:
        """See `Codec`; one by one."""
        return [self.seal(prefix, tenant, number) for number in numbers]

    def open(self, prefix: str, tenant: TenantId, text: str) -> int | MalformedId | ForeignId:
        """See `Codec`."""
        return self._open(prefix, text, [prefix.encode(), _uuid_bytes(tenant)])

    def looks_like(self, prefix: str, text: str) -> bool:
        """See `Codec`; the tenant is bound to it, so that only its form is seen."""
        form = _UUID_FORM.fullmatch(text)
        return form is not None and form[1] == prefix

    def seal_business(self, prefix: str, tenant: TenantId) -> str:
        """See `Codec`; whoever opens it does not know the tenant yet, so that the type alone is bound to it."""
        return self._seal(prefix, tenant, [prefix.encode()])

    def open_business(self, prefix: str, text: str) -> TenantId | MalformedId | ForeignId:
        """See `Codec`."""
        opened = self._open(prefix, text, [prefix.encode()])
        return TenantId(opened) if isinstance(opened, int) else opened

    def _seal(self, prefix: str, number: int, bound_to: list[bytes]) -> str:
        sealed = self._cipher.encrypt(_uuid_bytes(number), bound_to)
        return f"{prefix}_{_SEALED_UUIDS.encode(sealed)}"

    def _open(self, prefix: str, text: str, bound_to: list[bytes]) -> int | MalformedId | ForeignId:
        form = _UUID_FORM.fullmatch(text)
        if form is None or form[1] != prefix:
            return MALFORMED_UUID
        sealed = _SEALED_UUIDS.decode(form[2])
        if sealed is None:
            return FOREIGN
        try:
            return int.from_bytes(self._cipher.decrypt(sealed, bound_to), "big")
        except InvalidTag:
            return FOREIGN


def _uuid_bytes(number: int) -> bytes:
    return number.to_bytes(_UUID_BYTES, "big")


CODECS: dict[IdKind, Callable[[bytes], Codec]] = {IdKind.INTEGER: IdCodec, IdKind.UUID: UuidCodec}
