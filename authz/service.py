"""The Check call: bytes in, bytes out.

Knows no rule and no server. `check_all` is the seam: whatever server calls it, nothing but CheckResponses come out, and
no exception turns into an allow.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache, partial
from typing import NamedTuple, assert_never

from authz import cases, responses
from authz.cases import Case, Rejected
from authz.decide import Admitted, Refused, decide, refuse_token
from authz.limiter import Limiter
from authz.question import NO_TRACE, Question, Readiness, Unreadable, read_question
from authz.standing import in_good_standing
from authz.telling import Teller
from authz.tokens import FROM_THE_FUTURE, is_from_the_future
from authz.uses import Usage
from stores.buckets import Charge
from stores.revocations.held import Revocations

_ON_OTHER_PLANS = 1_024
"""Cases of businesses whose plan is not their tokens', kept beside the others."""


class Sent(NamedTuple):
    """A serialised CheckRequest, and the trace that it belongs to as W3C spells it (`traceparent`), if any is told."""

    message: bytes
    traceparent: str = ""


Give = Callable[[int, bytes], None]
"""Takes the answer to the question of that number."""
Checks = Callable[[Sequence[Sent], Give], Awaitable[None]]
"""Answers Checks that came together, each as soon as it can."""


Pending = tuple[Question, Case]
"""A Check that waits for its charge."""


class Authorizer:
    """Answers Checks; the clock gives nanoseconds since 1970."""

    def __init__(
        self,
        limiter: Limiter,
        revocations: Revocations,
        teller: Teller,
        *,
        api_url: str,
        usage: Usage | None = None,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._limiter = limiter
        self._revocations = revocations
        self._teller = teller
        self._api_url = api_url
        self._usage = usage
        self._clock = clock
        self._read = lru_cache(maxsize=cases.KEPT)(partial(cases.read_case, audience=api_url))

    async def check_all(self, checks: Sequence[Sent], give: Give) -> None:
        """Gives a serialised CheckResponse to each of several that came together. Never raises but to be cancelled.

        They are charged together, and each is decided by itself.
        """
        came_ns = self._clock()
        pending: list[tuple[int, Pending]] = []
        for number, sent in enumerate(checks):
            begun = self._begun(sent, came_ns)
            if isinstance(begun, bytes):
                give(number, begun)
            else:
                pending.append((number, begun))
        if not pending:
            return
        charges = await self._charged([one for _, one in pending])
        for (number, (asked, case)), made in zip(pending, charges, strict=True):
            give(number, self._ended(asked, case, made, came_ns))

    async def _charged(self, pending: Sequence[Pending]) -> Sequence[Charge | None]:
        try:
            return await self._limiter.charge([case.ask for _, case in pending])
        except Exception:
            for asked, _ in pending:
                self._teller.unhandled(asked.trace_id, asked.traceparent)
            return [None] * len(pending)

    def _begun(self, sent: Sent, came_ns: int) -> bytes | Pending:
        """The answer, where nothing has to be charged for it."""
        trace_id = NO_TRACE
        try:
            asked = read_question(*sent)
            trace_id = asked.trace_id
            begun = self._asked(asked, came_ns) if isinstance(asked, Question) else asked
            if not isinstance(begun, Unreadable):
                return begun
            self._teller.unreadable(*begun, sent.traceparent)
        except Exception:
            self._teller.unhandled(trace_id, sent.traceparent)
        return responses.internal_error(trace_id, self._api_url)

    def _asked(self, asked: Question, came_ns: int) -> bytes | Pending | Unreadable:
        case = self._read(asked.matter)
        match case:
            case Case():
                return self._looked_at(asked, case, came_ns)
            case Rejected():
                return self._rejected(asked, case, came_ns)
            case Readiness():
                return responses.ready()
            case str():
                return Unreadable(asked.trace_id, case)
        assert_never(case)

    def _looked_at(self, asked: Question, case: Case, came_ns: int) -> bytes | Pending:
        """Asked each time: whether the token still counts, and on which plan its business is."""
        caller, now_s = case.caller, came_ns // 1_000_000_000
        if is_from_the_future(caller, now_s):
            return self._rejected(asked, Rejected(case.row, FROM_THE_FUTURE), came_ns)
        standing = in_good_standing(caller, case.kid, self._revocations.current())
        if isinstance(standing, Refused):
            self._teller.tell(asked, case.row, standing, came_ns, jti=caller.jti)
            return responses.refuse(standing, asked.trace_id, self._api_url)
        if self._usage is not None:
            self._usage.note(caller, now_s)
        return asked, case if standing is caller else _for_caller(case, standing)

    def _rejected(self, asked: Question, rejected: Rejected, came_ns: int) -> bytes:
        refused = refuse_token(rejected.fault.fault)
        self._teller.tell(asked, rejected.row, refused, came_ns, member=rejected.fault.member)
        return responses.refuse(refused, asked.trace_id, self._api_url)

    def _ended(self, asked: Question, case: Case, made: Charge | None, came_ns: int) -> bytes:
        try:
            if made is not None:
                verdict = decide(case.ruling, case.caller, case.ask.cost, made)
                self._teller.tell(asked, case.row, verdict, came_ns)
                if isinstance(verdict, Admitted):
                    return responses.admit(case.introduction, verdict.spent)
                return responses.refuse(verdict, asked.trace_id, self._api_url)
        except Exception:
            self._teller.unhandled(asked.trace_id, asked.traceparent)
        return responses.internal_error(asked.trace_id, self._api_url)


_for_caller = lru_cache(maxsize=_ON_OTHER_PLANS)(cases.for_caller)
