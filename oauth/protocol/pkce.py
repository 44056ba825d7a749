"""[pure] PKCE (RFC 7636), S256 alone: which challenge is one, and whether a verifier belongs to it."""

import base64
import hashlib
import hmac
import re

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def is_challenge(text: str) -> bool:
    """Whether it has the form of a SHA-256 in base64url."""
    return _CHALLENGE.fullmatch(text) is not None


def verify(verifier: str | None, challenge: str) -> bool:
    """Whether the verifier is the one that the challenge was made of (§4.6)."""
    if verifier is None or _VERIFIER.fullmatch(verifier) is None:
        return False
    made = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return hmac.compare_digest(made, challenge)
