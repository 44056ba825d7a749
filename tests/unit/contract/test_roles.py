"""Who may do what: the matrix of roles, and the claim that replaces it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.operations import OPERATIONS, PERMISSIONS, SCOPES
from contract.roles import ROLES, Role, effective_permissions

ROLE = st.sampled_from(list(Role))
NAMES = frozenset(permission.name for permission in PERMISSIONS)

CONTACTS = {
    "viewer": {"contacts:read"},
    "member": {"contacts:read", "contacts:write", "contacts:delete"},
    "manager": {
        "contacts:read",
        "contacts:write",
        "contacts:delete",
        "contacts:write_all",
        "contacts:delete_all",
        "records:assign",
    },
}
CONTACTS["admin"] = CONTACTS["manager"]


@pytest.mark.parametrize("word", ROLES)
def test_a_role_may_do_with_contacts_what_its_column_says(word):
    ours = {name for name in NAMES if name.startswith(("contacts:", "records:"))}
    assert effective_permissions(ROLES[word], None, PERMISSIONS) & ours == CONTACTS[word]


@given(ROLE, ROLE)
def test_a_higher_role_may_do_all_that_a_lower_one_may(one, other):
    low, high = sorted((one, other))
    assert effective_permissions(low, None, PERMISSIONS) <= effective_permissions(high, None, PERMISSIONS)


@given(ROLE, st.frozensets(st.sampled_from(sorted(NAMES)) | st.text(max_size=12)))
def test_a_permissions_claim_replaces_the_column_and_grants_nothing_that_is_not_ours(role, claimed):
    assert effective_permissions(role, claimed, PERMISSIONS) == claimed & NAMES


def test_an_empty_permissions_claim_grants_nothing_to_an_admin():
    assert effective_permissions(Role.ADMIN, frozenset(), PERMISSIONS) == frozenset()


def test_every_operation_has_a_scope_and_a_permission_of_the_same_name_that_someone_holds():
    held = effective_permissions(Role.ADMIN, None, PERMISSIONS)
    for row in OPERATIONS:
        assert row.scope in SCOPES, row.id
        assert row.scope.name == row.scope.permission.name
        assert row.scope.name in held
