"""What would be decided of claims and an operation, and why; by the one function that decides. Asks nobody."""

from contract.decisions import decision, required_permission, required_scopes, roles_that_may
from contract.explain import EXPLAIN_FIELDS
from contract.operations import BY_ID
from contract.roles import ROLES
from transcoder.bodies import judged, valid
from transcoder.call import Answer, Call
from transcoder.handlers.shared import Desk
from transcoder.records import Values
from transcoder.to_public import encode
from transcoder.validate import action_values


def check(call: Call) -> Values:
    """The claims and the operation."""
    return valid(judged(call, call.body, lambda body: action_values(EXPLAIN_FIELDS, body, call.around)))


async def run(_: Desk, call: Call, asked: Values) -> Answer:
    """200 with the decision. Token state, limits and whose a record is are no part of it."""
    row, scopes, claimed = BY_ID[asked["operation"]], frozenset(asked["scopes"]), asked.get("permissions")
    made = decision(row, ROLES[asked["role"]], None if claimed is None else frozenset(claimed), scopes)
    explained = {
        "decision": "allow" if made.rule is None else "deny",
        "rule": None if made.rule is None else made.rule.code,
        "reason": made.reason,
        "required_scopes": required_scopes(row),
        "granted_scopes": sorted(scopes),
        "required_permission": required_permission(row),
        "roles_that_may": [role.word for role in roles_that_may(row)],
    }
    return Answer(call.operation.success, encode({"data": explained}))
