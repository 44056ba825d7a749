"""The table of operations against the documents, typed by hand: which there are, and what each needs and costs."""

import re
from collections import Counter

import pytest

from contract.operations import BY_ID, OPERATIONS, allowed_methods, paths
from contract.vocabulary import READ_KINDS, Kind

SIX = ("contacts", "companies", "deals", "tasks", "notes", "activities")
ITEM = {
    "contacts": "contact_id",
    "companies": "company_id",
    "deals": "deal_id",
    "tasks": "task_id",
    "notes": "note_id",
    "activities": "activity_id",
}
# verb: method, what follows /v1/{r}, verb of the scope, lowest role, key, cost, success
EVERY_ONE_OF_SIX = {
    "list": ("GET", "", "read", "viewer", False, 1, 200),
    "create": ("POST", "", "write", "member", True, 1, 201),
    "get": ("GET", "/{id}", "read", "viewer", False, 1, 200),
    "update": ("PATCH", "/{id}", "write", "member", False, 1, 200),
    "delete": ("DELETE", "/{id}", "delete", "member", False, 1, 204),
    "restore": ("POST", "/{id}/restore", "delete", "member", False, 1, 200),
    "search": ("POST", "/search", "read", "viewer", False, 5, 200),
    "batch_create": ("POST", "/batch/create", "write", "member", True, 10, 200),
    "batch_get": ("POST", "/batch/get", "read", "viewer", False, 1, 200),
    "batch_update": ("POST", "/batch/update", "write", "member", True, 10, 200),
    "batch_delete": ("POST", "/batch/delete", "delete", "member", True, 10, 200),
    "upsert": ("POST", "/upsert", "write", "member", True, 2, 200),
    "batch_upsert": ("POST", "/batch/upsert", "write", "member", True, 10, 200),
}
ACTIONS = {
    "contacts": {"add_tags": "tags/add", "remove_tags": "tags/remove"},
    "companies": {"add_tags": "tags/add", "remove_tags": "tags/remove"},
    "deals": {
        "add_tags": "tags/add",
        "remove_tags": "tags/remove",
        "win": "win",
        "lose": "lose",
        "reopen": "reopen",
        "move": "move",
    },
    "tasks": {"complete": "complete", "reopen": "reopen"},
    "notes": {},
    "activities": {},
}
OTHERS = {
    "pipelines.list": ("GET", "/v1/pipelines", "pipelines:read", "viewer", False, 200),
    "pipelines.create": ("POST", "/v1/pipelines", "pipelines:write", "admin", True, 201),
    "pipelines.get": ("GET", "/v1/pipelines/{pipeline_id}", "pipelines:read", "viewer", False, 200),
    "pipelines.update": ("PATCH", "/v1/pipelines/{pipeline_id}", "pipelines:write", "admin", False, 200),
    "pipelines.delete": ("DELETE", "/v1/pipelines/{pipeline_id}", "pipelines:write", "admin", False, 204),
    "pipelines.restore": ("POST", "/v1/pipelines/{pipeline_id}/restore", "pipelines:write", "admin", False, 200),
    "stages.list": ("GET", "/v1/pipelines/{pipeline_id}/stages", "pipelines:read", "viewer", False, 200),
    "stages.create": ("POST", "/v1/pipelines/{pipeline_id}/stages", "pipelines:write", "admin", True, 201),
    "stages.get": ("GET", "/v1/pipelines/{pipeline_id}/stages/{stage_id}", "pipelines:read", "viewer", False, 200),
    "stages.update": (
        "PATCH",
        "/v1/pipelines/{pipeline_id}/stages/{stage_id}",
        "pipelines:write",
        "admin",
        False,
        200,
    ),
    "stages.delete": (
        "DELETE",
        "/v1/pipelines/{pipeline_id}/stages/{stage_id}",
        "pipelines:write",
        "admin",
        False,
        204,
    ),
    "stages.restore": (
        "POST",
        "/v1/pipelines/{pipeline_id}/stages/{stage_id}/restore",
        "pipelines:write",
        "admin",
        False,
        200,
    ),
    "users.list": ("GET", "/v1/users", "users:read", "viewer", False, 200),
    "users.get": ("GET", "/v1/users/{user_id}", "users:read", "viewer", False, 200),
    "custom_fields.list": ("GET", "/v1/custom_fields", "custom_fields:read", "viewer", False, 200),
    "personal_access_tokens.list": ("GET", "/v1/personal_access_tokens", "tokens:manage", "admin", False, 200),
    "personal_access_tokens.create": ("POST", "/v1/personal_access_tokens", "tokens:manage", "admin", True, 201),
    "personal_access_tokens.get": (
        "GET",
        "/v1/personal_access_tokens/{token_id}",
        "tokens:manage",
        "admin",
        False,
        200,
    ),
    "personal_access_tokens.rotate": (
        "POST",
        "/v1/personal_access_tokens/{token_id}/rotate",
        "tokens:manage",
        "admin",
        False,
        201,
    ),
    "personal_access_tokens.revoke": (
        "DELETE",
        "/v1/personal_access_tokens/{token_id}",
        "tokens:manage",
        "admin",
        False,
        204,
    ),
    "apps.list": ("GET", "/v1/apps", "tokens:manage", "admin", False, 200),
    "apps.create": ("POST", "/v1/apps", "tokens:manage", "admin", True, 201),
    "apps.get": ("GET", "/v1/apps/{app_id}", "tokens:manage", "admin", False, 200),
    "apps.update": ("PATCH", "/v1/apps/{app_id}", "tokens:manage", "admin", False, 200),
    "apps.rotate_secret": ("POST", "/v1/apps/{app_id}/rotate_secret", "tokens:manage", "admin", False, 200),
    "apps.delete": ("DELETE", "/v1/apps/{app_id}", "tokens:manage", "admin", False, 204),
}
COUNTS = {
    "contacts": 15,
    "companies": 15,
    "deals": 19,
    "tasks": 15,
    "notes": 13,
    "activities": 13,
    "pipelines": 7,
    "stages": 7,
    "users": 3,
    "custom_fields": 2,
    "personal_access_tokens": 5,
    "apps": 6,
}
OF_THE_AUTHORIZATION_SERVER = ("personal_access_tokens", "apps")
UPSERT_ON = {
    "contacts": ("email", "external_id"),
    "companies": ("domain", "external_id"),
    "deals": ("external_id",),
    "tasks": ("external_id",),
    "notes": ("external_id",),
    "activities": ("external_id",),
}
FILTERS = {
    "contacts": "email phone external_id company_id owner_id lifecycle_stage",
    "companies": "domain external_id owner_id",
    "deals": "pipeline_id stage_id status company_id external_id owner_id contact_id",
    "tasks": "status priority type contact_id company_id deal_id external_id owner_id",
    "notes": "contact_id company_id deal_id is_pinned external_id owner_id",
    "activities": "type contact_id company_id deal_id external_id owner_id",
    "pipelines": "is_default",
    "stages": "",
    "users": "status role email",
    "custom_fields": "resource type",
    "personal_access_tokens": "user_id status",
    "apps": "",
}
SORT_KEYS = {
    "contacts": {"last_name", "email"},
    "companies": {"name", "employee_count"},
    "deals": {"title", "amount", "expected_close_date", "closed_at", "stage_changed_at"},
    "tasks": {"due_at", "completed_at"},
    "notes": {"occurred_at"},
    "activities": {"occurred_at"},
    "pipelines": set(),
    "stages": {"position"},
    "users": set(),
    "custom_fields": set(),
    "personal_access_tokens": set(),
    "apps": set(),
}
SEARCHED = {
    "contacts": {"first_name", "last_name", "email", "phone", "job_title"},
    "companies": {"name", "domain", "phone"},
    "deals": {"title"},
    "tasks": {"title", "description"},
    "notes": {"body"},
    "activities": {"subject", "body"},
}
RESOURCES = {row.resource_row.name: row.resource_row for row in OPERATIONS if row.resource_row is not None}


