"""What a browser or a stranger sends outside of a form: the query and the cookies, read in this one place.

Owns what of it is refused before anything looks at it or keeps it; must not know what a parameter is for.
"""

from aiohttp import web

from oauth.protocol.errors import PageError, PageProblem
from oauth.protocol.parameters import InvalidParameters, Parameters, parse_parameters

BROKEN_LINK = PageProblem("This link is broken", "What it asks for cannot be read. Go back to the app and start again.")


def query_of(request: web.Request) -> Parameters:
    """Read the query, whatever is wrong with single parameters. Raises PageError where it is no query at all."""
    # Not `request.query`: that takes any bytes, and what is no UTF-8 or a NUL no database takes.
    raw = request.raw_path.partition("?")[2].encode("utf-8", "surrogateescape")
    parameters = parse_parameters(raw)
    if isinstance(parameters, InvalidParameters):
        raise PageError(BROKEN_LINK)
    return parameters


def read_query(request: web.Request) -> Parameters:
    """Read a query of which every parameter must be sound. Raises PageError."""
    parameters = query_of(request)
    if parameters.fault is not None:
        raise PageError(BROKEN_LINK)
    return parameters


def cookie(request: web.Request, name: str) -> str:
    """Read a cookie; empty where it is missing or holds what none of ours does: bytes beyond ASCII."""
    word = request.cookies.get(name, "")
    return word if word.isascii() else ""
