"""[pure] Where an app's answer goes, for the browser's policy and for a person."""

import re
from urllib.parse import urlsplit

_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?", re.IGNORECASE)
"""What a policy can name. An IPv6 address is not among it (CSP 3 §2.3.1), and nothing that would end the directive."""
_LOOPBACKS = ("127.0.0.1", "::1")


def csp_form_action(redirect_uri: str) -> str:
    """The source expression that lets a form be answered by a redirect there: an origin, or else a scheme."""
    scheme, _, _ = redirect_uri.partition(":")
    parts = urlsplit(redirect_uri)
    origin = f"{parts.scheme}://{parts.netloc}"
    return origin if _ORIGIN.fullmatch(origin) else f"{scheme}:"


def destination_host(redirect_uri: str) -> str | None:
    """The host that the user will be sent to; None for an app on their own device."""
    parts = urlsplit(redirect_uri)
    if parts.scheme not in ("http", "https") or parts.hostname in _LOOPBACKS:
        return None
    return parts.netloc
