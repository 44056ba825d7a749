"""A: FastAPI and httpx under uvicorn with uvloop and httptools, as their documents say; JSON by orjson.

Does: opens and seals ids, validates with pydantic, renames, converts, etag, cursor, and the Idempotency-Key in Valkey.
Leaves out what the transcoder does beside: versions, problem documents, receipts, log, metrics, deadlines, retries.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import httpx
import orjson
import uvicorn
from contacts import CLAIMED_MS, CRM, HEADERS, KEPT_MS, NewContact, fingerprint, internal, page, public, query, unseal
from fastapi import FastAPI, Header, HTTPException, Query, Request, Response
from redis.asyncio import Redis

valkey = Redis(unix_socket_path=os.environ["VALKEY"])


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """One client for the life of the process."""
    limits = httpx.Limits(max_connections=128, max_keepalive_connections=128)
    transport = httpx.AsyncHTTPTransport(uds=os.environ["CRM"], limits=limits)
    async with httpx.AsyncClient(transport=transport, headers=HEADERS, timeout=10) as app.state.crm:
        yield


app = FastAPI(lifespan=lifespan)


def answer(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """JSON that is bytes already."""
    return Response(body, status, headers, media_type="application/json")


def one(row: dict[str, object], status: int = 200) -> Response:
    """A contact with its ETag."""
    shown = public(row)
    return answer(orjson.dumps({"data": shown}), status, {"ETag": f'"{shown["etag"]}"'})


@app.get("/v1/contacts/{contact_id}")
async def get(contact_id: str) -> Response:
    """One contact."""
    number = unseal("con", contact_id)
    if number is None:
        raise HTTPException(400)
    reply = await app.state.crm.get(f"{CRM}/{number}")
    return one(orjson.loads(reply.content)["result"])


@app.get("/v1/contacts")
async def listing(limit: Annotated[int, Query(ge=1, le=200)] = 25) -> Response:
    """A page."""
    reply = await app.state.crm.post(f"{CRM}/query", content=orjson.dumps(query(limit)))
    return answer(page(orjson.loads(reply.content)))


@app.post("/v1/contacts")
async def create(
    contact: NewContact, request: Request, idempotency_key: Annotated[str | None, Header()] = None
) -> Response:
    """A new contact, once for each key."""
    if idempotency_key is None:
        return await made(contact)
    name, mark = f"idem:{idempotency_key}", fingerprint(await request.body())
    if not await valkey.set(name, orjson.dumps([mark, 0, ""]), nx=True, px=CLAIMED_MS):
        kept, status, body = orjson.loads(await valkey.get(name))
        if kept != mark or not status:
            raise HTTPException(409)
        return answer(body.encode(), status)
    done = await made(contact)
    await valkey.set(name, orjson.dumps([mark, done.status_code, bytes(done.body).decode()]), px=KEPT_MS)
    return done


async def made(contact: NewContact) -> Response:
    """Made in the CRM."""
    reply = await app.state.crm.post(CRM, content=orjson.dumps(internal(contact)))
    return one(orjson.loads(reply.content)["result"], 201)


if __name__ == "__main__":
    uvicorn.run(app, uds=os.environ["LISTEN"], loop="uvloop", http="httptools", access_log=False, log_level="warning")
