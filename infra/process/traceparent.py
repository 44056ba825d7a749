"""[pure] What the header that hands a trace on says: https://www.w3.org/TR/trace-context/, §3.2."""

W3C_TRACE_ID = "w3c_trace_id"
"""The member of a log's line that names its trace."""
_ODD = frozenset("13579bdf")


def w3c_trace_id(traceparent: str) -> str:
    """The trace that is told."""
    return traceparent[3:35]


def is_recorded(traceparent: str) -> bool:
    """Whether spans of this trace are kept: the flag `is_sampled`, the lowest bit of its last hex digit (§3.2.2.5)."""
    return traceparent[-1:] in _ODD
