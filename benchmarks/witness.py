"""A witness of the machine: the same small work over and over, and how long it took.

Before everything else that runs here (`SCHED_FIFO`, which needs CAP_SYS_NICE), so that only what is outside of this
machine can make it slow. Says a line when it has begun, and on SIGTERM what it saw; nothing, where it may not go first.
"""

import json
import os
import signal
import time

PERIOD_S = 0.005
_WORK = 1_500
"""A tenth of a millisecond."""
_PRIORITY = 50
Sample = tuple[float, float]
"""When (`time.perf_counter`, which all processes share), and how long the work took; seconds."""


def main() -> None:
    """Work until SIGTERM."""
    ended = list[int]()
    signal.signal(signal.SIGTERM, lambda number, _: ended.append(number))
    print("It has begun.", flush=True)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_PRIORITY))
    except PermissionError:
        return
    samples = [_worked()]
    while not ended:
        time.sleep(PERIOD_S)
        samples.append(_worked())
    print(json.dumps(samples))


def _worked() -> Sample:
    began_s, total = time.perf_counter(), 0
    for number in range(_WORK):
        total += number * number
    return began_s, time.perf_counter() - began_s


if __name__ == "__main__":
    main()
