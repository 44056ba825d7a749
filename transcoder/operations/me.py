"""Who the token is: its business and its user, what it may do and what it may spend."""

from contract.rate_plans import PLANS
from contract.resources.shape import BUSINESS_PREFIX, USER_PREFIX
from contract.vocabulary import Json
from transcoder.backend.interface import Refusal, Values
from transcoder.operations.call import Answer, Call
from transcoder.operations.context import HandlerContext
from transcoder.presentation.errors import ApiError
from transcoder.presentation.to_public import encode, instant_text


async def run(desk: HandlerContext, call: Call, _: Values) -> Answer:
    """200 with the caller as the internal service and the token tell of it."""
    profile = await desk.records.profile(call.actor)
    if isinstance(profile, Refusal):
        raise ApiError(profile.problem, outcome=profile.outcome, cause=profile.cause, **profile.members)
    codec, tenant, token = desk.presenters.codec, call.actor.tenant, call.token
    permissions = call.actor.permissions.split()
    business, user = profile.business.get, profile.user.get
    body: dict[str, Json] = {
        "business": {
            "id": codec.seal_business(BUSINESS_PREFIX, tenant),
            "name": business("name"),
            "plan": token.plan,
            "default_currency": business("default_currency"),
            "time_zone": business("time_zone"),
        },
        "user": {
            "id": codec.seal(USER_PREFIX, tenant, call.actor.user),
            "full_name": user("full_name"),
            "email": user("email"),
            "role": call.actor.role,
            "time_zone": user("time_zone"),
        },
        "permissions": sorted(permissions),
        "token": {
            "kind": token.kind,
            "client_id": token.client,
            "scopes": sorted(set(token.scopes.split()) & set(permissions)),
            "expires_at": instant_text(token.expires_at_s * 1000),
        },
        "limits": {
            policy.name: {"limit": policy.limit, "window_seconds": policy.window_s}
            for policy in PLANS[token.plan].policies
        },
    }
    return Answer(call.operation.success_status, encode({"data": body}))
