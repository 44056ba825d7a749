"""What would be decided of claims and an operation, and why; by the one function that decides. Asks nobody."""

from contract.authorization import allowed_roles, authorize, required_permission, required_scopes
from contract.explain_request import EXPLAIN_FIELDS
from contract.operations import BY_ID
from contract.roles import ROLES
from transcoder.backend.interface import Values
from transcoder.operations.call import Answer, Call
from transcoder.operations.context import HandlerContext
from transcoder.operations.request_body import require_valid, validated
from transcoder.presentation.to_public import encode
from transcoder.validation.bodies import validate_action


def check(call: Call) -> Values:
    """The claims and the operation."""
    return require_valid(validated(call, call.body, lambda body: validate_action(EXPLAIN_FIELDS, body, call.around)))


async def run(_: HandlerContext, call: Call, asked: Values) -> Answer:
    """200 with the decision. Token state, limits and whose a record is are no part of it."""
    row, scopes, claimed = BY_ID[asked["operation"]], frozenset(asked["scopes"]), asked.get("permissions")
    made = authorize(row, ROLES[asked["role"]], None if claimed is None else frozenset(claimed), scopes)
    explained = {
        "decision": "allow" if made.problem is None else "deny",
        "rule": None if made.problem is None else made.problem.code,
        "reason": made.reason,
        "required_scopes": required_scopes(row),
        "granted_scopes": sorted(scopes),
        "required_permission": required_permission(row),
        "roles_that_may": [role.word for role in allowed_roles(row)],
    }
    return Answer(call.operation.success_status, encode({"data": explained}))
