"""A transcoder whose deadlines are short and in their usual order, so that tests can see each of them pass.

Only the bounds differ; a store may take longer than usual, since a busy machine is no outage. With `--patient` they are
the usual ones, with `--waits` long enough for a service that starts anew on a busy machine.
"""

import runpy
import sys

from contract import size_and_time_limits
from transcoder.backend import outage

LEASE_S = 3

if __name__ == "__main__":
    size_and_time_limits.STORE_TIMEOUT_S = 1.0
    size_and_time_limits.MAX_IN_FLIGHT_PER_TRANSCODER = 64
    if "--waits" in sys.argv:
        outage.MAX_WAIT_S = 30.0
        size_and_time_limits.INTERNAL_TIMEOUT_S = 40.0
        size_and_time_limits.REQUEST_TIMEOUT_S = 45.0
    elif "--patient" not in sys.argv:
        size_and_time_limits.INTERNAL_TIMEOUT_S = 1.5
        size_and_time_limits.REQUEST_TIMEOUT_S = 2.0
        size_and_time_limits.IDEMPOTENCY_LEASE_S = LEASE_S
    runpy.run_module("transcoder", run_name="__main__")
