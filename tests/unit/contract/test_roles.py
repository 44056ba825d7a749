"""Who may do what: the matrix of roles, typed by hand, and the claim that replaces it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.operations import OPERATIONS, PERMISSIONS, SCOPES
from contract.roles import ROLES, Role, effective_permissions

ROLE = st.sampled_from(list(Role))
NAMES = frozenset(permission.name for permission in PERMISSIONS)
SIX = ("contacts", "companies", "deals", "tasks", "notes", "activities")


def six(*verbs):
    return {f"{word}:{verb}" for word in SIX for verb in verbs}


VIEWER = six("read") | {"pipelines:read", "users:read", "custom_fields:read"}
MEMBER = VIEWER | six("write", "delete")
MANAGER = MEMBER | six("write_all", "delete_all") | {"records:assign"}
ADMIN = MANAGER | {"pipelines:write", "tokens:manage"}
COLUMNS = {"viewer": VIEWER, "member": MEMBER, "manager": MANAGER, "admin": ADMIN}


@pytest.mark.parametrize("word", COLUMNS)
def test_a_role_may_do_what_its_column_says_and_nothing_else(word):
    assert effective_permissions(ROLES[word], None, PERMISSIONS) == COLUMNS[word]


def test_there_are_four_roles_and_no_permission_that_nobody_holds():
    assert list(ROLES) == list(COLUMNS)
    assert NAMES == ADMIN


def test_what_a_token_can_be_allowed_is_a_permission_but_not_every_permission():
    only_permissions = six("write_all", "delete_all") | {"records:assign"}
    assert {scope.name for scope in SCOPES} == ADMIN - only_permissions
    assert len(SCOPES) == len({scope.name for scope in SCOPES})


@given(ROLE, ROLE)
def test_a_higher_role_may_do_all_that_a_lower_one_may(one, other):
    low, high = sorted((one, other))
    assert effective_permissions(low, None, PERMISSIONS) <= effective_permissions(high, None, PERMISSIONS)


@given(ROLE, st.frozensets(st.sampled_from(sorted(NAMES)) | st.text(max_size=12)))
def test_a_permissions_claim_replaces_the_column_and_grants_nothing_that_is_not_ours(role, claimed):
    assert effective_permissions(role, claimed, PERMISSIONS) == claimed & NAMES


def test_an_empty_permissions_claim_grants_nothing_to_an_admin():
    assert effective_permissions(Role.ADMIN, frozenset(), PERMISSIONS) == frozenset()


def test_every_operation_with_a_scope_has_a_permission_of_the_same_name_that_someone_holds():
    for row in OPERATIONS:
        if row.scope is not None:
            assert row.scope in SCOPES, row.id
            assert row.scope.name == row.scope.permission.name
            assert row.scope.name in ADMIN
