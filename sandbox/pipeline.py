"""What every call goes through: log, answer, arrival, running keys, faults.

Owns the rendering of answers and refusals and the order of these phases. It must not know what a call does.
"""

import time
from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web

from sandbox.calls import TRACE, read_deadline
from sandbox.database import Deadline
from sandbox.dedupe import Running
from sandbox.faults import Faults
from sandbox.logs import LOG, since_ms
from sandbox.refusals import Code, Refusal, RefusedError, UnreadableError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

BUSINESSES_PATH = "/internal/v2/businesses/"
BODY = web.RequestKey("BODY", object)
DEADLINE = web.RequestKey("DEADLINE", Deadline)
NO = web.RequestKey("NO", Refusal)
WHY = web.RequestKey("WHY", str)
RUNNING = web.AppKey("RUNNING", Running)
FAULTS = web.AppKey("FAULTS", Faults)


def _json(content: object, *, status: int = 200) -> web.Response:
    return web.Response(status=status, body=msgspec.json.encode(content), content_type="application/json")


def ok(result: object, **beside: object) -> web.Response:
    """The answer to a call that was carried out."""
    return _json({"ok": True, "result": result, **beside})


def _no(refusal: Refusal) -> web.Response:
    rule = refusal.rule.value if refusal.rule else None
    told = {"error_code": refusal.code.value, "field": refusal.field, "rule": rule, "message": refusal.message}
    return _json({"ok": False, **told, **refusal.more})


@web.middleware
async def logged(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A line a call, when it is over."""
    started_s = time.perf_counter()
    response = await handler(request)
    refusal = request.get(NO)
    fields = {
        "trace_id": request.headers.get(TRACE),
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
        return _no(refused.refusal)
    except UnreadableError as unreadable:
        request[WHY] = unreadable.message
        return _json({"message": unreadable.message}, status=unreadable.status)
    except web.HTTPException as reply:
        return _json({"message": reply.reason}, status=reply.status)
    except Exception:
        LOG.exception("unhandled", extra={"fields": {"trace_id": request.headers.get(TRACE)}})
        request[NO] = Refusal(Code.INTERNAL, "unhandled")
        return _no(request[NO])


@web.middleware
async def arrived(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Deadline and body are read once; nobody works for a caller who has gone."""
    request[DEADLINE] = read_deadline(request.headers)
    if request[DEADLINE].has_passed:
        raise RefusedError(Refusal(Code.BUSY, "the deadline had passed on arrival"))
    if request.method in ("POST", "PUT"):
        try:
            request[BODY] = msgspec.json.decode(await request.read())
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise UnreadableError(f"the body is not JSON: {error}") from error
    return await handler(request)


@web.middleware
async def running(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The keys of calls under way, from arrival to answer, delays included."""
    match request.get(BODY):
        case {"dedupe_key": str(key)} if "business_id" in request.match_info:
            with request.app[RUNNING].during(int(request.match_info["business_id"]), key):
                return await handler(request)
    return await handler(request)


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
