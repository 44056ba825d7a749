"""One decision: total over every operation and role, as a second model has it, and the same wherever it is asked."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apidocs.permissions import permissions_page
from authz.decide import Permitted, Refused, evaluate
from contract.authorization import allowed_roles, authorize, required_permission, required_scopes
from contract.operations import BY_ID, OPERATIONS, PERMISSIONS, SCOPES
from contract.rate_plans import GROWTH, Budget
from contract.roles import ROLES, Role
from infra.stores.rate_limits import ChargeResult
from tests.spec import decisions as promised
from tests.unit.authz.asking import claims
from tests.unit.transcoder.calls import a_call
from transcoder.operations import explain

BUDGETS = tuple(Budget(policy, policy.interval_us) for policy in GROWTH.policies)
PASSED = ChargeResult(True, BUDGETS)


def words(text):
    return None if text is None else frozenset(text.split())


def code(problem):
    return None if problem is None else problem.code


@pytest.mark.parametrize("row", OPERATIONS, ids=lambda row: row.id)
@pytest.mark.parametrize("role", Role, ids=lambda role: role.word)
def test_every_operation_is_decided_for_every_role(row, role):
    for scopes in (frozenset(), frozenset(required_scopes(row)), frozenset(scope.name for scope in SCOPES)):
        for claimed in (None, frozenset(), frozenset({required_permission(row)})):
            made = authorize(row, role, claimed, scopes)
            assert code(made.problem) == promised.refusal(row.id, role.word, claimed, scopes)
            assert made.reason.endswith(".")


@pytest.mark.parametrize(("operation", "role", "permissions", "scopes", "rule"), promised.SAMPLE)
def test_is_decided_as_documented(operation, role, permissions, scopes, rule):
    assert code(authorize(BY_ID[operation], ROLES[role], words(permissions), words(scopes)).problem) == rule
    assert promised.refusal(operation, role, words(permissions), words(scopes)) == rule


def test_the_second_model_knows_the_same_permissions_and_no_other():
    assert {permission.name for permission in PERMISSIONS} == promised.GRANTS["admin"]
    for word, role in ROLES.items():
        granted = {permission.name for permission in PERMISSIONS if role >= permission.lowest}
        assert granted == promised.GRANTS[word]


KNOWN = sorted(promised.GRANTS["admin"])
SOME = st.sets(st.sampled_from([*KNOWN, "contacts:*", "CONTACTS:READ", "contacts", "read", "made:up"]), max_size=12)


@st.composite
def cases(draw):
    """What is asked is likely to be held: at random, next to everything would be refused for its scope."""
    operation = draw(st.sampled_from(sorted(BY_ID)))
    needed = {promised.needs(operation) or "contacts:read"}
    scopes = draw(SOME) | draw(st.sampled_from([needed, set()]))
    claimed = draw(st.one_of(st.none(), SOME.map(frozenset), SOME.map(lambda some: frozenset(some | needed))))
    return operation, draw(st.sampled_from(sorted(ROLES))), claimed, scopes


@settings(max_examples=2000, deadline=None)
@given(case=cases())
def test_two_models_never_differ_and_the_edge_is_told_what_is_explained(case):
    operation, role, claimed, scopes = case
    expected = promised.refusal(operation, role, claimed, scopes)
    made = authorize(BY_ID[operation], ROLES[role], claimed, scopes)
    assert code(made.problem) == expected

    told = {} if claimed is None else {"permissions": " ".join(sorted(claimed))}
    caller = claims(role=role, scope=" ".join(sorted(scopes)), **told)
    match evaluate(BY_ID[operation], (), caller):
        case Permitted(reason=reason):
            assert expected is None
        case Refused(problem=problem, reason=reason):
            assert problem.code == expected
    assert reason == made.reason


async def explained(operation, role, claimed, scopes):
    body = {"operation": operation, "role": role, "scopes": sorted(scopes)}
    if claimed is not None:
        body["permissions"] = sorted(claimed)
    call = a_call("authorize.explain", body)
    answer = await explain.run(None, call, explain.check(call))
    assert answer.status == 200
    return json.loads(answer.body)["data"]


@pytest.mark.parametrize(("operation", "role", "permissions", "scopes", "rule"), promised.SAMPLE)
async def test_is_explained_as_it_is_decided(operation, role, permissions, scopes, rule):
    told = await explained(operation, role, words(permissions), words(scopes))
    needed = promised.needs(operation)
    assert told == {
        "decision": "allow" if rule is None else "deny",
        "rule": rule,
        "reason": authorize(BY_ID[operation], ROLES[role], words(permissions), words(scopes)).reason,
        "required_scopes": [needed] if needed else [],
        "granted_scopes": sorted(scopes.split()),
        "required_permission": needed,
        "roles_that_may": [
            role for role in ("admin", "manager", "member", "viewer") if not needed or needed in promised.GRANTS[role]
        ],
    }


async def test_words_that_are_no_permission_grant_nothing():
    told = await explained("contacts.list", "admin", {"contacts:*", "x"}, {"contacts:read"})
    assert (told["decision"], told["rule"]) == ("deny", "insufficient-permission")
    assert told["reason"] == "The permissions claim lacks contacts:read."


def test_roles_are_told_highest_first():
    assert allowed_roles(BY_ID["contacts.create"]) == (Role.ADMIN, Role.MANAGER, Role.MEMBER)


def test_the_document_has_a_line_for_every_operation():
    lines = [line for line in permissions_page().splitlines() if line.startswith("| `")]
    assert [line.split("`")[1] for line in lines] == [row.id for row in OPERATIONS]
    [explaining] = [line for line in lines if line.startswith("| `authorize.explain`")]
    needs, *cells = [cell.strip() for cell in explaining.split("|")[2:-1]]
    assert needs == "`tokens:manage`"
    assert cells == ["scope", "permission", "permission", "permission", "yes", "yes", "permission"]
