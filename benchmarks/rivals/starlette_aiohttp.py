"""S: Starlette and aiohttp's client under uvicorn with uvloop and httptools; JSON by orjson, validation by pydantic.

Does and leaves out what `fastapi_httpx` does and leaves out.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson
import uvicorn
from contacts import CLAIMED_MS, CRM, HEADERS, KEPT_MS, NewContact, fingerprint, internal, page, public, query, unseal
from pydantic import ValidationError
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

valkey = Redis(unix_socket_path=os.environ["VALKEY"])


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """One session for the life of the process."""
    connector = aiohttp.UnixConnector(os.environ["CRM"], limit=128)
    timeout = aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession(connector=connector, headers=HEADERS, timeout=timeout) as app.state.crm:
        yield


def answer(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """JSON that is bytes already."""
    return Response(body, status, headers, media_type="application/json")


def one(row: dict[str, Any], status: int = 200) -> Response:
    """A contact with its ETag."""
    shown = public(row)
    return answer(orjson.dumps({"data": shown}), status, {"ETag": f'"{shown["etag"]}"'})


async def asked(request: Request, method: str, url: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """What the CRM says."""
    data = None if body is None else orjson.dumps(body)
    async with request.app.state.crm.request(method, url, data=data) as reply:
        return orjson.loads(await reply.read())


async def get(request: Request) -> Response:
    """One contact."""
    number = unseal("con", request.path_params["contact_id"])
    if number is None:
        raise HTTPException(400)
    return one((await asked(request, "GET", f"{CRM}/{number}"))["result"])


async def listing(request: Request) -> Response:
    """A page."""
    limit = request.query_params.get("limit", "25")
    if not limit.isdecimal() or not 1 <= int(limit) <= 200:
        raise HTTPException(400)
    return answer(page(await asked(request, "POST", f"{CRM}/query", query(int(limit)))))


async def create(request: Request) -> Response:
    """A new contact, once for each key."""
    raw, key = await request.body(), request.headers.get("idempotency-key")
    try:
        contact = NewContact.model_validate_json(raw)
    except ValidationError as error:
        raise HTTPException(422) from error
    if key is None:
        return await made(request, contact)
    name, mark = f"idem:{key}", fingerprint(raw)
    if not await valkey.set(name, orjson.dumps([mark, 0, ""]), nx=True, px=CLAIMED_MS):
        kept, status, body = orjson.loads(await valkey.get(name))
        if kept != mark or not status:
            raise HTTPException(409)
        return answer(body.encode(), status)
    done = await made(request, contact)
    await valkey.set(name, orjson.dumps([mark, done.status_code, bytes(done.body).decode()]), px=KEPT_MS)
    return done


async def made(request: Request, contact: NewContact) -> Response:
    """Made in the CRM."""
    return one((await asked(request, "POST", CRM, internal(contact)))["result"], 201)


ROUTES = [
    Route("/v1/contacts/{contact_id}", get),
    Route("/v1/contacts", listing, methods=["GET"]),
    Route("/v1/contacts", create, methods=["POST"]),
]

if __name__ == "__main__":
    app = Starlette(routes=ROUTES, lifespan=lifespan)
    uvicorn.run(app, uds=os.environ["LISTEN"], loop="uvloop", http="httptools", access_log=False, log_level="warning")
