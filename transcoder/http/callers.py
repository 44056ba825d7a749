"""Who asks: what authz tells of the caller, read once for all requests with one token."""

from collections.abc import Callable
from functools import lru_cache, partial

import msgspec

from contract import headers, ids
from contract.claims import TokenError
from contract.ids import Codec
from contract.problems import INVALID_TOKEN
from contract.resources.shape import BUSINESS_PREFIX, USER_PREFIX
from contract.vocabulary import TenantId, TraceId, UserId
from transcoder.backend.interface import Actor
from transcoder.http.messages import Request
from transcoder.operations.call import Token
from transcoder.presentation.errors import ApiError

_TOLD = tuple(
    row.name
    for row in (  # in the order in which `_caller` takes them
        headers.BUSINESS,
        headers.SUBJECT,
        headers.PERMISSIONS,
        headers.ROLE,
        headers.SCOPES,
        headers.PLAN,
        headers.TOKEN_KIND,
        headers.CLIENT,
        headers.EXPIRES_AT,
    )
)
_AT_HAND = 1024


class Caller(msgspec.Struct, frozen=True, gc=False):
    """Who asks, as authz describes it: the same for all requests with one token."""

    tenant: TenantId
    user: UserId
    permissions: str
    role: str
    token: Token

    def actor(self, trace_id: TraceId, deadline_s: float) -> Actor:
        """On whose behalf one request's calls inwards are made."""
        return Actor(self.tenant, self.user, self.permissions, self.role, trace_id, deadline_s)


def caller_reader(codec: Codec) -> Callable[[Request], Caller]:
    """What tells the caller of a request; of those that come again and again it is worked out once.

    A token whose ids are not of this deployment is no token of ours: ApiError.
    """
    known = lru_cache(maxsize=_AT_HAND)(partial(_caller, codec))

    def caller(request: Request) -> Caller:
        told = request.headers
        return known(*[told.get(name, "") for name in _TOLD])

    return caller


def _caller(
    codec: Codec,
    business: str,
    subject: str,
    permissions: str,
    role: str,
    scopes: str,
    plan: str,
    kind: str,
    client: str,
    expires_at: str,
) -> Caller:
    tenant = codec.open_business(BUSINESS_PREFIX, business)
    if isinstance(tenant, ids.MalformedId | ids.ForeignId):
        raise _not_ours("business_id")
    user = codec.open(USER_PREFIX, tenant, subject)
    if isinstance(user, ids.MalformedId | ids.ForeignId):
        raise _not_ours("sub")
    token = Token(scopes, plan, kind, client, int(expires_at or 0), business, subject)
    return Caller(TenantId(tenant), UserId(user), permissions, role, token)


def _not_ours(claim: str) -> ApiError:
    challenge = {headers.WWW_AUTHENTICATE: headers.CHALLENGE_INVALID_TOKEN}
    fault = TokenError.MALFORMED
    return ApiError(INVALID_TOKEN, fault.detail, headers=challenge, cause=f"{claim} does not open", reason=fault.value)
