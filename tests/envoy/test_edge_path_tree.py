"""The tree of the API's routes says of every request what the list would say that it is made of."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from contract.documents import DOCUMENTS
from contract.operations import paths
from envoy_config.deployment import Deployment
from envoy_config.internal_listener import internal_route
from envoy_config.path_tree import path_matcher
from envoy_config.routes import api_routes

ROUTES = [internal_route(), *api_routes(Deployment())]
TREE = path_matcher(ROUTES)
METHODS = ("GET", "POST", "DELETE", "OPTIONS", "BREW")
ODD = ("", "/", "x", "/batch/get", "?x=/v1/contacts")
ELSEWHERE = ("/", "/v1", "/v1/", "/v1x", "/v2/contacts", "/healthz", "/readyz", "/docs", "/problems/x", "/v1//contacts")


def targets() -> Iterator[str]:
    """Every path of ours, with an id where it has a parameter, and what it may be mistaken for."""
    for path in (*paths(), *(row.path for row in DOCUMENTS), *ELSEWHERE):
        whole = re.sub("{[^}]*}", "con_1", path)
        yield from (f"{whole}{odd}" for odd in ODD)
        yield from (whole[:-1], f"/v1{whole}", whole.upper())


def in_the_tree(target: str) -> list[dict[str, Any]]:
    """The routes that it looks at."""
    lists = TREE["matcher_tree"]["prefix_match_map"]["map"]
    longest = max((root for root in lists if target.startswith(root)), key=len, default=None)
    chosen = lists[longest] if longest else TREE["on_no_match"]
    return list(chosen["action"]["typed_config"]["routes"])


def first(routes: Iterable[dict[str, Any]], headers: dict[str, str]) -> dict[str, Any]:
    path, _, _ = headers[":path"].partition("?")
    return next(route for route in routes if _matches(route["match"], path, headers))


def _matches(match: dict[str, Any], path: str, headers: dict[str, str]) -> bool:
    """As Envoy does."""
    match match:
        case {"path": whole}:
            found = path == whole
        case {"prefix": prefix}:
            found = path.startswith(prefix)
        case {"path_separated_prefix": prefix}:
            found = path == prefix or path.startswith(f"{prefix}/")
        case _:
            found = re.fullmatch(match["safe_regex"]["regex"], path) is not None
    return found and all(_says(headers[one["name"]], one["string_match"]) for one in match.get("headers", ()))


def _says(value: str, wanted: dict[str, Any]) -> bool:
    match wanted:
        case {"exact": whole}:
            return value == whole
        case {"prefix": prefix}:
            return value.startswith(prefix)
        case {"contains": part}:
            return part in value.lower()
    return re.fullmatch(wanted["safe_regex"]["regex"], value) is not None


@pytest.mark.parametrize("method", METHODS)
def test_a_request_finds_in_the_tree_the_route_that_it_would_find_in_the_list(method: str) -> None:
    for target in filter(None, targets()):
        for accept in ("*/*", "text/html"):
            request = {":method": method, ":path": target, "content-type": "application/json", "accept": accept}
            assert first(in_the_tree(target), request) == first(ROUTES, request), target


@pytest.mark.parametrize("target", [*paths(), *ELSEWHERE])
def test_what_came_as_grpc_goes_around_wherever_it_goes(target: str) -> None:
    request = {":method": "POST", ":path": target, "content-type": "application/grpc+proto", "accept": "*/*"}
    assert first(in_the_tree(target), request) == internal_route()


def test_no_request_is_compared_with_more_than_a_fifth_of_the_routes() -> None:
    assert max(len(in_the_tree(target)) for target in targets()) < len(ROUTES) / 5
