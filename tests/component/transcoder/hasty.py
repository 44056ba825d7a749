"""A transcoder whose deadlines are short and in their usual order, so that tests can see each of them pass.

Only the bounds differ; a store may take longer than usual, since a busy machine is no outage. With `--patient` they are
the usual ones, with `--waits` long enough for a service that starts anew on a busy machine.
"""

import runpy
import sys

from contract import bounds
from transcoder import outage

LEASE_S = 3

if __name__ == "__main__":
    bounds.STORE_TIMEOUT_S = 1.0
    bounds.MAX_IN_FLIGHT_PER_TRANSCODER = 64
    if "--waits" in sys.argv:
        outage.MAX_WAIT_S = 30.0
        bounds.INTERNAL_TIMEOUT_S = 40.0
        bounds.REQUEST_TIMEOUT_S = 45.0
    elif "--patient" not in sys.argv:
        bounds.INTERNAL_TIMEOUT_S = 1.5
        bounds.REQUEST_TIMEOUT_S = 2.0
        bounds.IDEMPOTENCY_LEASE_S = LEASE_S
    runpy.run_module("transcoder", run_name="__main__")
