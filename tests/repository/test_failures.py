"""Each choice between open and closed has a test that takes the part away from something that runs."""

import ast

import pytest

from contract import failure_modes
from contract.failure_modes import FAILURES, FailClosed, FailOpen
from tests.repository.sources import ROOT

DEAD_PARTS = "tests/faults/test_dead_parts.py"
SEEN_IN = {
    "AUTHZ_UNAVAILABLE": (DEAD_PARTS, "test_without_authz_nobody_is_let_in"),
    "LIMITS_UNAVAILABLE": (
        DEAD_PARTS,
        "test_without_valkey_reads_and_keyless_writes_go_on_under_what_authz_counts_by_itself",
    ),
    "IDEMPOTENCY_STORE_UNAVAILABLE": (
        DEAD_PARTS,
        "test_without_valkey_reads_and_keyless_writes_go_on_under_what_authz_counts_by_itself",
    ),
    "REVOCATIONS_STALE": (
        "tests/revocations/test_revocation_survives.py",
        "test_without_the_authorization_server_tokens_go_on_until_the_age_and_then_503",
    ),
    "REVOCATIONS_UNAVAILABLE": (
        "tests/revocations/test_revocation_survives.py",
        "test_without_the_authorization_server_tokens_go_on_until_the_age_and_then_503",
    ),
    "RECEIPTS_UNAVAILABLE": (
        "tests/component/transcoder/test_receipts_lost.py",
        "test_receipts_are_lost_with_their_store_and_nothing_else_is",
    ),
    "CAPACITY_EXHAUSTED": (
        "tests/faults/test_too_much.py",
        "test_what_is_beyond_the_room_is_refused_at_once_and_what_was_let_in_is_not_lost",
    ),
    "TENANT_SHARE_EXHAUSTED": (
        "tests/component/transcoder/test_sick_service.py",
        "test_a_business_that_waits_for_a_service_leaves_room_for_others",
    ),
    "TRANSCODER_UNAVAILABLE": (DEAD_PARTS, "test_without_transcoders_the_edge_says_so"),
    "KEYS_UNAVAILABLE": (
        "tests/envoy/test_edge_failures.py",
        "test_a_token_is_not_to_blame_while_there_is_no_key_to_verify_it_by",
    ),
    "SERVICE_UNAVAILABLE": (DEAD_PARTS, "test_without_the_internal_service_nothing_was_written"),
}
ROWS = {name: row for name, row in vars(failure_modes).items() if isinstance(row, FailClosed | FailOpen)}


def test_every_row_is_in_the_table() -> None:
    assert set(FAILURES) == set(ROWS.values())


def test_every_row_is_broken_somewhere() -> None:
    assert SEEN_IN.keys() == ROWS.keys()


@pytest.mark.parametrize(("path", "name"), SEEN_IN.values(), ids=SEEN_IN.keys())
def test_the_test_that_breaks_it_is_there(path: str, name: str) -> None:
    functions = {node.name for node in ast.walk(ast.parse((ROOT / path).read_text())) if hasattr(node, "name")}
    assert name in functions
