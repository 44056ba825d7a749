"""The way of every request: the contract's order of checks, once for all operations.

A handler of a kind fills in only what is its own (`handlers`), so that it cannot forget version, limits, idempotency or
the problem renderer. Route and identity are what the edge and authz wrote.
"""

import asyncio
import time
from collections.abc import Mapping

from aiohttp import web
from structlog.typing import FilteringBoundLogger

from contract import headers
from contract.bounds import JSON_MEDIA_TYPE, MAX_ERRORS, PROBLEM_MEDIA_TYPE, REQUEST_TIMEOUT_S
from contract.ids import IdCodec
from contract.operations import OPERATIONS, Operation
from contract.problems import INTERNAL_ERROR, MALFORMED_REQUEST, Problem, render
from contract.versions import LATEST_VERSION, SUPPORTED_DATES, Version, requested_version
from contract.vocabulary import Json, Method
from transcoder import media, requests
from transcoder.call import Answer, Call
from transcoder.errors import AllAtOnce, ApiError
from transcoder.etags import Precondition, read_precondition
from transcoder.handlers import HANDLERS, Handler
from transcoder.handlers.shared import Desk
from transcoder.idempotency import Once
from transcoder.parameters import Read, read_parameters, readers
from transcoder.records import Actor
from transcoder.values import Surroundings

_OUR_FAULT = 500


class Pipeline:
    """Answers requests. Built once; what can be laid out per operation is laid out here."""

    def __init__(self, desk: Desk, codec: IdCodec, once: Once, log: FilteringBoundLogger) -> None:
        self._desk = desk
        self._codec = codec
        self._once = once
        self._log = log
        self._readers: Mapping[str, Mapping[str, Read]] = {row.id: readers(row) for row in OPERATIONS}

    async def answer(self, request: web.Request) -> web.Response:
        """The response to a request, whatever happens on the way."""
        started_s = time.monotonic()
        notes: dict[str, Json] = {"trace_id": requests.trace_id(request)}
        version: Version | None = None
        try:
            route = requests.route(request)
            notes["operation"] = route.operation.id
            deadline_s = asyncio.get_running_loop().time() + REQUEST_TIMEOUT_S
            actor = requests.actor(request, self._codec, deadline_s)
            notes["business"] = request.headers[headers.BUSINESS.name]
            version = _version(request)
            answer = await self._call(request, route.operation, route.id_text, actor, version)
        except ApiError as error:
            answer = self._refused(error, notes)
        except Exception:
            self._log.exception("unhandled", **notes)
            answer = self._refused(ApiError(INTERNAL_ERROR), notes)
        notes["status"] = answer.status
        notes["duration_ms"] = round((time.monotonic() - started_s) * 1000, 1)
        # What an internal service or we ourselves did wrong is for us to hear of, never the caller's fault.
        (self._log.error if answer.status >= _OUR_FAULT else self._log.info)("request", **notes)
        return _response(answer, version)

    async def _call(
        self, request: web.Request, operation: Operation, id_text: str | None, actor: Actor, version: Version
    ) -> Answer:
        handler = HANDLERS[operation.kind]
        body = await _body(request, operation.method, handler, actor.deadline_s)
        around = Surroundings(
            time.time_ns() // 1_000_000, lambda prefix, text: self._codec.open(prefix, actor.tenant, text)
        )
        call = self._head(request, operation, id_text, actor, version, body, around)
        values = {} if handler.check is None else handler.check(call)
        return await self._once.run(call, lambda: handler.run(self._desk, call, values))

    def _head(
        self,
        request: web.Request,
        operation: Operation,
        id_text: str | None,
        actor: Actor,
        version: Version,
        body: Json,
        around: Surroundings,
    ) -> Call:
        """Check 12: path, query and headers, the faults of all of them at once."""
        query = list(request.rel_url.query.items())
        together = AllAtOnce()
        call = Call(
            operation=operation,
            version=version,
            actor=actor,
            path=request.rel_url.raw_path,
            query=request.rel_url.raw_query_string,
            number=together.read(lambda: requests.record_number(operation, id_text, self._codec, actor.tenant)),
            parameters=together.read(lambda: read_parameters(operation, self._readers[operation.id], query, around)),
            body=body,
            if_match=together.read(lambda: _precondition(request, headers.IF_MATCH)),
            if_none_match=together.read(lambda: _precondition(request, headers.IF_NONE_MATCH)),
            idempotency_key=together.read(lambda: requests.idempotency_key(request)),
            around=around,
        )
        together.finish()
        return call

    def _refused(self, error: ApiError, notes: dict[str, Json]) -> Answer:
        problem = error.problem
        notes["code"] = problem.code
        if error.cause is not None:
            notes["cause"] = error.cause
        body = render(
            problem,
            api_url=self._desk.api_url,
            trace_id=notes["trace_id"],
            detail=error.detail,
            errors=None if error.errors is None else error.errors[:MAX_ERRORS],
            outcome=error.outcome,
            **error.members,
        )
        return Answer(problem.status, body, {**_retry_after(problem), **error.headers})


def _retry_after(problem: Problem) -> dict[str, str]:
    return {} if problem.retry_after_s is None else {headers.RETRY_AFTER: str(problem.retry_after_s)}


def _version(request: web.Request) -> Version:
    wanted = requested_version(_joined(request, headers.VERSION.name))
    if isinstance(wanted, Problem):
        raise ApiError(wanted, supported_versions=list(SUPPORTED_DATES), latest_version=LATEST_VERSION.date)
    return wanted


async def _body(request: web.Request, method: Method, handler: Handler, deadline_s: float) -> Json:
    """Checks 10 and 11: media types and size, then syntax."""
    begun = await requests.body_begins(request, deadline_s)
    if begun is not None:
        media.check_content(
            method,
            _joined(request, headers.CONTENT_TYPE.name),
            _joined(request, headers.CONTENT_ENCODING.name),
        )
    media.check_accept(_joined(request, headers.ACCEPT.name))
    raw = b"" if begun is None else await requests.read_body(request, begun, deadline_s)
    if handler.check is not None:
        return requests.parse_body(raw)
    if raw:
        raise ApiError(MALFORMED_REQUEST, "This operation takes no body.", reason="unexpected-body")
    return None


def _precondition(request: web.Request, header: headers.Header) -> Precondition | None:
    return read_precondition(header, _joined(request, header.name))


def _joined(request: web.Request, name: str) -> str | None:
    # Several lines of one field are one list (RFC 9110 §5.3).
    values = request.headers.getall(name, [])
    return ", ".join(values) if values else None


def _response(answer: Answer, version: Version | None) -> web.Response:
    sent = dict(answer.headers)
    if version is not None:
        sent[headers.VERSION.title] = version.date
    if answer.body is not None:
        sent[headers.CONTENT_TYPE.title] = JSON_MEDIA_TYPE if answer.status < 400 else PROBLEM_MEDIA_TYPE
    return web.Response(status=answer.status, body=answer.body, headers=sent)
