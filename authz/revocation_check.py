"""Whether a token may still be used, and on which plan: what is asked of every request before its charge.

Pure. Knows what is revoked; not how that came here.
"""

from dataclasses import replace

from authz.decide import Refused, refuse_token
from contract.claims import Claims, TokenError
from contract.failure_modes import REVOCATIONS_UNAVAILABLE
from contract.problems import BUSINESS_SUSPENDED
from infra.stores.revocations.revocation_set import RevocationSet


def check_revocation(caller: Claims, kid: str, held: RevocationSet | None) -> Claims | Refused:
    """The caller, on the plan that its business has now; or why not.

    `kid` names the key that signed the token: the edge may have verified it before that key was withdrawn. `held` is
    None when nobody can say.
    """
    if held is None:
        return Refused(REVOCATIONS_UNAVAILABLE.problem, caller)
    if held.is_clear(caller, kid):
        return caller
    if held.is_revoked(caller) or held.is_key_revoked(kid):
        return refuse_token(TokenError.REVOKED)
    if held.is_suspended(caller.business):
        return Refused(BUSINESS_SUSPENDED, caller)
    plan = held.plan_of(caller.business)
    return caller if plan is None else replace(caller, plan=plan)
