"""The flood guard of one process."""

from contract.limits import Policy
from oauth import throttle
from oauth.throttle import Throttle

TWO_A_SECOND = Policy("test", 2, 1)


def test_each_key_has_a_budget_of_its_own_that_refills() -> None:
    now_us = [0]
    guard = Throttle(lambda: now_us[0])
    assert [guard.wait_s(TWO_A_SECOND, "a") for _ in range(3)] == [0, 0, 1]
    assert guard.wait_s(TWO_A_SECOND, "b") == 0
    now_us[0] = 1_000_000
    assert guard.wait_s(TWO_A_SECOND, "a") == 0


def test_of_too_many_keys_those_unused_for_longest_are_forgotten(monkeypatch) -> None:
    monkeypatch.setattr(throttle, "MAX_KEYS", 2)
    guard = Throttle(lambda: 0)
    for key in ("a", "a", "b", "b", "a", "c"):
        guard.wait_s(TWO_A_SECOND, key)
    assert guard.wait_s(TWO_A_SECOND, "a") == 1, "which was used after b"
    assert guard.wait_s(TWO_A_SECOND, "b") == 0
