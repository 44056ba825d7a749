"""The way of every request: the contract's order of checks, once for all operations.

A handler of a kind fills in only what is its own (`handlers`), so that it cannot forget version, limits, idempotency or
the problem renderer. Route and identity are what the edge and authz wrote.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from email.utils import formatdate
from functools import partial
from typing import Any

from msgspec import structs
from structlog.typing import FilteringBoundLogger

from contract import headers
from contract.ids import Codec
from contract.operations import BY_ID
from contract.problems import INTERNAL_ERROR, INVALID_PARAMETER, MALFORMED_REQUEST, Problem, problem_members
from contract.size_and_time_limits import JSON_MEDIA_TYPE, MAX_ERRORS, PROBLEM_MEDIA_TYPE, REQUEST_TIMEOUT_S
from contract.versions import LATEST_VERSION, Version, requested_version, supported_versions
from contract.vocabulary import Json
from infra.process.logs import LogLine
from infra.stores.receipts import ReceiptQueue
from transcoder.backend.interface import Actor
from transcoder.backend.upstream import start_timing, upstream_ms
from transcoder.fairness.tenant_concurrency import TenantConcurrency
from transcoder.http import media_types, request_reader
from transcoder.http.callers import caller_reader
from transcoder.http.messages import Body, Request, Response
from transcoder.http.parameters import ParameterContext, pairs_of, parse_parameters, unknown_parameter
from transcoder.metrics import NO_OPERATION, TranscoderMetrics
from transcoder.operations import versions
from transcoder.operations.call import Answer, Call, Token
from transcoder.operations.capability_checks import check_operation_supported, check_supported
from transcoder.operations.context import HandlerContext
from transcoder.operations.dangling_references import as_dry_run, only_dangling, takes_precedence
from transcoder.operations.idempotency import IdempotentRunner
from transcoder.operations.operation_table import OperationEntry, operation_table
from transcoder.operations.receipts import make_receipt
from transcoder.presentation.errors import ApiError, ErrorCollector
from transcoder.presentation.etags import Precondition, parse_precondition
from transcoder.presentation.to_public import encode
from transcoder.validation.values import KnownDefinitions, ValidationContext

_OUR_FAULT = 500
_OPEN = frozenset(row.id for row in BY_ID.values() if row.is_public)
"""Of an answer to nobody in particular there is no receipt to point at."""
_VERSION, _CONTENT_TYPE, _CONTENT_ENCODING, _ACCEPT, _IF_MATCH, _IF_NONE_MATCH = (
    row.name
    for row in (
        headers.VERSION,
        headers.CONTENT_TYPE,
        headers.CONTENT_ENCODING,
        headers.ACCEPT,
        headers.IF_MATCH,
        headers.IF_NONE_MATCH,
    )
)
_VERSION_TITLE, _CONTENT_TYPE_TITLE = headers.VERSION.title, headers.CONTENT_TYPE.title


class Pipeline:
    """Answers requests. Built once; what can be laid out per operation is laid out before the first of them."""

    def __init__(
        self,
        desk: HandlerContext,
        codec: Codec,
        once: IdempotentRunner,
        outbox: ReceiptQueue,
        log: FilteringBoundLogger,
        tally: TranscoderMetrics | None = None,
        note: Callable[[Mapping[str, Json]], None] | None = None,
        say: LogLine | None = None,
    ) -> None:
        self._desk = desk
        self._codec = codec
        self._once = once
        self._outbox = outbox
        self._log = log
        self._say = say or log.info
        self._tally = tally or TranscoderMetrics()
        self._note = note
        self._shares = TenantConcurrency()
        self._plans = operation_table(desk.records)
        self._caller = caller_reader(codec)

    async def answer(self, request: Request) -> Response:
        """The response to a request, whatever happens on the way."""
        started_s = time.monotonic()
        self._tally.in_flight += 1
        start_timing()
        trace_id = request_reader.trace_id(request)
        notes: dict[str, Json] = {"trace_id": trace_id}
        version: Version | None = None
        try:
            operation_id = request_reader.operation_id(request)
            plan = self._plans.get(operation_id)
            if plan is None:
                answer = _open(operation_id, request, notes)
            else:
                texts = request_reader.path_ids(request, plan)
                notes["operation"] = operation_id
                deadline_s = asyncio.get_running_loop().time() + REQUEST_TIMEOUT_S
                caller = self._caller(request)
                actor = caller.actor(trace_id, deadline_s)
                notes["business"] = business = caller.token.business
                notes["subject"] = caller.token.subject
                version = _version(request)
                self._shares.acquire(business)
                try:
                    answer = await self._call(request, plan, texts, caller.token, actor, version)
                finally:
                    self._shares.release(business)
        except ApiError as error:
            answer = self._refused(error, notes)
        except Exception:
            self._log.exception("unhandled", **notes)
            answer = self._refused(ApiError(INTERNAL_ERROR), notes)
        finally:
            self._tally.in_flight -= 1
        self._tell(notes, answer, started_s)
        return _response(answer, version, self._desk.api_url)

    def _tell(self, notes: dict[str, Json], answer: Answer, started_s: float) -> None:
        """A line in the log and, once its caller is known, a receipt."""
        took_s = time.monotonic() - started_s
        self._tally.record_request(notes.get("operation", NO_OPERATION), answer.status, took_s)
        notes["status"] = answer.status
        notes["duration_ms"] = round(took_s * 1000, 1)
        notes["upstream_duration_ms"] = upstream_ms()
        # What an internal service or we ourselves did wrong is for us to hear of, never the caller's fault.
        (self._log.error if answer.status >= _OUR_FAULT else self._say)("request", **notes)
        if self._note is not None:
            self._note(notes)
        if "business" in notes:
            receipt = make_receipt(notes, notes["subject"], answer, time.time_ns() // 1_000_000)
            self._outbox.put(notes["business"], receipt)

    async def _call(
        self, request: Request, plan: OperationEntry, texts: list[str], token: Token, actor: Actor, version: Version
    ) -> Answer:
        check_operation_supported(plan.capabilities, plan.operation)
        came = request.body
        body = _without_a_body(request, plan) if came is None else await _body(request, came, plan, actor.deadline_s)
        call = self._head(request, plan, texts, token, actor, version, body)
        try:
            work = await self._worked_out(plan, call)
        except ApiError as dead:
            if not only_dangling(dead.errors) or not plan.capabilities.dry_run:
                raise
            return await self._once.run(call, partial(self._refused_in_turn, plan, call, dead))
        if call.idempotency_key is None:
            return await plan.handler.run(self._desk, call, work)
        return await self._once.run(call, partial(plan.handler.run, self._desk, call, work))

    async def _worked_out(self, plan: OperationEntry, call: Call) -> Any:
        """What the handler works with: a good body, and nothing that the internal services lack."""
        check = plan.handler.check
        if check is None:
            work: Any = {}
        elif plan.custom and _speaks_of_custom_fields(call.body):
            work = await self._checked(check, call)
        else:
            work = check(call)
        check_supported(plan.capabilities, call, work)
        return work

    async def _refused_in_turn(self, plan: OperationEntry, call: Call, dead: ApiError) -> Answer:
        tried = as_dry_run(call)
        try:
            await plan.handler.run(self._desk, tried, await self._worked_out(plan, tried))
        except ApiError as refusal:
            if takes_precedence(refusal.problem):
                raise
        raise dead

    async def _checked(self, check: Callable[[Call], Any], call: Call) -> Any:
        """The body. Custom fields are judged by definitions a few seconds old; what those lack is looked up afresh."""
        resource = call.operation.resource
        for fresh in (False, True):
            known = KnownDefinitions(await self._desk.records.definitions(resource, call.actor, fresh=fresh))
            again = structs.replace(call, around=structs.replace(call.around, definitions=known))
            try:
                work = check(again)
            except ApiError:
                if fresh or not known.missed:
                    raise
            else:
                if fresh or not known.missed:
                    return work
        raise AssertionError("the second time is the last")

    def _head(
        self,
        request: Request,
        plan: OperationEntry,
        texts: list[str],
        token: Token,
        actor: Actor,
        version: Version,
        body: Json,
    ) -> Call:
        """Path, query and headers, the faults of all of them at once. What is not there is not read."""
        tenant, query, codec = actor.tenant, request.query, self._codec
        around = ValidationContext(
            time.time_ns() // 1_000_000, lambda prefix, text: codec.open(prefix, tenant, text), KnownDefinitions({})
        )
        translation = plan.translations[version.date]
        together = ErrorCollector()
        numbers = [
            together.read(request_reader.record_number, resource, text, codec, tenant)
            for resource, text in zip(plan.resources, texts, strict=True)
        ]
        parameters = plan.without_a_query
        if query or parameters is None:
            asked = ParameterContext(plan.operation, around, translation)
            pairs = pairs_of(query)
            parameters = together.read(parse_parameters, plan.readers, pairs, asked)
        call = Call(
            operation=plan.operation,
            version=version,
            translation=translation,
            actor=actor,
            token=token,
            path=request.path,
            query=query,
            parent=numbers[0] if plan.has_parent else None,
            number=numbers[-1] if len(numbers) > plan.has_parent else None,
            parameters=parameters,
            body=body,
            if_match=_precondition(request, _IF_MATCH, headers.IF_MATCH, together),
            if_none_match=_precondition(request, _IF_NONE_MATCH, headers.IF_NONE_MATCH, together),
            idempotency_key=together.read(request_reader.idempotency_key, request),
            around=around,
        )
        together.finish()
        return call

    def _refused(self, error: ApiError, notes: dict[str, Json]) -> Answer:
        problem = error.problem
        notes["code"] = problem.code
        if error.cause is not None:
            notes["cause"] = error.cause
        told = problem_members(
            problem,
            api_url=self._desk.api_url,
            trace_id=notes["trace_id"],
            detail=error.detail,
            with_instance=notes.get("operation") not in _OPEN,
            errors=None if error.errors is None else error.errors[:MAX_ERRORS],
            outcome=error.outcome,
            **error.members,
        )
        # The bytes of `render`, which the other mouths speak with, by an encoder that takes an eighth of its time.
        return Answer(problem.status, encode(told), {**_retry_after(problem), **error.headers})


def _retry_after(problem: Problem) -> dict[str, str]:
    return {} if problem.retry_after_s is None else {headers.RETRY_AFTER: str(problem.retry_after_s)}


def _open(operation_id: str, request: Request, notes: dict[str, Json]) -> Answer:
    operation = BY_ID.get(operation_id)
    if operation is None:
        raise ApiError(INTERNAL_ERROR, outcome="not-applied", cause="the edge named no operation")
    notes["operation"] = operation_id
    # It takes none at all. What is beyond the bound would not be shown.
    errors = [unknown_parameter(name, ()) for name, _ in pairs_of(request.query)[:MAX_ERRORS]]
    if errors:
        raise ApiError(INVALID_PARAMETER, errors=errors)
    return versions.answer(int(time.time()))


def _speaks_of_custom_fields(body: Json) -> bool:
    """Whether anything in a body could be about custom fields; a look at its members, not a judgement."""
    if isinstance(body, dict):
        return "custom_fields" in body or any(map(_speaks_of_custom_fields, body.values()))
    if isinstance(body, list):
        return any(map(_speaks_of_custom_fields, body))
    return isinstance(body, str) and body.startswith("custom_fields.")


def _version(request: Request) -> Version:
    now_s = int(time.time())
    wanted = requested_version(request.headers.get(_VERSION), now_s)
    if isinstance(wanted, Problem):
        raise ApiError(wanted, supported_versions=list(supported_versions(now_s)), latest_version=LATEST_VERSION.date)
    return wanted


async def _body(request: Request, body: Body, plan: OperationEntry, deadline_s: float) -> Json:
    """Media types and size, then syntax."""
    begun = await request_reader.read_first_chunk(body, deadline_s)
    if begun is None:
        return _without_a_body(request, plan)
    told = request.headers
    media_types.check_content(plan.operation.method, told.get(_CONTENT_TYPE), told.get(_CONTENT_ENCODING))
    media_types.check_accept(told.get(_ACCEPT))
    raw = await request_reader.read_body(body, begun, deadline_s, plan.max_body_bytes)
    return _parsed(raw, plan)


def _without_a_body(request: Request, plan: OperationEntry) -> Json:
    media_types.check_accept(request.headers.get(_ACCEPT))
    return _parsed(b"", plan)


def _parsed(raw: bytes, plan: OperationEntry) -> Json:
    if plan.handler.check is not None:
        # `null` is a body, and no object.
        return request_reader.parse_body(raw) if raw or not plan.handler.may_lack_body else {}
    if raw:
        raise ApiError(MALFORMED_REQUEST, "This operation takes no body.", reason="unexpected-body")
    return None


def _precondition(request: Request, name: str, header: headers.Header, together: ErrorCollector) -> Precondition | None:
    text = request.headers.get(name)
    return None if text is None else together.read(parse_precondition, header, text)


def _warnings(version: Version, api_url: str) -> dict[str, str]:
    """What a deprecated version's answers say (RFC 9745, RFC 8594)."""
    if version.deprecated_at_s is None or not version.is_deprecated(int(time.time())):
        return {}
    told = {
        headers.DEPRECATION: f"@{version.deprecated_at_s}",
        headers.LINK: f'<{api_url}/v1/versions>; rel="deprecation"',
    }
    if version.sunset_at_s is not None:
        told[headers.SUNSET] = formatdate(version.sunset_at_s, usegmt=True)
    return told


def _response(answer: Answer, version: Version | None, api_url: str) -> Response:
    sent = dict(answer.headers)
    if version is not None:
        sent[_VERSION_TITLE] = version.date
        for name, value in _warnings(version, api_url).items():
            sent[name] = f"{sent[name]}, {value}" if name in sent else value
    if answer.body is not None:
        sent[_CONTENT_TYPE_TITLE] = JSON_MEDIA_TYPE if answer.status < 400 else PROBLEM_MEDIA_TYPE
    return Response(answer.status, sent, answer.body)
