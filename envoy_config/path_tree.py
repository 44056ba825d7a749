"""A long list of routes as a tree by path, so that Envoy looks at the few that a request can have and at no others.

Owns which routes can be meant by a path that begins so. What a route matches, and which comes first, its list says: of
the routes that are left, the first that matches is the one of the whole list.
"""

from collections.abc import Iterable, Sequence

from contract.resources.shape import API_ROOT
from envoy_config.proto import Yaml, any_message, extension

ANY_SEGMENT = "[^/]+"
"""What stands for a parameter in a route's expression; before it, characters stand for themselves."""


def path_matcher(routes: Sequence[Yaml]) -> Yaml:
    """The matcher of a virtual host (`xds.type.matcher.v3.Matcher`): by the longest root that a path begins with."""
    roots = sorted({root for route in routes if (root := _root(literal_prefix(route["match"])))})
    return {
        "matcher_tree": {
            "input": extension("path", "envoy.type.matcher.v3.HttpRequestHeaderMatchInput", header_name=":path"),
            "prefix_match_map": {"map": {root: _first_of(routes_under(root, routes)) for root in roots}},
        },
        "on_no_match": _first_of(route for route in routes if not _root(literal_prefix(route["match"]))),
    }


def routes_under(root: str, routes: Iterable[Yaml]) -> list[Yaml]:
    """Those that can match a path which begins with `root`: their own beginning goes on from it, or it from theirs."""
    begins = ((route, literal_prefix(route["match"])) for route in routes)
    return [route for route, begin in begins if begin.startswith(root) or root.startswith(begin)]


def literal_prefix(match: Yaml) -> str:
    """What every path begins with that a route matches."""
    if "safe_regex" in match:
        before, _, _ = match["safe_regex"]["regex"].partition(ANY_SEGMENT)
        return str(before.replace("\\", ""))
    return str(match.get("path") or match.get("path_separated_prefix") or match["prefix"])


def _root(begin: str) -> str:
    """`/v1/contacts` of all that is there or below; nothing for what can be anywhere."""
    _, version, name, *_ = *begin.split("/"), "", ""
    return f"{API_ROOT}/{name}" if f"/{version}" == API_ROOT and name else ""


def _first_of(routes: Iterable[Yaml]) -> Yaml:
    action = {"name": "routes", "typed_config": any_message("envoy.config.route.v3.RouteList", routes=list(routes))}
    return {"action": action}
