"""The tables of the contract: no two rows alike, and none that nobody uses."""

import itertools
import re
from types import UnionType

import pytest

from contract import failure_modes, headers, oauth, problems, size_and_time_limits
from contract.ids import FOREIGN, IdCodec
from contract.operations import OPERATIONS, UNROUTED
from contract.problems import PROBLEMS, Problem
from contract.resources import RESOURCES
from contract.roles import Role
from contract.types import Id
from contract.versions import VERSIONS
from contract.vocabulary import TenantId
from tests.repository.sources import MODULES
from tests.support.order import LONG_S, TOGETHER, scope_of
from tests.support.stack import ROOT

KEBAB = re.compile(r"[a-z]+(-[a-z]+)*")
PREFIXES = ("con", "cmp", "deal", "pipe", "stage", "task", "note", "act", "usr", "cf", "biz", "tok", "app")
"""All that are promised, of later waves too: a tag cannot be changed once ids are out."""

UNUSED: dict[str, str] = {}
"""Rows that no other module names, each with its reason."""


def users_of(name: str, *, besides: str) -> list[str]:
    return [module.name for module in MODULES if module.name != besides and name in module.uses]


def rows(module: object, kind: type | UnionType) -> dict[str, object]:
    return {name: row for name, row in vars(module).items() if name.isupper() and isinstance(row, kind)}


def test_what_takes_long_or_goes_together_is_there() -> None:
    named = (*LONG_S, *TOGETHER)
    assert [path for path in named if not (ROOT / path).exists()] == []
    assert {scope_of(f"{path}::test") for path in LONG_S if path.endswith(".py")} <= LONG_S.keys()


def test_problem_codes_are_unique_and_kebab_case() -> None:
    codes = [problem.code for problem in PROBLEMS]
    assert len(codes) == len(set(codes))
    assert [code for code in codes if not KEBAB.fullmatch(code)] == []


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.code)
def test_a_problem_is_a_refusal_that_says_what_to_do(problem: Problem) -> None:
    assert 400 <= problem.status < 600
    assert problem.title
    assert problem.detail.endswith(".")
    assert problem.retryable is (problem.outcome is not None) or problem.code == "rate-limited"
    assert problem.outcome in (None, "not-applied", "unknown")
    if problem.status == 503:
        assert problem.retry_after_s is not None


def test_operation_ids_and_routes_are_unique() -> None:
    ids = [row.id for row in OPERATIONS] + list(UNROUTED)
    assert len(ids) == len(set(ids))
    routes = [(row.method, re.sub(r"{[^}]*}", "{}", row.path)) for row in OPERATIONS]
    assert len(routes) == len(set(routes))


def test_an_operation_on_records_needs_a_scope_and_whatever_needs_a_token_costs_something() -> None:
    for row in OPERATIONS:
        assert (row.scope is None) is (row.resource_row is None) or row.id == "authorize.explain", row.id
        assert row.resource_row is None or row.resource_row in RESOURCES
        assert row.scope is None or row.scope.permission.lowest in Role
        assert row.is_public is (row.cost == 0), row.id


def test_no_prefix_shares_a_type_tag_with_another() -> None:
    codec, tenant = IdCodec(bytes(32)), TenantId(1)
    for one, other in itertools.permutations(PREFIXES, 2):
        opaque = codec.seal(one, tenant, 1).removeprefix(one)
        assert codec.open(other, tenant, other + opaque) is FOREIGN


def test_every_prefix_in_a_field_is_a_promised_one() -> None:
    in_fields = {field.type.prefix for resource in RESOURCES for field in resource.fields if isinstance(field.type, Id)}
    assert in_fields | {resource.prefix for resource in RESOURCES} <= set(PREFIXES)


def test_fields_filters_and_sort_keys_belong_together() -> None:
    for resource in RESOURCES:
        names = [field.name for field in resource.fields]
        assert len(names) == len(set(names))
        assert set(resource.list_filters) <= set(names)
        assert {"created_at", "updated_at"} & set(names) == {"created_at", "updated_at"} & set(resource.sort_keys)
        assert "created_at" in names


def test_header_names_are_lower_case_and_unique_and_ours_are_marked() -> None:
    names = [header.name for header in headers.HEADERS]
    assert len(names) == len(set(names))
    assert all(name == name.lower() for name in names)
    for header in headers.NOT_FOR_CALLERS:
        assert header.name in ("x-request-id", "traceparent") or header.name.startswith(headers.INTERNAL_PREFIXES)


def test_versions_are_listed_newest_first() -> None:
    dates = [version.date for version in VERSIONS]
    assert dates == sorted(set(dates), reverse=True)


def test_each_deadline_ends_before_the_one_around_it() -> None:
    assert (
        size_and_time_limits.STORE_TIMEOUT_S
        < size_and_time_limits.INTERNAL_TIMEOUT_S
        < size_and_time_limits.REQUEST_TIMEOUT_S
        < size_and_time_limits.EDGE_TIMEOUT_S
    )
    assert (
        size_and_time_limits.REQUEST_TIMEOUT_S
        < size_and_time_limits.IDEMPOTENCY_LEASE_S
        < size_and_time_limits.EDGE_TIMEOUT_S
    )


@pytest.mark.parametrize("name", rows(problems, Problem))
def test_a_problem_is_somebody_s(name: str) -> None:
    assert users_of(name, besides="contract.problems") or name in UNUSED


@pytest.mark.parametrize("name", rows(headers, headers.Header))
def test_a_header_is_somebody_s(name: str) -> None:
    assert users_of(name, besides="contract.headers") or name in UNUSED


@pytest.mark.parametrize("name", rows(oauth, oauth.OAuthError))
def test_an_oauth_error_is_somebody_s(name: str) -> None:
    assert users_of(name, besides="contract.oauth") or name in UNUSED


@pytest.mark.parametrize("row", rows(oauth, oauth.OAuthError).values(), ids=lambda row: f"{row.code} {row.status}")
def test_an_oauth_error_is_a_word_of_the_rfcs_and_a_sentence(row: oauth.OAuthError) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", row.code)
    assert row.description.endswith(".")
    assert set(row.description) <= set(map(chr, range(0x20, 0x7F))) - {'"', "\\"}, "RFC 6749 §5.2"


@pytest.mark.parametrize("name", rows(failure_modes, failure_modes.FailClosed | failure_modes.FailOpen))
def test_a_failure_is_somebody_s(name: str) -> None:
    assert users_of(name, besides="contract.failure_modes") or name in UNUSED


@pytest.mark.parametrize("name", [name for name in vars(size_and_time_limits) if name.isupper()])
def test_a_bound_is_somebody_s(name: str) -> None:
    assert users_of(name, besides="contract.size_and_time_limits") or name in UNUSED


def test_no_row_is_called_unused_that_is_used() -> None:
    homes = {"contract.problems", "contract.headers", "contract.failure_modes", "contract.size_and_time_limits"}
    used = [name for name in UNUSED if any(name in module.uses for module in MODULES if module.name not in homes)]
    assert used == []
