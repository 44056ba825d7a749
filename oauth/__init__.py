"""The authorization server: today its signing key, the key set that others verify by, and the local mint.

Knows tokens and who they stand for. Knows no resource and no limit.
"""
