"""Owns the one error that is written for the person at the keyboard; must not know which command raised it."""


class UserError(Exception):
    """Something the operator can put right. The text says what was found and what to do; no traceback goes with it."""
