"""What contenders are asked, as bytes: the same for the transcoder and for what others would write in its place."""

import json
from collections.abc import Mapping
from typing import Any

from benchmarks.load import UNIQUE
from benchmarks.recorded import contact, page
from contract.ids import Codec
from contract.operations import BY_ID
from contract.versions import LATEST_VERSION
from contract.vocabulary import TenantId
from tests.component.transcoder.places import ADMIN, ALL, CODEC

GET, LIST_25, CREATE, KEYED, REFUSED = (
    "get",
    "list of 25",
    "validated create",
    "keyed create",
    "refused before the call",
)
SHARED = (GET, LIST_25, CREATE, KEYED)
"""What all who transcode can do."""
A_CONTACT = 270
"""Any number: the stand-in gives the same contact for each."""
_UNIQUE = UNIQUE.decode()


def message(method: str, target: str, headers: Mapping[str, str], body: Any = None) -> str:
    """A request of HTTP/1.1."""
    raw = "" if body is None else json.dumps(body, separators=(",", ":"))
    told = {"Host": "localhost", **headers}
    if raw:
        told |= {"Content-Type": "application/json", "Content-Length": str(len(raw.encode()))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"{method} {target} HTTP/1.1\r\n{lines}\r\n{raw}"


def new_contact(codec: Codec = CODEC, business: int = 1) -> dict[str, Any]:
    """What a caller sends to have a contact with nearly every field."""
    row = contact(7)
    address = {name.removeprefix("address_"): row.pop(name) for name in [*row] if name.startswith("address_")}
    del row["lifecycle_code"], row["dnd"], row["owner_user_id"]
    shown = {
        "lifecycle_stage": "customer",
        "do_not_contact": True,
        "owner_id": codec.seal("usr", TenantId(business), ADMIN),
    }
    return {**row, **shown, "address": address}


def identity(operation: str) -> dict[str, str]:
    """What the edge and authz write."""
    tenant = TenantId(1)
    return {
        "X-Request-Id": f"0000{_UNIQUE}",
        "X-Gw-Operation": operation,
        "X-Gw-Business-Id": CODEC.seal("biz", tenant, tenant),
        "X-Gw-Subject": CODEC.seal("usr", tenant, ADMIN),
        "X-Gw-Permissions": ALL,
        "X-Gw-Scopes": ALL,
        "X-Gw-Role": "admin",
        "X-Gw-Plan": "scale",
        "X-Gw-Client-Id": "pat",
        "X-Gw-Token-Kind": "pat",
        "X-Gw-Expires-At": "4000000000",
        "Version": LATEST_VERSION.date,
    }


def asked(operation: str, target: str, body: Any = None, **headers: str) -> str:
    """One call as it reaches the transcoder."""
    return message(BY_ID[operation].method, target, identity(operation) | headers, body)


def to_transcoders() -> dict[str, str]:
    """Each work, as a transcoder is asked for it."""
    record_id = CODEC.seal("con", TenantId(1), A_CONTACT)
    return {
        GET: asked("contacts.get", f"/v1/contacts/{record_id}"),
        LIST_25: asked("contacts.list", "/v1/contacts?limit=25"),
        CREATE: asked("contacts.create", "/v1/contacts", new_contact()),
        KEYED: asked("contacts.create", "/v1/contacts", new_contact(), **{"Idempotency-Key": _UNIQUE}),
        REFUSED: asked("contacts.create", "/v1/contacts", {"first_name": "Ada", "lifecycle_stage": "friend"}),
    }


def to_proxies() -> dict[str, str]:
    """Each work, as the CRM is asked for it."""
    path = "/internal/v2/businesses/1/contacts"
    headers = {
        "X-Actor-User-Id": str(ADMIN),
        "X-Actor-Permissions": ALL,
        "X-Trace-Id": _UNIQUE,
        "X-Deadline-Ms": "9000",
    }
    return {
        GET: message("GET", f"{path}/{A_CONTACT}", headers),
        LIST_25: message("POST", f"{path}/query", headers, page(25)),
        CREATE: message("POST", path, headers, contact(7)),
    }
