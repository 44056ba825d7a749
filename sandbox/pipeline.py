"""What every call goes through: log, answer, arrival, running keys, faults.

Owns the rendering of answers and refusals and the order of these phases. It must not know what a call does.
"""

import contextlib
import time
from collections.abc import Awaitable, Callable, Iterator

import msgspec
from aiohttp import web

from sandbox.caller_context import TRACE, read_deadline
from sandbox.codec import read_json, write_json
from sandbox.database import Deadline
from sandbox.faults import Faults
from sandbox.idempotency import CallsInFlight
from sandbox.logs import LOG, since_ms
from sandbox.refusals import Code, Refusal, RefusedError, UnreadableError
from sandbox.traces import trace_of

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

BUSINESSES_PATH = "/internal/v2/businesses/"
BODY = web.RequestKey("BODY", object)
DEADLINE = web.RequestKey("DEADLINE", Deadline)
NO = web.RequestKey("NO", Refusal)
WHY = web.RequestKey("WHY", str)
RUNNING = web.AppKey("RUNNING", CallsInFlight)
FAULTS = web.AppKey("FAULTS", Faults)


def _json(content: object, *, status: int = 200) -> web.Response:
    return web.Response(status=status, body=write_json(content), content_type="application/json")


def ok(result: object, **beside: object) -> web.Response:
    """The answer to a call that was carried out."""
    return _json({"ok": True, "result": result, **beside})


def no_answer(refusal: Refusal) -> dict[str, object]:
    """The answer to a call that was refused."""
    rule = refusal.rule.value if refusal.rule else None
    told = {"error_code": refusal.code.value, "field": refusal.field, "rule": rule, "message": refusal.message}
    return {"ok": False, **told, **refusal.more}


@web.middleware
async def logged(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A line a call, when it is over."""
    started_s = time.perf_counter()
    response = await handler(request)
    refusal = request.get(NO)
    fields = {
        "trace_id": request.headers.get(TRACE),
        "w3c_trace_id": trace_of(request),
        "business_id": request.match_info.get("business_id"),
        "method": request.method,
        "path": request.path,
        "status": response.status,
        "error_code": refusal.code.value if refusal else None,
        "message": refusal.message if refusal else request.get(WHY),
        "duration_ms": since_ms(started_s),
    }
    LOG.info("request", extra={"fields": {name: value for name, value in fields.items() if value is not None}})
    return response


@web.middleware
async def answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever is raised becomes an answer, here and nowhere else."""
    try:
        return await handler(request)
    except RefusedError as refused:
        request[NO] = refused.refusal
        return _json(no_answer(refused.refusal))
    except UnreadableError as unreadable:
        request[WHY] = unreadable.message
        return _json({"message": unreadable.message}, status=unreadable.status)
    except web.HTTPException as reply:
        return _json({"message": reply.reason}, status=reply.status)
    except Exception:
        LOG.exception("unhandled", extra={"fields": {"trace_id": request.headers.get(TRACE)}})
        request[NO] = Refusal(Code.INTERNAL, "unhandled")
        return _json(no_answer(request[NO]))


@web.middleware
async def arrived(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Deadline and body are read once; nobody works for a caller who has gone."""
    request[DEADLINE] = read_deadline(request.headers)
    if request[DEADLINE].has_passed:
        raise RefusedError(Refusal(Code.BUSY, "the deadline had passed on arrival"))
    if request.method in ("POST", "PUT"):
        try:
            content = await request.read()
            if content:
                request[BODY] = read_json(content)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise UnreadableError(f"the body is not JSON: {error}") from error
    return await handler(request)


@web.middleware
async def running(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The keys of calls under way, from arrival to answer, delays included."""
    keys = list(_keys(request.get(BODY)))
    if not keys or "business_id" not in request.match_info:
        return await handler(request)
    with contextlib.ExitStack() as counted:
        for key in keys:
            counted.enter_context(request.app[RUNNING].during(int(request.match_info["business_id"]), key))
        return await handler(request)


def _keys(body: object) -> Iterator[str]:
    """The keys of a write, or of the items of a bulk call."""
    match body:
        case {"dedupe_key": str(key)}:
            yield key
        case {"items": [*items]}:
            for item in items:
                yield from _keys(item)


@web.middleware
async def faulted(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The fault that is set strikes before the call is carried out, or after its commit."""
    fault = request.app[FAULTS].due(request) if request.path.startswith(BUSINESSES_PATH) else None
    if fault is None:
        return await handler(request)
    if fault.after_commit:
        response = await handler(request)
        return await fault.strike(request) or response
    return await fault.strike(request) or await handler(request)


PHASES = (logged, answered, arrived, running, faulted)