def told(row):
    return (
        row.method,
        row.path,
        row.scope.name,
        row.scope.permission.lowest.word,
        row.takes_idempotency_key,
        row.success_status,
    )


@pytest.mark.parametrize("word", SIX)
@pytest.mark.parametrize("verb", EVERY_ONE_OF_SIX)
def test_each_of_the_six_can_be(word, verb):
    method, tail, scope, role, keyed, cost, success = EVERY_ONE_OF_SIX[verb]
    path = f"/v1/{word}" + tail.replace("{id}", "{" + ITEM[word] + "}")
    row = BY_ID[f"{word}.{verb}"]
    assert (*told(row), row.cost) == (method, path, f"{word}:{scope}", role, keyed, success, cost)


@pytest.mark.parametrize("word", SIX)
def test_actions_are_posts_on_one_record_that_writers_may_make(word):
    rows = {
        row.action.name: row for row in OPERATIONS if row.resource_row and row.resource_row.name == word and row.action
    }
    assert rows.keys() == ACTIONS[word].keys()
    for name, tail in ACTIONS[word].items():
        path = f"/v1/{word}/{{{ITEM[word]}}}/{tail}"
        assert told(rows[name]) == ("POST", path, f"{word}:write", "member", False, 200)
        assert rows[name].cost == 1


