"""The Check call: bytes in, bytes out.

Knows no rule and no server. `check_all` is the seam: whatever server calls it, nothing but CheckResponses come out, and
no exception turns into an allow.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache, partial
from typing import NamedTuple, assert_never

from authz import check_response, decision_cache
from authz.check_request import NO_TRACE, InvalidCheck, ParsedCheck, ReadinessProbe, parse_check
from authz.decide import Admitted, Refused, decide, refuse_token
from authz.decision_cache import PreparedCheck, RejectedToken
from authz.decision_log import DecisionLog
from authz.limiter import Limiter
from authz.revocation_check import check_revocation
from authz.token_usage import TokenUsage
from authz.tokens import FROM_THE_FUTURE, is_from_the_future
from infra.stores.rate_limits import ChargeResult
from infra.stores.revocations.revocation_set import Revocations

_ON_OTHER_PLANS = 1_024
"""Cases of businesses whose plan is not their tokens', kept beside the others."""


class SerializedCheck(NamedTuple):
    """A serialised CheckRequest, and the trace that it belongs to as W3C spells it (`traceparent`), if any is told."""

    message: bytes
    traceparent: str = ""


SendResponse = Callable[[int, bytes], None]
"""Takes the answer to the question of that number."""
CheckHandler = Callable[[Sequence[SerializedCheck], SendResponse], Awaitable[None]]
"""Answers Checks that came together, each as soon as it can."""


Pending = tuple[ParsedCheck, PreparedCheck]
"""A Check that waits for its charge."""


class Authorizer:
    """Answers Checks; the clock gives nanoseconds since 1970."""

    def __init__(
        self,
        limiter: Limiter,
        revocations: Revocations,
        teller: DecisionLog,
        *,
        api_url: str,
        usage: TokenUsage | None = None,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._limiter = limiter
        self._revocations = revocations
        self._teller = teller
        self._api_url = api_url
        self._usage = usage
        self._clock = clock
        self._read = lru_cache(maxsize=decision_cache.MAX_CACHED)(
            partial(decision_cache.prepare_check, audience=api_url)
        )

    async def check_all(self, checks: Sequence[SerializedCheck], send: SendResponse) -> None:
        """Gives a serialised CheckResponse to each of several that came together. Never raises but to be cancelled.

        They are charged together, and each is decided by itself.
        """
        came_ns = self._clock()
        pending: list[tuple[int, Pending]] = []
        for number, sent in enumerate(checks):
            begun = self._start(sent, came_ns)
            if isinstance(begun, bytes):
                send(number, begun)
            else:
                pending.append((number, begun))
        if not pending:
            return
        charges = await self._charged([one for _, one in pending])
        for (number, (asked, case)), made in zip(pending, charges, strict=True):
            send(number, self._finish(asked, case, made, came_ns))

    async def _charged(self, pending: Sequence[Pending]) -> Sequence[ChargeResult | None]:
        try:
            return await self._limiter.charge([case.charge for _, case in pending])
        except Exception:
            for asked, _ in pending:
                self._teller.log_exception(asked.trace_id, asked.traceparent)
            return [None] * len(pending)

    def _start(self, sent: SerializedCheck, came_ns: int) -> bytes | Pending:
        """The answer, where nothing has to be charged for it."""
        trace_id = NO_TRACE
        try:
            asked = parse_check(*sent)
            trace_id = asked.trace_id
            begun = self._resolve(asked, came_ns) if isinstance(asked, ParsedCheck) else asked
            if not isinstance(begun, InvalidCheck):
                return begun
            self._teller.log_invalid_request(*begun, sent.traceparent)
        except Exception:
            self._teller.log_exception(trace_id, sent.traceparent)
        return check_response.internal_error_response(trace_id, self._api_url)

    def _resolve(self, asked: ParsedCheck, came_ns: int) -> bytes | Pending | InvalidCheck:
        case = self._read(asked.cache_key)
        match case:
            case PreparedCheck():
                return self._check_revocation(asked, case, came_ns)
            case RejectedToken():
                return self._rejected(asked, case, came_ns)
            case ReadinessProbe():
                return check_response.ready_response()
            case str():
                return InvalidCheck(asked.trace_id, case)
        assert_never(case)

    def _check_revocation(self, asked: ParsedCheck, case: PreparedCheck, came_ns: int) -> bytes | Pending:
        """Asked each time: whether the token still counts, and on which plan its business is."""
        caller, now_s = case.caller, came_ns // 1_000_000_000
        if is_from_the_future(caller, now_s):
            return self._rejected(asked, RejectedToken(case.operation, FROM_THE_FUTURE), came_ns)
        standing = check_revocation(caller, case.kid, self._revocations.current())
        if isinstance(standing, Refused):
            self._teller.log_decision(asked, case.operation, standing, came_ns, jti=caller.jti)
            return check_response.deny_response(standing, asked.trace_id, self._api_url)
        if self._usage is not None:
            self._usage.record(caller, now_s)
        return asked, case if standing is caller else _for_caller(case, standing)

    def _rejected(self, asked: ParsedCheck, rejected: RejectedToken, came_ns: int) -> bytes:
        refused = refuse_token(rejected.fault.fault)
        self._teller.log_decision(asked, rejected.operation, refused, came_ns, member=rejected.fault.member)
        return check_response.deny_response(refused, asked.trace_id, self._api_url)

    def _finish(self, asked: ParsedCheck, case: PreparedCheck, made: ChargeResult | None, came_ns: int) -> bytes:
        try:
            if made is not None:
                verdict = decide(case.ruling, case.caller, case.charge.cost, made)
                self._teller.log_decision(asked, case.operation, verdict, came_ns)
                if isinstance(verdict, Admitted):
                    return check_response.allow_response(case.identity, verdict.spent)
                return check_response.deny_response(verdict, asked.trace_id, self._api_url)
        except Exception:
            self._teller.log_exception(asked.trace_id, asked.traceparent)
        return check_response.internal_error_response(asked.trace_id, self._api_url)


_for_caller = lru_cache(maxsize=_ON_OTHER_PLANS)(decision_cache.with_caller)
