"""One renderer, and rows that keep the promises of problems."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.failure_modes import FAILURES, FailOpen
from contract.problems import CONFLICT, PROBLEMS, RATE_LIMITED, VALIDATION_FAILED, ItemError, render, type_uri

API_URL = "https://api.example"
TRACE_ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
BOTH_WAYS = pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.code)


def rendered(problem, **more):
    return json.loads(render(problem, api_url=API_URL, trace_id=TRACE_ID, **more))


@BOTH_WAYS
def test_every_problem_has_all_members(problem):
    body = rendered(problem)
    assert body["type"] == f"{API_URL}/problems/{problem.code}" == type_uri(problem, API_URL)
    assert (body["status"], body["code"], body["title"]) == (problem.status, problem.code, problem.title)
    assert body["trace_id"] == TRACE_ID
    assert body["instance"] == f"/v1/requests/{TRACE_ID}"
    assert body["detail"]
    assert body["retryable"] is problem.retryable


@BOTH_WAYS
def test_every_retryable_problem_says_whether_the_write_may_have_happened(problem):
    if problem.retryable:
        assert problem.outcome in {"not-applied", "unknown"}
        assert rendered(problem)["outcome"] == problem.outcome
        assert rendered(problem, outcome="unknown")["outcome"] == "unknown"
    else:
        assert "outcome" not in rendered(problem)


def test_a_case_that_is_not_worth_repeating_says_so_and_has_no_outcome():
    body = rendered(CONFLICT, retryable=False, errors=[])
    assert body["retryable"] is False
    assert "outcome" not in body


@BOTH_WAYS
def test_every_problem_is_an_error_in_kebab_case_with_a_sentence_to_act_on(problem):
    assert 400 <= problem.status < 600
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", problem.code)
    assert problem.detail.endswith(".")
    assert not problem.title.endswith(".")


@BOTH_WAYS
def test_every_503_says_when_to_come_again(problem):
    if problem.status == 503:
        assert problem.retry_after_s


def test_codes_and_titles_are_used_once():
    assert len({problem.code for problem in PROBLEMS}) == len(PROBLEMS)
    assert len({problem.title for problem in PROBLEMS}) == len(PROBLEMS)


def test_every_failure_has_a_reason_and_a_stand_in_or_an_answer_that_can_be_retried():
    for failure in FAILURES:
        assert failure.reason
        if isinstance(failure, FailOpen):
            assert failure.instead
            continue
        assert failure.problem.retryable, failure.dependency
        assert failure.problem.retry_after_s, failure.dependency


def test_an_answer_without_a_receipt_points_at_none():
    assert "instance" not in rendered(RATE_LIMITED, with_instance=False)


def test_a_closer_detail_replaces_the_rows():
    assert rendered(RATE_LIMITED, detail="Wait.")["detail"] == "Wait."


def test_extension_members_stand_beside_the_others():
    body = rendered(RATE_LIMITED, policy="burst", retry_after_seconds=3)
    assert (body["policy"], body["retry_after_seconds"]) == ("burst", 3)


def test_item_errors_say_only_what_they_have():
    errors = [
        ItemError("required", "Missing.", pointer="/email"),
        ItemError("unknown-parameter", "Unknown.", parameter="limt", did_you_mean="limit"),
        ItemError("unknown-value", "Unknown.", header="version", allowed=("a", "b"), example="a"),
    ]
    assert rendered(VALIDATION_FAILED, errors=errors)["errors"] == [
        {"pointer": "/email", "code": "required", "detail": "Missing."},
        {"parameter": "limt", "code": "unknown-parameter", "detail": "Unknown.", "did_you_mean": "limit"},
        {"header": "version", "code": "unknown-value", "detail": "Unknown.", "allowed": ["a", "b"], "example": "a"},
    ]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_whatever_a_detail_quotes_it_stays_one_json_text(detail):
    assert rendered(RATE_LIMITED, detail=detail)["detail"] == (detail or RATE_LIMITED.detail)
