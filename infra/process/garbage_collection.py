"""The garbage collector of a process that has been built and now serves. Knows nothing of what it serves."""

import gc

_YOUNG = 20_000
"""Containers made and not yet freed, before the young ones are looked through. A request leaves few cycles behind."""
_OLD = 50
"""Times that the young were looked through, before older ones are."""


def freeze_garbage_collector() -> None:
    """What exists by now lives as long as the process: it is never looked through again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _OLD, _OLD)
