"""Who goes first on a machine when all are short of time: who refuses (the edge), then who decides, then who works on
what was let in.

As niceness, which a process may always add to its own. What has to wait then is what was let in, and a refusal takes
milliseconds instead of a hundred. How much each step is, was measured.
"""

AUTHZ_NICE = 5
"""Of an authz."""
TRANSCODER_NICE = 15
"""Of a transcoder."""
