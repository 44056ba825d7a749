"""A refusal of the transcoder's has the bytes that every other mouth says it with."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.problems import PROBLEMS, ItemError, Problem, problem_members, render
from transcoder.presentation.to_public import encode

LEAVES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text()
ITEMS = st.builds(ItemError, st.text(), st.text(), st.none() | st.text(), example=LEAVES)
MEMBERS = st.fixed_dictionaries(
    {},
    optional={
        "detail": st.text(),
        "errors": st.lists(
            st.builds(ItemError, st.text(), st.text(), st.none() | st.text(), example=LEAVES), max_size=2
        ),
        "outcome": st.sampled_from(["unknown", "not-applied"]),
        "with_instance": st.booleans(),
        "retryable": st.booleans(),
        "role": st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=3),
    },
)


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.code)
def test_a_problem_is_the_same_to_the_byte(problem: Problem) -> None:
    told: dict[str, Any] = {"api_url": "https://api.example", "trace_id": "t"}
    assert encode(problem_members(problem, **told)) == render(problem, **told)


@given(problem=st.sampled_from(PROBLEMS), api_url=st.text(), trace_id=st.text(), members=MEMBERS)
def test_it_is_whatever_it_says(problem: Problem, api_url: str, trace_id: str, members: dict[str, Any]) -> None:
    told = {"api_url": api_url, "trace_id": trace_id, **members}
    assert encode(problem_members(problem, **told)) == render(problem, **told)


def test_no_character_is_escaped_in_another_way() -> None:
    told: dict[str, Any] = {"api_url": "x", "trace_id": "t"}
    told["detail"] = "".join(chr(code) for code in range(0x11000) if not 0xD800 <= code < 0xE000)
    assert encode(problem_members(PROBLEMS[0], **told)) == render(PROBLEMS[0], **told)
