"""What both rivals in Python share, as a team would write it by hand: contacts of the CRM as public JSON and back.

Their bodies are the transcoder's, byte for byte but for the cursor. Owns no I/O. It imports nothing of ours.
"""

import base64
import hashlib
import os
import re
import secrets
import struct
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any, Literal

import orjson
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import BaseModel, ConfigDict, Field

TENANT, VERSION = 1, os.environ.get("VERSION", "")
KEY = bytes.fromhex(os.environ.get("ID_KEY", "00" * 32))
CRM, HEADERS = "http://crm/internal/v2/businesses/1/contacts", {"X-Actor-User-Id": "11", "X-Actor-Permissions": "all"}
STAGES = {"lead": 1, "prospect": 2, "customer": 3, "former": 4}
STAGE_OF = {code: name for name, code in STAGES.items()}
ADDRESS = ("line1", "line2", "city", "region", "postal_code", "country")
KEPT_MS, CLAIMED_MS = 86_400_000, 30_000

_cipher = Cipher(algorithms.AES(KEY), modes.ECB())  # noqa: S305 (one block, never two alike)
_encrypt, _decrypt = _cipher.encryptor().update, _cipher.decryptor().update
_cursors = AESGCM(KEY)
_BLOCK = struct.Struct(">2s6sQ")
_BUSINESS = TENANT.to_bytes(6, "big")
_TAGS = {prefix: hashlib.sha256(prefix.encode()).digest()[:2] for prefix in ("con", "usr", "com")}
_STANDARD, _CROCKFORD = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789abcdefghjkmnpqrstvwxyz"
_OUT, _IN = bytes.maketrans(_STANDARD, _CROCKFORD), bytes.maketrans(_CROCKFORD, _STANDARD)
_FORM = re.compile(r"(con|usr|com)_([0-9a-hjkmnp-tv-z]{26})")

Line = Annotated[str, Field(min_length=1, max_length=100)]
Long = Annotated[str, Field(min_length=1, max_length=200)]


class Address(BaseModel):
    """A postal address, all of it optional."""

    model_config = ConfigDict(extra="forbid")
    line1: Long | None = None
    line2: Long | None = None
    city: Long | None = None
    region: Long | None = None
    postal_code: Annotated[str, Field(max_length=20)] | None = None
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] | None = None


class NewContact(BaseModel):
    """What a caller may send."""

    model_config = ConfigDict(extra="forbid")
    first_name: Line | None = None
    last_name: Line | None = None
    email: Annotated[str, Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")] | None = None
    phone: Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$")] | None = None
    job_title: Annotated[str, Field(max_length=150)] | None = None
    lifecycle_stage: Literal["lead", "prospect", "customer", "former"] = "lead"
    source: Line | None = None
    birth_date: Annotated[str, Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$")] | None = None
    do_not_contact: bool = False
    company_id: str | None = None
    address: Address | None = None
    tags: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=50)] = []
    external_id: Line | None = None
    owner_id: str | None = None


def seal(prefix: str, number: int) -> str:
    """A public id."""
    block = _encrypt(_BLOCK.pack(_TAGS[prefix], _BUSINESS, number))
    return f"{prefix}_{base64.b32encode(bytes(4) + block).translate(_OUT)[6:].decode()}"


def unseal(prefix: str, text: str) -> int | None:
    """The number in a public id, if it is one."""
    form = _FORM.fullmatch(text)
    if form is None or form[1] != prefix:
        return None
    tag, business, number = _BLOCK.unpack(_decrypt(base64.b32decode(b"AAAAAA" + form[2].encode().translate(_IN))[4:]))
    return number if tag == _TAGS[prefix] and business == _BUSINESS else None


@lru_cache(maxsize=4096)
def _mark(record_id: str) -> str:
    digest = hashlib.sha256(f"{record_id} {VERSION}".encode()).digest()
    return base64.b32encode(digest[:5]).decode().lower()[:7]


def instant(ms: int | None) -> str | None:
    """RFC 3339."""
    if ms is None:
        return None
    text = datetime.fromtimestamp(ms // 1000, UTC).isoformat()[:19]
    return f"{text}.{ms % 1000:03d}Z" if ms % 1000 else f"{text}Z"


def public(row: dict[str, Any]) -> dict[str, Any]:
    """A contact as callers see it."""
    get = row.get
    record_id, owner, author, company = (
        seal("con", row["id"]),
        get("owner_user_id"),
        get("created_by_user_id"),
        get("company_id"),
    )
    address = {name: get(f"address_{name}") for name in ADDRESS}
    return {
        "id": record_id,
        "first_name": get("first_name"),
        "last_name": get("last_name"),
        "full_name": " ".join(filter(None, (get("first_name"), get("last_name")))) or None,
        "email": get("email"),
        "phone": get("phone"),
        "job_title": get("job_title"),
        "lifecycle_stage": STAGE_OF[row["lifecycle_code"]],
        "source": get("source"),
        "birth_date": get("birth_date"),
        "do_not_contact": bool(row["dnd"]),
        "company_id": company and seal("com", company),
        "address": address if any(address.values()) else None,
        "tags": row["tags"],
        "external_id": get("external_id"),
        "custom_fields": {},
        "owner_id": owner and seal("usr", owner),
        "created_by_id": author and seal("usr", author),
        "created_at": instant(row["created_at"]),
        "updated_at": instant(row["updated_at"]),
        "deleted_at": instant(get("deleted_at")) if row["is_deleted"] else None,
        "etag": f"r{row['revision']}-{_mark(record_id)}",
    }


def internal(contact: NewContact) -> dict[str, Any]:
    """What the CRM is told."""
    row = contact.model_dump(exclude_none=True)
    row["lifecycle_code"], row["dnd"] = STAGES[row.pop("lifecycle_stage")], int(row.pop("do_not_contact"))
    for name, text in row.pop("address", {}).items():
        row[f"address_{name}"] = text
    for prefix, name, stored in (("usr", "owner_id", "owner_user_id"), ("com", "company_id", "company_id")):
        if name in row:
            row[stored] = unseal(prefix, row.pop(name))
    return row


def page(answer: dict[str, Any]) -> bytes:
    """A list's body."""
    paging, cursor = answer["paging"], None
    if paging["has_more"]:
        nonce = secrets.token_bytes(12)
        cursor = base64.urlsafe_b64encode(nonce + _cursors.encrypt(nonce, paging["next_key"].encode(), b"1")).decode()
    meta = {"cursor": {"next": cursor, "has_more": paging["has_more"]}}
    return orjson.dumps({"data": [public(row) for row in answer["result"]], "meta": meta})


def query(limit: int) -> dict[str, Any]:
    """The query of a page."""
    return {
        "where": None,
        "text": None,
        "sort": ["-created_at", "-id"],
        "limit": limit,
        "with_deleted": 0,
        "with_total": 0,
    }


def fingerprint(raw: bytes) -> str:
    """What makes a request this one."""
    return hashlib.sha256(raw).hexdigest()
