"""GCRA as arithmetic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.rate_plans import PLANS, Budget, Policy, charge_bucket

POLICIES = [policy for plan in PLANS.values() for policy in plan.policies]
POLICY = st.sampled_from(POLICIES)
NOW_US = 1_800_000_000_000_000
AHEAD_US = st.integers(-(10**9), 86_400 * 1_000_000)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: f"{policy.limit} in {policy.window_s} s")
def test_a_unit_of_every_policy_takes_a_whole_number_of_microseconds(policy):
    assert policy.interval_us * policy.limit == policy.window_us


@given(POLICY)
def test_an_untouched_bucket_has_the_whole_limit(policy):
    assert Budget(policy, 0).remaining == policy.limit
    assert charge_bucket(0, policy, policy.limit, now_us=NOW_US) == (NOW_US + policy.window_us, True)
    assert charge_bucket(0, policy, policy.limit + 1, now_us=NOW_US) == (NOW_US, False)


@given(POLICY, AHEAD_US, st.integers(1, 100))
def test_a_refusal_is_free(policy, ahead_us, cost):
    full_at_us, passed = charge_bucket(NOW_US + ahead_us, policy, cost, now_us=NOW_US)
    if not passed:
        assert full_at_us == NOW_US + max(0, ahead_us)


@given(POLICY, AHEAD_US, st.integers(1, 100))
def test_a_charge_passes_exactly_when_that_much_remains(policy, ahead_us, cost):
    budget = Budget(policy, max(0, ahead_us))
    _, passed = charge_bucket(NOW_US + ahead_us, policy, cost, now_us=NOW_US)
    assert passed == (cost <= budget.remaining) == (budget.wait_s(cost) == 0)


@given(POLICY, AHEAD_US, st.integers(1, 50))
def test_what_was_charged_is_gone(policy, ahead_us, cost):
    before = Budget(policy, max(0, ahead_us))
    full_at_us, passed = charge_bucket(NOW_US + ahead_us, policy, cost, now_us=NOW_US)
    if passed:
        assert Budget(policy, full_at_us - NOW_US).remaining == before.remaining - cost


@given(POLICY, AHEAD_US, st.integers(1, 50))
def test_after_the_announced_wait_it_passes_and_a_second_earlier_it_does_not(policy, ahead_us, cost):
    wait_s = Budget(policy, max(0, ahead_us)).wait_s(cost)
    assert charge_bucket(NOW_US + ahead_us, policy, cost, now_us=NOW_US + wait_s * 1_000_000)[1]
    if wait_s:
        assert not charge_bucket(NOW_US + ahead_us, policy, cost, now_us=NOW_US + (wait_s - 1) * 1_000_000)[1]


@given(POLICY, AHEAD_US)
def test_after_the_announced_reset_the_bucket_is_full_and_a_second_earlier_it_is_not(policy, ahead_us):
    budget = Budget(policy, max(0, ahead_us))
    later_us = budget.ahead_us - budget.reset_s * 1_000_000
    assert Budget(policy, max(0, later_us)).remaining == policy.limit
    if budget.reset_s:
        assert later_us + 1_000_000 > 0


@given(POLICY, st.lists(st.tuples(st.integers(0, 2_000_000), st.integers(1, 5)), max_size=200))
def test_in_no_stretch_of_time_does_more_pass_than_the_limit_and_what_refilled(policy: Policy, arrivals):
    now_us, full_at_us, passed_units = NOW_US, 0, 0
    for pause_us, cost in arrivals:
        now_us += pause_us
        full_at_us, passed = charge_bucket(full_at_us, policy, cost, now_us=now_us)
        passed_units += cost if passed else 0
    assert passed_units <= policy.limit + (now_us - NOW_US) / policy.interval_us
