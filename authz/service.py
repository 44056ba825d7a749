"""The Check call: bytes in, bytes out.

Knows no rule and no server. `check` is the seam: whatever server calls it, nothing but a CheckResponse comes out, and
no exception turns into an allow.
"""

import time
from collections.abc import Awaitable, Callable
from functools import lru_cache

import grpc

from authz import responses
from authz.decide import Refused, Verdict, decide, refuse_token
from authz.limiter import Limiter
from authz.question import NO_TRACE, TOKENS, Question, Readiness, Unreadable, VerifiedToken, read_question
from authz.standing import in_good_standing
from authz.telling import Teller
from authz.tokens import FROM_THE_FUTURE, NotCanonical, is_from_the_future, read_token
from authz.uses import Usage
from contract.claims import Claims
from stores.revocations.held import Revocations

Check = Callable[[bytes], Awaitable[bytes]]
Context = grpc.aio.ServicerContext[bytes, bytes]
OnCheck = Callable[[bytes, Context], Awaitable[bytes]]


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

    async def check(self, message: bytes) -> bytes:
        """The serialised CheckResponse to a serialised CheckRequest. Never raises but to be cancelled."""
        trace_id = NO_TRACE
        try:
            asked = read_question(message)
            trace_id = asked.trace_id
            match asked:
                case Readiness():
                    return responses.ready()
                case Question():
                    return responses.to_check_response(await self._verdict(asked), trace_id, self._api_url)
                case Unreadable():
                    self._teller.unreadable(trace_id, asked.why)
        except Exception:
            self._teller.unhandled(trace_id)
        return responses.internal_error(trace_id, self._api_url)

    async def _verdict(self, asked: Question) -> Verdict:
        began_ns = self._clock()
        now_s = began_ns // 1_000_000_000
        caller = _canonical(asked.token, self._api_url)
        if isinstance(caller, Claims) and is_from_the_future(caller, now_s):
            caller = FROM_THE_FUTURE
        if isinstance(caller, NotCanonical):
            verdict: Verdict = refuse_token(caller.fault)
            self._teller.tell(asked, verdict, began_ns, member=caller.member)
            return verdict
        standing = in_good_standing(caller, str(asked.token.header["kid"]), self._revocations.current())
        if isinstance(standing, Refused):
            self._teller.tell(asked, standing, began_ns, jti=caller.jti)
            return standing
        if self._usage is not None:
            self._usage.note(caller, now_s)
        made = await self._limiter.charge(standing, asked.row.cost)
        verdict = decide(asked.row, asked.allowed_methods, standing, made)
        self._teller.tell(asked, verdict, began_ns)
        return verdict


@lru_cache(maxsize=TOKENS)
def _canonical(token: VerifiedToken, audience: str) -> Claims | NotCanonical:
    """Found out once, as long as it is remembered: it is the same for a token at any time."""
    return read_token(token.header, token.payload, audience=audience)


def answering(check: Check) -> OnCheck:
    """A Check as grpc.aio hands it over."""

    async def on_check(message: bytes, _: Context) -> bytes:
        return await check(message)

    return on_check
