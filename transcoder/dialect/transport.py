"""One call to the CRM and its envelope back: paths, headers, JSON. Knows no resource and nothing of what is refused."""

import msgspec

from contract import problems
from contract.vocabulary import Json
from transcoder.backend.interface import Actor
from transcoder.backend.upstream import Upstream
from transcoder.dialect.conversions import UnreadableResponse
from transcoder.dialect.envelope import Envelope, ReadEnvelope, read_envelope
from transcoder.presentation.errors import ApiError

TRACE_HEADER = "X-Trace-Id"
DEADLINE_HEADER = "X-Deadline-Ms"
USER_HEADER = "X-Actor-User-Id"
PERMISSIONS_HEADER = "X-Actor-Permissions"
_DRY = "dry_run/"

_encode = msgspec.json.Encoder(decimal_format="number").encode


class CrmRequest(msgspec.Struct, frozen=True, gc=False):
    """A call under the business. `writes`: it may leave something behind, so that its outcome can be unknown; `read`
    reads its answer.
    """

    method: str
    path: str
    body: Json = None
    writes: bool = False
    read: ReadEnvelope = read_envelope

    def as_dry_run(self) -> "CrmRequest":
        """The same, only as if: a call of its own."""
        return CrmRequest(self.method, _DRY + self.path, self.body, read=self.read)


class Transport:
    """Sends calls on an actor's behalf."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    async def send(self, ask: CrmRequest, actor: Actor) -> Envelope:
        """The envelope of the answer; raises ApiError as `Upstream.send` does, and for what is no envelope."""
        headers = {
            USER_HEADER: str(actor.user),
            PERMISSIONS_HEADER: actor.permissions,
            TRACE_HEADER: actor.trace_id,
        }
        reply = await self._upstream.send(
            ask.method,
            f"/internal/v2/businesses/{actor.tenant}/{ask.path}",
            headers,
            None if ask.body is None else _encode(ask.body),
            deadline_s=actor.deadline_s,
            deadline_header=DEADLINE_HEADER,
            writes=ask.writes,
        )
        try:
            if reply.status != 200:
                raise UnreadableResponse(f"status {reply.status}")
            return ask.read(reply.body)
        except UnreadableResponse as fault:
            raise unusable_response(ask, str(fault)) from None


class reading_response:  # noqa: N801 (a context manager, and one that costs little)
    """In it, an answer that cannot be read is a 502 and never passed on; of a write nobody knows what became."""

    __slots__ = ("_ask",)

    def __init__(self, ask: CrmRequest) -> None:
        self._ask = ask

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, fault: BaseException | None, __: object) -> None:
        if isinstance(fault, UnreadableResponse):
            raise unusable_response(self._ask, str(fault)) from None


def unusable_response(ask: CrmRequest, cause: str) -> ApiError:
    """What is said of such an answer."""
    outcome = "unknown" if ask.writes else "not-applied"
    return ApiError(problems.UPSTREAM_INVALID, outcome=outcome, cause=cause)
