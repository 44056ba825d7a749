"""[pure] Saying where something is, and what may have been meant."""

import difflib
from collections.abc import Sequence

from contract.problems import ItemError
from contract.vocabulary import Json

_SIMILAR = 0.6
MIN_SIMILARITY = 0.8
"""As like as a misspelling is. `created_until` is less like `updated_until`, and `leads` less like `deals`."""
_LONGEST_NAME = 64
"""Characters; what is longer was meant as no name of ours, and comparing it costs."""


def pointer(*segments: str | int) -> str:
    """The JSON Pointer of a place (RFC 6901 §3)."""
    return "".join(["/" + str(segment).replace("~", "~0").replace("/", "~1") for segment in segments])


def in_document_order(errors: Sequence[ItemError], body: Json) -> tuple[ItemError, ...]:
    """Errors as a reader of `body` comes to their places; in each object, what is missing there comes last."""
    if len(errors) < 2:
        return tuple(errors)
    seen: dict[int, dict[str, tuple[int, Json]]] = {}

    def members(container: dict[str, Json] | list[Json]) -> dict[str, tuple[int, Json]]:
        if id(container) not in seen:
            pairs = container.items() if isinstance(container, dict) else enumerate(container)
            seen[id(container)] = {str(name): (order, part) for order, (name, part) in enumerate(pairs)}
        return seen[id(container)]

    def place(error: ItemError) -> list[int]:
        within, path = body, []
        for segment in (error.pointer or "").split("/")[1:]:
            if not isinstance(within, dict | list):
                break
            name = segment.replace("~1", "/").replace("~0", "~")
            order, within = members(within).get(name, (len(within), None))
            path.append(order)
        return path

    return tuple(sorted(errors, key=place))


def did_you_mean(name: str, known: Sequence[str], similar: float = _SIMILAR) -> str | None:
    """The known name that a caller may have meant, at least as like as `similar`; ours are in lower case."""
    if len(name) > _LONGEST_NAME:
        return None
    close = difflib.get_close_matches(name.lower(), known, n=1, cutoff=similar)
    return close[0] if close else None
