"""The order of refusals: limits, route, scope, permission."""

import pytest

from authz import decide as deciding
from authz.decide import Admitted, Permitted, Refused, Spent, Throttled, Verdict, evaluate, refuse_token
from contract.claims import Claims, TokenError
from contract.operations import BY_ID, OPERATIONS, SCOPES, UNKNOWN_PATH, WRONG_METHOD, Operation, UnroutedOperation
from contract.problems import (
    INSUFFICIENT_PERMISSION,
    INSUFFICIENT_SCOPE,
    INVALID_TOKEN,
    METHOD_NOT_ALLOWED,
    ROUTE_NOT_FOUND,
)
from contract.rate_plans import GROWTH, Budget
from contract.roles import Role
from infra.stores.rate_limits import ChargeResult
from tests.unit.authz.asking import claims

LIST, CREATE, DELETE = BY_ID["contacts.list"], BY_ID["contacts.create"], BY_ID["contacts.delete"]
BUDGETS = tuple(Budget(policy, policy.interval_us) for policy in GROWTH.policies)
PASSED = ChargeResult(True, BUDGETS)
SPENT = Spent(1, BUDGETS)
FULL = Budget(GROWTH.burst, GROWTH.burst.window_us)


VIEWERS = frozenset(
    f"{word}:read"
    for word in (
        *("contacts", "companies", "deals", "tasks", "notes", "activities"),
        *("pipelines", "users", "custom_fields"),
    )
)


def decide(row: Operation | UnroutedOperation, methods: tuple[str, ...], caller: Claims, made: ChargeResult) -> Verdict:
    return deciding.decide(evaluate(row, methods, caller), caller, row.cost, made)


def test_who_has_scope_and_permission_is_admitted_with_all_that_its_user_may_do():
    verdict = decide(LIST, (), claims(role="viewer"), PASSED)
    assert verdict == Admitted(Permitted(claims(role="viewer"), VIEWERS), SPENT)


SCOPED = [row for row in OPERATIONS if row.scope is not None]
FOR_ANY_TOKEN = [row for row in OPERATIONS if row.scope is None]
EVERY_SCOPE = {scope.name for scope in SCOPES}


@pytest.mark.parametrize("row", SCOPED, ids=lambda row: row.id)
def test_every_operation_needs_its_scope_and_its_permission(row):
    others = " ".join(EVERY_SCOPE - {row.scope.name})
    assert decide(row, (), claims(scope=others, role="admin"), PASSED).problem is INSUFFICIENT_SCOPE
    for role in Role:
        verdict = decide(row, (), claims(scope=row.scope.name, role=role.word), PASSED)
        assert isinstance(verdict, Admitted) == (role >= row.scope.permission.lowest), role


@pytest.mark.parametrize("row", FOR_ANY_TOKEN, ids=lambda row: row.id)
def test_any_token_will_do_for(row):
    nobody = claims(scope="", role="viewer", permissions="")
    assert decide(row, (), nobody, PASSED) == Admitted(Permitted(nobody, frozenset()), Spent(row.cost, BUDGETS))


def test_a_missing_scope_is_named_beside_those_that_were_granted():
    verdict = decide(DELETE, (), claims(scope="contacts:write contacts:read"), PASSED)
    assert verdict == Refused(
        INSUFFICIENT_SCOPE,
        claims(scope="contacts:write contacts:read"),
        SPENT,
        members={"required_scopes": ["contacts:delete"], "granted_scopes": ["contacts:read", "contacts:write"]},
        headers=(("www-authenticate", 'Bearer error="insufficient_scope", scope="contacts:delete"'),),
    )


def test_write_implies_neither_read_nor_delete():
    only_write = claims(scope="contacts:write", role="admin")
    assert decide(LIST, (), only_write, PASSED).problem is INSUFFICIENT_SCOPE
    assert decide(DELETE, (), only_write, PASSED).problem is INSUFFICIENT_SCOPE


