"""Calls with a token that the API itself has given, and waiting for the end of one."""

import time

import httpx

from tests.spec.operations import CURRENT

IN_A_ROW = 12
"""Both authz refuse, whichever is asked."""
WITHIN_S = 15.0
_POLL_S = 0.05
"""Faster, and the budget of the token would be what is refused."""


def uses(bare: httpx.Client, token: str, path: str = "/v1/contacts") -> httpx.Response:
    """A call with that token."""
    return bare.get(path, headers={"Authorization": f"Bearer {token}", "Version": CURRENT})


def ends(bare: httpx.Client, token: str) -> float:
    """Wait until every authz refuses it; returns when it was let in last, in seconds from now."""
    began_s, last_s, row = time.monotonic(), 0.0, 0
    while row < IN_A_ROW:
        asked_s = time.monotonic() - began_s
        assert asked_s < WITHIN_S, "it still works"
        answer = uses(bare, token)
        refused = answer.status_code == 401 and answer.json()["reason"] == "revoked"
        row = row + 1 if refused else 0
        last_s = last_s if row else asked_s
        time.sleep(_POLL_S)
    return last_s