@pytest.mark.parametrize("operation_id", OTHERS)
def test_configuration_and_directories_are_as_documented(operation_id):
    row = BY_ID[operation_id]
    assert told(row) == OTHERS[operation_id]
    assert row.cost == 1


def test_who_the_caller_is_needs_any_token_and_which_versions_there_are_needs_none():
    me, versions = BY_ID["me.get"], BY_ID["versions.list"]
    assert (me.method, me.path, me.scope, me.cost, me.is_public) == ("GET", "/v1/me", None, 1, False)
    assert (versions.method, versions.path, versions.scope, versions.cost, versions.is_public) == (
        "GET",
        "/v1/versions",
        None,
        0,
        True,
    )


def test_there_are_as_many_as_documented():
    assert Counter(row.resource_row.name for row in OPERATIONS if row.resource_row is not None) == COUNTS


def test_ids_are_used_once_and_so_is_a_method_on_a_path():
    assert len(BY_ID) == len(OPERATIONS)
    routes = Counter((row.method, re.sub(r"{\w+}", "{}", row.path)) for row in OPERATIONS)
    assert routes.most_common(1)[0][1] == 1


@pytest.mark.parametrize("row", [row for row in OPERATIONS if row.resource_row is not None], ids=lambda row: row.id)
def test_the_ids_in_a_path_are_those_of_the_records_that_it_names(row):
    named = re.findall(r"{(\w+)}", row.path)
    above = [row.resource_row.parent.parameter] if row.resource_row.parent else []
    assert named in (above, [*above, row.resource_row.parameter])


def test_no_template_can_be_mistaken_for_another():
    """A word such as `search` stands only where no id of the same method does, or is no id."""
    for row in OPERATIONS:
        for other in OPERATIONS:
            if row is other or row.method != other.method:
                continue
            pairs = list(zip(row.path.split("/"), other.path.split("/"), strict=False))
            if len(row.path.split("/")) == len(other.path.split("/")):
                assert any(a != b and not a.startswith("{") and not b.startswith("{") for a, b in pairs), (row, other)


def test_only_creates_upserts_and_writing_batches_honour_a_key():
    keyed = {Kind.CREATE, Kind.UPSERT, Kind.BATCH_CREATE, Kind.BATCH_UPDATE, Kind.BATCH_DELETE, Kind.BATCH_UPSERT}
    for row in OPERATIONS:
        assert row.takes_idempotency_key is (row.kind in keyed), row.id
        assert not (row.takes_idempotency_key and row.kind in READ_KINDS)


def test_allow_lists_the_methods_of_a_path_with_head_beside_get():
    assert allowed_methods("/v1/contacts") == ("GET", "HEAD", "POST", "OPTIONS")
    assert allowed_methods("/v1/deals/{deal_id}") == ("GET", "HEAD", "PATCH", "DELETE", "OPTIONS")
    assert allowed_methods("/v1/deals/{deal_id}/win") == ("POST", "OPTIONS")
    for path, methods in paths().items():
        assert set(methods) <= set(allowed_methods(path))


@pytest.mark.parametrize("word", COUNTS)
def test_a_list_can_be_narrowed_by(word):
    resource = RESOURCES[word]
    assert {*resource.list_filters, *(name for name, _ in resource.member_filters)} == set(FILTERS[word].split())


@pytest.mark.parametrize("word", COUNTS)
def test_records_can_be_ordered_by(word):
    moments = {"created_at"} if word in OF_THE_AUTHORIZATION_SERVER else {"created_at", "updated_at"}
    assert set(RESOURCES[word].sort_keys) == SORT_KEYS[word] | moments


@pytest.mark.parametrize("word", SIX)
def test_words_are_looked_for_in(word):
    assert {row.name for row in RESOURCES[word].fields if row.in_search_text} == SEARCHED[word]
    assert RESOURCES[word].upsert_on == UPSERT_ON[word]


def test_stages_stand_in_their_own_order_and_everything_else_newest_first():
    for word, resource in RESOURCES.items():
        expected = ("position", False) if word == "stages" else ("created_at", True)
        assert (resource.order_by, resource.descending) == expected
