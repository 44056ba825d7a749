"""What the stand-in for the CRM answers: asked of the sandbox once, in the words of the transcoder's dialect.

Owns the records that all contenders are asked for: contacts with nearly every field filled, notes of many lengths.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from benchmarks.crm import name_of
from infra.process.address import UnixAddress
from tests.support.processes import running

ROOT = Path(__file__).resolve().parents[1]
PAGES = (1, 10, 25, 50, 100, 200)
NOTES = (100, 1_000, 5_000, 20_000)
"""Characters of a note's text; its number too, so that it can be asked for."""
CONTACTS, BULK = 250, 50
_ACTOR = {"X-Actor-User-Id": "11", "X-Trace-Id": "benchmark", "X-Deadline-Ms": "9000"}
_MAY = ("read", "write", "write_all", "delete")


def contact(number: int) -> dict[str, Any]:
    """A contact as the CRM takes it."""
    return {
        "first_name": "Adaeze",
        "last_name": f"Okafor-Lindqvist {number}",
        "email": f"adaeze.okafor{number}@northwind.example",
        "phone": f"+4479{number:08}",
        "job_title": "Head of Operations",
        "lifecycle_code": number % 4 + 1,
        "source": "webinar",
        "birth_date": "1988-03-14",
        "dnd": number % 2,
        "address_line1": "12 Quay Street",
        "address_line2": "Floor 2",
        "address_city": "Bristol",
        "address_region": "Somerset",
        "address_postal_code": "BS1 4DB",
        "address_country": "GB",
        "tags": ["VIP", "newsletter", "event 2026", "partner"],
        "external_id": f"erp:{number:08}",
        "owner_user_id": 11,
    }


def page(limit: int) -> dict[str, Any]:
    """The query for the first page of contacts, newest first."""
    return {
        "where": None,
        "text": None,
        "sort": ["-created_at", "-id"],
        "limit": limit,
        "after_key": None,
        "after": None,
        "with_deleted": 0,
        "with_total": 0,
    }


@asynccontextmanager
async def sandbox(folder: Path, socket: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A sandbox on that socket, its database in `folder`."""
    ready, log = UnixAddress(socket), folder / "sandbox.log"
    async with running([sys.executable, "-m", "sandbox"], settings(folder, socket), ready=ready, log=log) as process:
        yield process


def settings(folder: Path, socket: Path) -> dict[str, str]:
    """What a sandbox is told."""
    return {
        "PATH": os.environ["PATH"],
        "LISTEN": f"unix:{socket}",
        "DATABASE_URL": f"sqlite+aiosqlite:///{folder}/sandbox.db",
        "DIRECTORY_FILE": str(ROOT / "sandbox" / "directory.json"),
    }


async def record(folder: Path) -> Path:
    """Ask a sandbox in `folder` for all of it; the file for `crm`."""
    socket = folder / "recorded.sock"
    transport = httpx.AsyncHTTPTransport(uds=str(socket))
    words = " ".join(f"{resource}:{word}" for resource in ("contacts", "notes") for word in _MAY)
    headers = {**_ACTOR, "X-Actor-Permissions": words}
    async with (
        sandbox(folder, socket),
        httpx.AsyncClient(transport=transport, base_url="http://crm", headers=headers, timeout=30) as crm,
    ):
        recorded = {name: body async for name, body in _asked(crm)}
    file = folder / "recorded.json"
    file.write_text(json.dumps(recorded))
    return file


async def _asked(crm: httpx.AsyncClient) -> AsyncIterator[tuple[str, str]]:
    """What was asked, by its name, and the answer."""
    for first in range(0, CONTACTS, BULK):
        items = [contact(number) for number in range(first, first + BULK)]
        await _ask(crm, "POST", "contacts/bulk", {"op": "create", "items": items})
    created = await _ask(crm, "POST", "contacts", contact(CONTACTS))
    yield created
    made = json.loads(created[1])["result"]["id"]
    some = [{"id": made - number} for number in range(BULK)]
    yield await _ask(crm, "POST", "contacts/bulk", {"op": "get", "items": some})
    yield await _ask(crm, "GET", f"contacts/{made}")
    yield await _ask(crm, "PUT", f"contacts/{made}", {"set": {"job_title": "Head of Sales"}, "unset": []})
    for limit in PAGES:
        yield await _ask(crm, "POST", "contacts/query", page(limit))
    for length in NOTES:
        note = {"body": ("Call before ten. " * 2_000)[:length], "contact_id": made, "owner_user_id": 11}
        name, answer = await _ask(crm, "POST", "notes", note)
        yield name, answer
        yield f"GET notes/{length}", answer
    yield await _ask(crm, "DELETE", f"contacts/{made}")


async def _ask(crm: httpx.AsyncClient, method: str, path: str, body: Any = None) -> tuple[str, str]:
    answer = await crm.request(method, f"/internal/v2/businesses/1/{path}", json=body)
    if not answer.json().get("ok"):
        raise RuntimeError(f"{method} {path}: {answer.text}")
    text = json.dumps(body, separators=(",", ":")) if body else ""
    return name_of(f"{method} {answer.url.path} HTTP/1.1\r\n\r\n{text}".encode()), answer.text
