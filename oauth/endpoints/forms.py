"""Forms that pages send: read, and seen to come from a page of ours that this browser was shown.

Owns what a forged one looks like (RFC 9700 §4.7); must not know what a form is for.
"""

import hmac

from aiohttp import web

from contract.oauth import FORM_MEDIA_TYPE
from oauth.protocol.errors import PageError, PageProblem
from oauth.protocol.parameters import InvalidParameters, Parameters, parse_parameters

_GARBLED = PageProblem("This form cannot be read", "Go back, load the page again and send it once more.")
FORM_NOT_OURS = PageProblem(
    "This did not come from a page of ours",
    "Nothing was done. Go back, load the page again and send it once more.",
    403,
)


async def read_form(request: web.Request) -> Parameters:
    """Its fields. Raises PageError."""
    if request.content_type != FORM_MEDIA_TYPE:
        raise PageError(_GARBLED)
    try:
        form = parse_parameters(await request.read())
    except web.HTTPRequestEntityTooLarge:
        raise PageError(_GARBLED) from None
    if isinstance(form, InvalidParameters) or form.fault is not None:
        raise PageError(_GARBLED)
    return form


async def trusted_form(request: web.Request, issuer: str, csrf: str | None) -> Parameters:
    """The fields of a form that holds this browser's own word, sent from a page of ours. Raises PageError."""
    form = await read_form(request)
    shown = form.get("csrf") or ""
    if not csrf or not hmac.compare_digest(shown.encode(), csrf.encode()) or not _is_from_here(request, issuer):
        raise PageError(FORM_NOT_OURS)
    return form


def _is_from_here(request: web.Request, issuer: str) -> bool:
    """What the browser itself says of where a form was sent from; one that says nothing has its word alone."""
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    if site not in (None, "same-origin"):
        return False
    # A page that sends no referrer has the origin `null`, even to itself (Fetch: append a request `Origin` header).
    return origin in (None, issuer) or (origin == "null" and site == "same-origin")
