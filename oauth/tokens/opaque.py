"""Words that nobody can guess, and the digest by which they are kept: the word is shown once, and stored nowhere.

256 random bits need no slow hash: there is nothing to try out.
"""

import hashlib
import re
import secrets

REFRESH_PREFIX = "rt_"
SECRET_PREFIX = "sec_"  # noqa: S105
_WORD = re.compile(r"[A-Za-z0-9_-]{43}")


def new_secret(prefix: str = "") -> str:
    """256 random bits behind a prefix that tells a leak scanner what they are."""
    return prefix + secrets.token_urlsafe(32)


def is_secret(text: str) -> bool:
    """Whether it has the form of a word without a prefix: nothing else can have come from here."""
    return _WORD.fullmatch(text) is not None


def new_id(prefix: str) -> str:
    """A name that is no secret, for a row of ours: unique, and telling no order."""
    return f"{prefix}_{secrets.token_hex(16)}"


def digest(word: str) -> str:
    """What is stored of a word."""
    return hashlib.sha256(word.encode()).hexdigest()
