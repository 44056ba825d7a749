"""What statuses are called, on whatever CPython the tests run."""

import pytest

from contract.vocabulary import reason_phrase


@pytest.mark.parametrize(
    ("status", "words"),
    [(404, "Not Found"), (413, "Content Too Large"), (422, "Unprocessable Content"), (503, "Service Unavailable")],
)
def test_statuses_are_called_what_rfc_9110_calls_them(status: int, words: str) -> None:
    assert reason_phrase(status) == words