def test_a_missing_permission_is_named_beside_the_role():
    verdict = decide(CREATE, (), claims(role="viewer"), PASSED)
    assert verdict == Refused(
        INSUFFICIENT_PERMISSION,
        claims(role="viewer"),
        SPENT,
        members={"required_permission": "contacts:write", "role": "viewer"},
    )


def test_the_permissions_claim_replaces_what_the_role_grants():
    assert decide(CREATE, (), claims(role="admin", permissions="contacts:read"), PASSED).problem is (
        INSUFFICIENT_PERMISSION
    )
    custom = claims(role="viewer", permissions="contacts:write made:up")
    assert decide(CREATE, (), custom, PASSED) == Admitted(Permitted(custom, frozenset({"contacts:write"})), SPENT)


def test_the_scope_is_decided_before_the_permission():
    assert decide(CREATE, (), claims(role="viewer", scope="contacts:read"), PASSED).problem is INSUFFICIENT_SCOPE


def test_an_unknown_path_is_told_after_the_charge_and_whatever_the_scopes():
    nobody = claims(role="viewer", scope="")
    assert decide(UNKNOWN_PATH, (), nobody, PASSED) == Refused(ROUTE_NOT_FOUND, nobody, SPENT)


def test_a_wrong_method_is_told_with_the_right_ones():
    verdict = decide(WRONG_METHOD, ("GET", "HEAD", "OPTIONS"), claims(), PASSED)
    assert verdict == Refused(
        METHOD_NOT_ALLOWED,
        claims(),
        SPENT,
        members={"allowed_methods": ["GET", "HEAD", "OPTIONS"]},
        headers=(("allow", "GET, HEAD, OPTIONS"),),
    )


@pytest.mark.parametrize("row", [CREATE, UNKNOWN_PATH], ids=["an operation", "an unknown path"])
def test_the_limit_comes_before_everything_else_about(row):
    nobody = claims(role="viewer", scope="")
    refused = ChargeResult(False, (FULL, BUDGETS[1]))
    assert decide(row, (), nobody, refused) == Throttled(nobody, Spent(1, refused.budgets))


def test_the_policy_that_has_to_be_waited_for_longest_is_the_one_that_is_told():
    day_full = Budget(GROWTH.daily, GROWTH.daily.window_us + 5_000_000)
    verdict = decide(LIST, (), claims(), ChargeResult(False, (FULL, day_full)))
    assert isinstance(verdict, Throttled)
    assert (verdict.budget.policy.name, verdict.retry_after_s) == ("daily", 6)


def test_a_token_that_is_not_canonical_accepts_nobody():
    verdict = refuse_token(TokenError.MALFORMED)
    assert (verdict.problem, verdict.caller, verdict.spent) == (INVALID_TOKEN, None, None)
    assert verdict.members == {"reason": "malformed", "detail": TokenError.MALFORMED.detail}


@pytest.mark.parametrize("fault", TokenError)
def test_the_sentence_of_a_refused_token_fits_its_reason(fault):
    words = {
        TokenError.MALFORMED: "is malformed",
        TokenError.EXPIRED: "has expired",
        TokenError.NOT_YET_VALID: "is not valid yet",
        TokenError.WRONG_ISSUER: "is from another issuer",
        TokenError.WRONG_AUDIENCE: "is not meant for this API",
        TokenError.UNKNOWN_KEY: "is signed with a key that is not known",
        TokenError.BAD_SIGNATURE: "could not be verified",
        TokenError.REVOKED: "was revoked",
    }
    detail = refuse_token(fault).members["detail"]
    assert detail.startswith(f"This access token {words[fault]}")
    assert not any(word in detail for other, word in words.items() if other is not fault)


def test_no_operation_costs_more_than_the_smallest_plan_has():
    for row in OPERATIONS:
        assert row.is_public or 1 <= row.cost <= 50, row.id
